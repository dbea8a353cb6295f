"""The only place that pairs ports with adapters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from steelyard.adapters.calendar import ExchangeSessions
from steelyard.adapters.packaged_data import load_catalogue, sample_path
from steelyard.adapters.portfolio_file import load
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError
from steelyard.ports import PriceSource, Sessions

if TYPE_CHECKING:
    from steelyard.adapters.broker_alpaca import AlpacaBroker
    from steelyard.adapters.broker_kis import KisBroker
    from steelyard.adapters.outbox_sqlite import StoredOutbox
    from steelyard.adapters.prices_sqlite import StoredPrices
    from steelyard.adapters.runs_sqlite import StoredRuns
    from steelyard.adapters.secret_store import SecretStore
    from steelyard.app.execute import Market
    from steelyard.app.order_reports import Desk
    from steelyard.app.run import Job
    from steelyard.app.tax import TaxSituation
    from steelyard.domain.automation import AutomationSettings, PriceSettings
    from steelyard.domain.execution import ExecutionSettings
    from steelyard.domain.ledger import Entry
    from steelyard.domain.models import Model
    from steelyard.domain.tax.rules import Rule
    from steelyard.domain.trades import Plan
    from steelyard.engines.price_history import PriceHistory
    from steelyard.ports import Broker, Clock, OrderBook


@dataclass(frozen=True, slots=True)
class Automation:
    """What automation of one portfolio file works with.

    Attributes:
        job: For `app.run`.
        prices, runs, outbox: The same records as in the job, with what the commands show of them.
        secrets: Masks what is printed.
        database: The file they are in.
        readable: Says whether the address of a service can be read.
    """

    job: Job
    prices: StoredPrices
    runs: StoredRuns
    outbox: StoredOutbox
    secrets: SecretStore
    database: Path
    readable: Callable[[str], bool]


def sessions() -> Sessions:
    """Return the trading calendars."""
    return ExchangeSessions()


def portfolio(path: Path) -> Portfolio:
    """Read a portfolio file against the packaged catalogue; a journal beside it says what is held.

    Raises:
        PortfolioProblems: With every problem of the file.
        DataError: Something the journal holds has no price (`price-missing`).
    """
    beside = journal_path(path)
    # Looked at before anything of the journal is imported: most portfolios have none.
    if not beside.exists():
        return load(path, load_catalogue())
    file = load(path, load_catalogue(), symbols=_held_symbols(beside))
    return _Books(beside).held(file, date.max)


def backtest_portfolio(path: Path) -> Portfolio:
    """Read a portfolio file of which only targets, policy and costs are needed."""
    return load(path, load_catalogue(), need_accounts=False)


def price_history(
    path: Path, symbols: Sequence[str], pairs: Sequence[str], start: date | None, end: date | None
) -> PriceHistory:
    """Read closing prices from a CSV or Parquet file."""
    from steelyard.adapters.prices_file import load as load_prices

    return load_prices(path, symbols, pairs=pairs, start=start, end=end)


def history_of(
    prices: Any,
    symbols: Sequence[str],
    *,
    dates: Iterable[Any] | None = None,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
) -> PriceHistory:
    """Take closing prices from a file, a frame, columns or an array."""
    if isinstance(prices, str | Path):
        return price_history(Path(prices), symbols, pairs, start, end)
    from steelyard.adapters.prices_frame import load as load_frame

    return load_frame(prices, symbols, dates=dates, pairs=pairs, start=start, end=end)


def sample() -> Portfolio:
    """Read the bundled sample portfolio."""
    return portfolio(sample_path())


def models() -> tuple[Model, ...]:
    """Return the model portfolios."""
    from steelyard.adapters.packaged_data import load_models

    return load_models()


def new_portfolio_text(model: Model | None, base_currency: str) -> str:
    """Return a commented portfolio file to start from."""
    from steelyard.adapters.portfolio_template import template

    return template(base_currency=base_currency, model=model, catalogue=load_catalogue())


def _held_symbols(journal: Path) -> Collection[str]:
    entries = journal_entries(journal)
    if not entries:
        return ()
    from steelyard.app.journal import symbols_of

    return symbols_of(entries)


class _Books:
    """The journal beside a portfolio file, read when it is asked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def held(self, portfolio: Portfolio, as_of: date) -> Portfolio:
        entries = journal_entries(self._path)
        if not entries:
            return portfolio
        from steelyard.app.journal import positions_from

        return replace(portfolio, accounts=positions_from(portfolio, entries, as_of=as_of).accounts)

    def situation(self, portfolio: Portfolio, as_of: date) -> TaxSituation | None:
        return tax_situation(portfolio, self._path, as_of)


