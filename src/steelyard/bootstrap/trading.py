"""Brokers, saved plans and the order book: what carrying a plan out works with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.brokers.kis import KisBroker
from steelyard.adapters.brokers.kis_connection import KisConnection
from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.brokers.ticket import TicketBroker
from steelyard.adapters.database.audit_anchor import AuditAnchor
from steelyard.adapters.database.connection import connect, connect_to_read
from steelyard.adapters.database.journal import StoredJournal, last_number
from steelyard.adapters.database.journal_file import has_entries
from steelyard.adapters.database.migrations import back_up
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.database.order_schema import EXECUTION
from steelyard.adapters.database.prices import StoredPrices
from steelyard.adapters.files import execution as execution_file
from steelyard.adapters.files.execution import BROKERS
from steelyard.adapters.machine import plugins, trading_hours
from steelyard.adapters.machine.clock import SystemClock
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.app.check import check
from steelyard.app.trading.fill_entries import FillBooks
from steelyard.app.trading.market import Sources
from steelyard.app.trading.market import market as assemble
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.saved_plans import inputs_of, options_of, prices_then, saved_plan
from steelyard.bootstrap.books import (
    held_by,
    instruments,
    journal_rows,
    portfolio,
    portfolio_file,
    sessions,
    with_books_of,
)
from steelyard.bootstrap.clock import today_at
from steelyard.bootstrap.folder import Folder
from steelyard.bootstrap.prices import price_settings, price_sources
from steelyard.domain.books.ledger import entries_then
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Account, Portfolio
from steelyard.domain.trading.approvals import Approver, proven
from steelyard.errors import InputError
from steelyard.ports.trading import BrokerHabits, BrokerOpening
from steelyard.records import replace
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.trading.market import Market
    from steelyard.domain.trades import Plan
    from steelyard.domain.trading.execution import ExecutionSettings
    from steelyard.domain.trading.saved_plans import SavedPlan
    from steelyard.ports.machine import Clock
    from steelyard.ports.trading import Broker, OrderBook


@contextmanager
def order_book(folder: Folder) -> Iterator[OrderBook]:
    """Open the order book of a portfolio file, and close it at the end."""
    book = SqliteOrderBook(folder.database)
    try:
        yield book
    finally:
        book.close()


def execution_settings(folder: Folder) -> ExecutionSettings:
    """Read the execution file beside a portfolio file."""
    return execution_file.read(folder.execution, folder.shown(folder.execution))


@contextmanager
def order_book_to_look_at(folder: Folder) -> Iterator[OrderBook]:
    """Open the order book of a portfolio file for reading alone: nothing is made or brought up to date.

    What would have to be written first, or may not be, is read from a copy that is gone again.
    """
    from tempfile import TemporaryDirectory

    base = folder.database
    with TemporaryDirectory() as elsewhere:
        looked = connect_to_read(base, having="orders")
        if looked is not None:
            with closing(looked):
                if EXECUTION.version(looked) < EXECUTION.newest or not _may_write(base.parent):
                    folder = _copied(folder, looked, Path(elsewhere))
        else:
            folder = replace(folder, database=Path(elsewhere) / base.name)
        if folder.database != base:
            # A record is held to the anchor beside its own database, also where that is gone.
            AuditAnchor(base).copy_to(folder.database)
        with order_book(folder) as book:
            yield book


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _copied(folder: Folder, looked: Connection, elsewhere: Path) -> Folder:
    copy = elsewhere / folder.database.name
    back_up(looked, copy)
    anchor = AuditAnchor(folder.database).path
    if anchor.is_file():
        AuditAnchor(copy).path.write_bytes(anchor.read_bytes())
    return replace(folder, database=copy)


@contextmanager
def desk(folder: Folder) -> Iterator[tuple[Desk, ExecutionSettings, Portfolio]]:
    """Open what carrying plans of a portfolio file out needs; a paper account starts as the file stands."""
    holder = portfolio(folder)
    settings = execution_file.read(folder.execution, folder.shown(folder.execution))
    _one_account_each(holder, settings)
    clock = SystemClock()
    brokers: dict[str, Broker] = {}
    with ExitStack() as opened:
        for account in holder.accounts:
            brokers[account.name] = _broker(folder, holder, account, settings, clock, opened)
        book = opened.enter_context(order_book(folder))
        yield Desk(book, brokers, clock), settings, holder


@contextmanager
def fill_books(folder: Folder, settings: ExecutionSettings) -> Iterator[FillBooks | None]:
    """Open the journal for what brokers filled; None where no journal is kept."""
    if not has_entries(folder.database):
        yield None
        return
    known = instruments(folder)
    exchanges = {symbol: found.exchange for symbol in known if (found := known.get(symbol)) is not None}
    with closing(StoredJournal(folder.database)) as journal:
        yield FillBooks(journal, settings.broker_of, exchanges)


def _one_account_each(holder: Portfolio, settings: ExecutionSettings) -> None:
    """Refuse two accounts of the file at a broker whose keys lead to one account."""
    serves: dict[str, str] = {}
    for account in holder.accounts:
        broker = settings.broker_of(account.name).partition("-")[0]
        if broker in ("alpaca", "kis") and broker in serves:
            raise InputError(
                "broker-account-twice",
                say(
                    "{serves} and {name} would both be the one account at {broker}",
                    serves=serves[broker],
                    name=account.name,
                    broker=broker,
                ),
                say("give one of them another broker under [accounts] of execution.toml"),
            )
        serves[broker] = account.name


def _broker(
    folder: Folder,
    holder: Portfolio,
    account: Account,
    settings: ExecutionSettings,
    clock: Clock,
    opened: ExitStack,
) -> Broker:
    name = settings.broker_of(account.name)
    chosen, _, mode = name.partition("-")
    if name not in BROKERS:
        return _installed(folder, holder, account, name, clock)
    if chosen == "alpaca":
        return opened.enter_context(closing(_alpaca(folder, mode)))
    if chosen == "kis":
        return opened.enter_context(closing(_kis(folder, mode, clock, settings.integrated_margin)))
    shares = {p.symbol: p.shares for p in account.positions}
    if chosen == "ticket":
        return TicketBroker(
            folder.tickets,
            account.name,
            cash=account.cash,
            shares=shares,
            now=clock.now,
            sessions=sessions(),
        )
    quotes = {symbol: quote.price for symbol, quote in holder.quotes.items() if not quote.by_value}
    quotes |= {f"{currency}{holder.base_currency}": rate for currency, rate in holder.fx.items()}
    terms = PaperTerms(
        settings.paper_commission, holder.costs.fx_spread, fill_at_most=settings.paper_fill_at_most
    )
    broker = PaperBroker(
        folder.paper_book,
        account.name,
        prices=quotes.get,
        now=clock.now,
        sessions=sessions(),
        terms=terms,
    )
    opened.enter_context(closing(broker))
    if broker.is_empty():
        broker.endow({holder.base_currency: ZERO, **account.cash}, shares)
    return broker


def _installed(folder: Folder, holder: Portfolio, account: Account, name: str, clock: Clock) -> Broker:
    secrets = SecretStore(os.environ, folder.secrets)
    opening = BrokerOpening(account, holder.base_currency, folder.path, clock, sessions(), secrets)
    broker: Broker = plugins.factory(plugins.BROKERS, name)(opening)
    lacks = [
        member for member in vars(BrokerHabits) if not member.startswith("_") and not hasattr(broker, member)
    ]
    if lacks:
        raise InputError(
            "plugin",
            say("the broker {name!r} does not say its {members}", name=name, members=", ".join(lacks)),
            say("let its class inherit steelyard.ports.trading.BrokerHabits, or write those members"),
        )
    return broker


def _alpaca(folder: Folder, mode: str) -> AlpacaBroker:
    secrets = SecretStore(os.environ, folder.secrets)
    key, secret = secrets.get("ALPACA_KEY"), secrets.get("ALPACA_SECRET")
    if not key or not secret:
        raise InputError(
            "broker-keys",
            say("the keys of Alpaca are not set"),
            say("set STEELYARD_ALPACA_KEY and STEELYARD_ALPACA_SECRET, or write them into .env"),
        )
    return AlpacaBroker(mode, key, secret, sessions=sessions())


def _kis(folder: Folder, mode: str, clock: Clock, integrated: bool) -> KisBroker:
    secrets = SecretStore(os.environ, folder.secrets)
    key, secret, account = (secrets.get(f"KIS_{name}") for name in ("KEY", "SECRET", "ACCOUNT"))
    if not key or not secret or not account:
        raise InputError(
            "broker-keys",
            say("the keys or the account number of KIS are not set"),
            say(
                "set STEELYARD_KIS_KEY, STEELYARD_KIS_SECRET and STEELYARD_KIS_ACCOUNT, or write "
                "them into .env"
            ),
        )
    token = folder.broker_token("kis", mode)
    wire = KisConnection(mode, key, secret, token, now=clock.now)
    return KisBroker(wire, account, now=clock.now, sessions=sessions(), integrated_margin=integrated)


def market(folder: Folder, holder: Portfolio, plan: SavedPlan, settings: ExecutionSettings) -> Market:
    """Return the prices of now for a plan; with a collar the other price sources are asked, too."""
    limits = settings.terms.limits
    collar = limits.collar is not None and limits.second_needed
    asked = price_settings(folder)
    with closing(connect(folder.database)) as connection:
        records = StoredPrices(connection, folder.database)
        return assemble(
            holder,
            portfolio_file(folder).outline()[1],
            datetime.fromtimestamp(folder.file.stat().st_mtime, UTC),
            Sources(price_sources(folder, asked), records, asked, SystemClock(), trading_hours.close_of),
            second_for={t.symbol for t in (*plan.trades, *plan.conversions)} if collar else (),
            accounts=plan.accounts,
            traded=[t.symbol for t in plan.trades],
            as_of=today_at(folder),
        )


def approver(folder: Folder, who: str) -> Approver:
    """Return somebody who approves: proven by the secret that belongs to a name of execution.toml.

    Raises:
        InputError: The name is one of those, and the secret is not there or is another (`approver-secret`).
    """
    settings = execution_file.read(folder.execution, folder.shown(folder.execution))
    if who not in settings.approvers:
        return Approver(who)
    secret = SecretStore(os.environ, folder.secrets).approver(who)
    return proven(who, settings.approvers[who], secret)


def past_portfolio(folder: Folder, inputs: Mapping[str, Any]) -> Portfolio:
    """Return a portfolio as a plan was saved with it: words of the file, fetched prices, journal so far."""
    past = entries_then(journal_rows(folder), inputs.get("entries", 0))
    found = portfolio_file(folder, past, inputs["file"]).load(*prices_then(inputs))
    return with_books_of(folder, held_by(found, past, date.max), past)


def save_plan(folder: Folder, holder: Portfolio, plan: Plan) -> SavedPlan:
    """Keep a plan in the database beside the portfolio file, with what it takes to make it again."""
    options = options_of(plan)
    inputs = inputs_of(
        holder,
        folder.file.read_text(encoding="utf-8-sig"),
        folder.file.name,
        options,
        fetched=portfolio_file(folder).outline()[1],
        entries=last_number(folder.database),
    )
    saved = plan_to_save(holder, plan, options["account"], inputs)
    with order_book(folder) as book:
        book.save_plan(saved, SystemClock().now())
    return saved


def plan_to_save(holder: Portfolio, plan: Plan, account: str | None, inputs: Mapping[str, Any]) -> SavedPlan:
    """Return a plan as it is saved, with what the policy said on its day."""
    decision = check(holder, sessions(), as_of=plan.as_of).decision
    return saved_plan(holder, plan, decision, flow_account=account, inputs=inputs)
