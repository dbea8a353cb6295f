"""Brokers, saved plans and the order book: what carrying a plan out works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.bootstrap.automation import database_copies
from steelyard.bootstrap.books import journal_path, portfolio, sessions
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError

if TYPE_CHECKING:
    from steelyard.adapters.broker_alpaca import AlpacaBroker
    from steelyard.adapters.broker_kis import KisBroker
    from steelyard.app.execute import Market
    from steelyard.app.order_reports import Desk
    from steelyard.domain.execution import ExecutionSettings
    from steelyard.domain.trades import Plan
    from steelyard.ports import Broker, Clock, OrderBook


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