def tax_situation(
    portfolio: Portfolio, journal: Path, as_of: date, *, needed: bool = False
) -> TaxSituation | None:
    """Return what tax is computed from, None without [tax].

    Where nothing says what was paid it is None as well, unless it is `needed`.
    """
    if portfolio.tax is None:
        return None
    entries = [e for e in journal_entries(journal) if e.traded_on <= as_of]
    costs = entries or any(p.lots for a in portfolio.accounts for p in a.positions)
    if not costs and not needed:
        return None
    from steelyard.app.tax import situation

    figures = tax_figures(portfolio.tax.jurisdiction)
    return situation(portfolio, entries, sessions(), figures, as_of=as_of)


@contextmanager
def automation(path: Path) -> Iterator[Automation]:
    """Open what automation of a portfolio file works with, and close it at the end.

    Raises:
        SteelyardError: The settings, the `.env` file or the database cannot be used.
    """
    import os

    from steelyard.adapters import automation_file, database
    from steelyard.adapters.clock import SystemClock
    from steelyard.adapters.notifier_apprise import AppriseNotifier
    from steelyard.adapters.outbox_sqlite import StoredOutbox
    from steelyard.adapters.portfolio_prices import PortfolioFile
    from steelyard.adapters.prices_sqlite import StoredPrices
    from steelyard.adapters.runs_sqlite import StoredRuns
    from steelyard.adapters.secret_store import SecretStore
    from steelyard.app.delivery import Post
    from steelyard.app.run import Job

    settings = automation_file.read(path.parent / automation_file.NAME)
    secrets = SecretStore(os.environ, path.parent / ".env")
    base = database.path_beside(path)
    connection = database.connect(base)
    try:
        prices, runs = StoredPrices(connection, base), StoredRuns(connection, base)
        outbox = StoredOutbox(connection, base)
        notifier = AppriseNotifier(secrets)
        post = Post(outbox, notifier, secrets, SystemClock(), settings.alerts)
        job = Job(
            PortfolioFile(path, load_catalogue(), _held_symbols(base)),
            [_price_source(name, path, settings.prices) for name in settings.prices.sources],
            prices,
            runs,
            post,
            sessions(),
            settings,
            _Books(base),
        )
        yield Automation(job, prices, runs, outbox, secrets, base, notifier.reads)
    finally:
        connection.close()


def _price_source(name: str, portfolio_file: Path, settings: PriceSettings) -> PriceSource:
    """Return a price source by its name in the settings."""
    if name == "folder":
        from steelyard.adapters.prices_folder import FolderPrices

        return FolderPrices(portfolio_file.parent / settings.folder)
    from importlib import import_module

    module, maker = _REMOTE_PRICES[name]
    source: PriceSource = getattr(import_module(f"steelyard.adapters.{module}"), maker)(
        settings.timeout_seconds
    )
    return source


_REMOTE_PRICES = {
    "yahoo": ("prices_yahoo", "YahooPrices"),
    "krx": ("prices_naver", "NaverPrices"),
    "ecb": ("prices_ecb", "EuropeanRates"),
    "yfinance": ("prices_yfinance", "BrowserLikeYahooPrices"),
    "fdr": ("prices_fdr", "FinanceDataReaderPrices"),
}
"""Module and class by name; an adapter is imported when the owner asks for it."""


