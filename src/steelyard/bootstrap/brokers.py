"""Brokers: the desk that plans are carried out from, one broker for each account of the file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.brokers.kis import KisBroker
from steelyard.adapters.brokers.kis_connection import KisConnection
from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.brokers.ticket import TicketBroker
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.database.journal_file import has_entries
from steelyard.adapters.files import execution as execution_file
from steelyard.adapters.files.execution import BROKERS
from steelyard.adapters.machine import plugins
from steelyard.adapters.machine.clock import SystemClock
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.app.trading.fill_entries import FillBooks
from steelyard.app.trading.order_reports import Desk
from steelyard.bootstrap.books import instruments, portfolio, sessions
from steelyard.bootstrap.folder import Folder
from steelyard.bootstrap.order_books import order_book
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Account, Portfolio
from steelyard.errors import InputError
from steelyard.ports.trading import BrokerHabits, BrokerOpening
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.domain.trading.execution import ExecutionSettings
    from steelyard.ports.machine import Clock
    from steelyard.ports.trading import Broker


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


def paper_accounts(folder: Folder, accounts: Iterable[str]) -> frozenset[str]:
    """Return which accounts are traded on paper."""
    settings = execution_file.read(folder.execution, folder.shown(folder.execution))
    return frozenset(name for name in accounts if settings.broker_of(name) == "paper")


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