def stored_portfolio(path: Path) -> Portfolio:
    """Read a portfolio file; a price or rate it leaves open is the newest good one that was fetched.

    Raises:
        PortfolioProblems: With every problem of the file.
    """
    if not journal_path(path).exists():
        return portfolio(path)
    from steelyard.adapters import database
    from steelyard.adapters.portfolio_prices import PortfolioFile
    from steelyard.adapters.prices_sqlite import StoredPrices
    from steelyard.app.prices import stored, wanted_by

    base = journal_path(path)
    file = PortfolioFile(path, load_catalogue(), _held_symbols(base))
    outline, missing = file.outline()
    if not missing:
        return portfolio(path)
    connection = database.connect_to_read(base)
    if connection is None:
        return portfolio(path)
    try:
        wanted = [w for w in wanted_by(outline) if w.symbol in missing]
        quotes, kept = stored(wanted, StoredPrices(connection, base))
    finally:
        connection.close()
    rates = {w.symbol[:3]: kept[w.symbol][1].price for w in wanted if w.is_rate and w.symbol in kept}
    return _Books(base).held(file.load(quotes, rates), date.max)


def run_lock(folder: Path) -> AbstractContextManager[bool]:
    """Return the lock that one run in a folder holds; it gives False when another one holds it."""
    from steelyard.adapters.run_lock import run_lock as lock

    return lock(folder)


def journal_path(portfolio_file: Path) -> Path:
    """Return where the journal of a portfolio file is, whether or not it exists."""
    return portfolio_file.parent / "steelyard.db"


def journal_entries(path: Path) -> list[Entry]:
    """Return the entries of a journal that count, none when there is no journal."""
    from steelyard.adapters.journal_sqlite import StoredJournal, has_entries

    if not has_entries(path):
        return []
    with closing(StoredJournal(path)) as opened:
        return [row.entry for row in opened.rows() if row.counts]


def portfolio_of_entries(path: Path, entries: Sequence[Entry]) -> Portfolio:
    """Read a portfolio file that knows every instrument of some entries and needs no prices."""
    symbols = sorted({e.symbol for e in entries if e.symbol and e.kind != "convert"})
    return load(path, load_catalogue(), need_accounts=False, need_prices=False, symbols=symbols)


def tax_figures(country: str) -> tuple[Mapping[str, Any], Sequence[Rule]]:
    """Return a country's tax data and rules."""
    from steelyard.adapters.packaged_data import load_tax_rules

    return load_tax_rules(country)


def automation_settings(path: Path) -> AutomationSettings:
    """Read the automation settings beside a portfolio file."""
    from steelyard.adapters import automation_file

    return automation_file.read(path.parent / automation_file.NAME)


def crontab() -> ModuleType:
    """Return access to the owner's crontab and systemd units."""
    from steelyard.adapters import crontab as module

    return module


def database_copies() -> ModuleType:
    """Return backup and restore of the database."""
    from steelyard.adapters import database_copies as module

    return module


@contextmanager
def order_book(path: Path) -> Iterator[OrderBook]:
    """Open the order book of a portfolio file, and close it at the end."""
    from steelyard.adapters.order_book_sqlite import SqliteOrderBook

    book = SqliteOrderBook(journal_path(path))
    try:
        yield book
    finally:
        book.close()


@contextmanager
def desk(path: Path) -> Iterator[tuple[Desk, ExecutionSettings, Portfolio]]:
    """Open what carrying plans of a portfolio file out needs; a paper account starts as the file stands."""
    from steelyard.adapters import execution_file
    from steelyard.adapters.broker_paper import PaperBroker, PaperTerms
    from steelyard.adapters.broker_ticket import TicketBroker
    from steelyard.adapters.clock import SystemClock
    from steelyard.app.order_reports import Desk

    holder = portfolio(path)
    settings = execution_file.read(path.parent / execution_file.NAME)
    clock = SystemClock()
    quotes = {symbol: quote.price for symbol, quote in holder.quotes.items() if not quote.by_value}
    terms = PaperTerms(settings.paper_commission, fill_at_most=settings.paper_fill_at_most)
    brokers: dict[str, Broker] = {}
    opened: list[PaperBroker | AlpacaBroker | KisBroker] = []
    try:
        for account in holder.accounts:
            chosen = settings.brokers.get(account.name, "paper")
            if chosen.startswith("alpaca-"):
                alpaca = _alpaca(path, chosen.removeprefix("alpaca-"))
                opened.append(alpaca)
                brokers[account.name] = alpaca
                continue
            if chosen.startswith("kis-"):
                kis = _kis(path, chosen.removeprefix("kis-"), clock)
                opened.append(kis)
                brokers[account.name] = kis
                continue
            if chosen == "ticket":
                brokers[account.name] = TicketBroker(
                    path.parent / "tickets",
                    account.name,
                    cash=account.cash,
                    shares={p.symbol: p.shares for p in account.positions},
                    now=clock.now,
                    sessions=sessions(),
                )
                continue
            broker = PaperBroker(
                path.parent / "steelyard-paper.db",
                account.name,
                prices=quotes.get,
                now=clock.now,
                sessions=sessions(),
                terms=terms,
            )
            opened.append(broker)
            brokers[account.name] = broker
            if broker.is_empty():
                broker.endow(
                    {holder.base_currency: ZERO, **account.cash},
                    {p.symbol: p.shares for p in account.positions},
                )
        with order_book(path) as book:
            yield Desk(book, brokers, clock), settings, holder
    finally:
        for one in opened:
            one.close()


def _alpaca(path: Path, mode: str) -> AlpacaBroker:
    import os

    from steelyard.adapters.broker_alpaca import AlpacaBroker
    from steelyard.adapters.secret_store import SecretStore

    secrets = SecretStore(os.environ, path.parent / ".env")
    key, secret = secrets.get("ALPACA_KEY"), secrets.get("ALPACA_SECRET")
    if not key or not secret:
        raise InputError(
            "broker-keys",
            "the keys of Alpaca are not set",
            "set STEELYARD_ALPACA_KEY and STEELYARD_ALPACA_SECRET, or write them into .env",
        )
    return AlpacaBroker(mode, key, secret, sessions=sessions())


def _kis(path: Path, mode: str, clock: Clock) -> KisBroker:
    import os

    from steelyard.adapters.broker_kis import KisBroker
    from steelyard.adapters.kis_connection import KisConnection
    from steelyard.adapters.secret_store import SecretStore

    secrets = SecretStore(os.environ, path.parent / ".env")
    key, secret, account = (secrets.get(f"KIS_{name}") for name in ("KEY", "SECRET", "ACCOUNT"))
    if not key or not secret or not account:
        raise InputError(
            "broker-keys",
            "the keys or the account number of KIS are not set",
            "set STEELYARD_KIS_KEY, STEELYARD_KIS_SECRET and STEELYARD_KIS_ACCOUNT, or write them into .env",
        )
    token = path.parent / f".steelyard-kis-{mode}.json"
    wire = KisConnection(mode, key, secret, token, now=clock.now)
    return KisBroker(wire, account, now=clock.now, sessions=sessions())


def market(path: Path, holder: Portfolio) -> Market:
    """Return the prices of a portfolio file, seen when the file was last written."""
    from datetime import UTC, datetime

    from steelyard.app.execute import Market

    seen = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Market({s: (q.price, seen) for s, q in holder.quotes.items() if not q.by_value})


@contextmanager
def past_file(path: Path, inputs: Mapping[str, Any]) -> Iterator[Path]:
    """Put the text a plan was saved with into a folder of its own, with a copy of the database beside it."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="steelyard-") as folder:
        past = Path(folder) / Path(inputs["name"]).name
        past.write_text(inputs["file"], encoding="utf-8", newline="")
        if journal_path(path).exists():
            database_copies().back_up(journal_path(path), journal_path(past))
        yield past


def save_plan(
    path: Path, holder: Portfolio, plan: Plan, account: str | None, options: Mapping[str, Any]
) -> str:
    """Keep a plan in the database beside the portfolio file and return its id."""
    from steelyard.adapters.clock import SystemClock
    from steelyard.app.saved_plans import saved_plan

    inputs = {"file": path.read_text(encoding="utf-8-sig"), "name": path.name, "options": dict(options)}
    saved = saved_plan(holder, plan, flow_account=account, inputs=inputs)
    with order_book(path) as book:
        book.save_plan(saved, SystemClock().now())
    return saved.id
