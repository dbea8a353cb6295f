"""Use case: write what brokers filled into the journal, each fill once, and never over what is there.

A fill is left out, with the reason, where writing it could count a trade twice. The journal is then brought
up to date by its owner, who knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.app.books.journal import Journal, import_rows
from steelyard.domain.books.entry_text import unit_price
from steelyard.domain.books.ledger import OPENING_NOTE, Entry, Recorded, Row
from steelyard.domain.money import EXACT
from steelyard.domain.trading.brokerage import FX, Fill
from steelyard.domain.trading.orders import Order
from steelyard.errors import PortfolioProblems
from steelyard.ports.trading import Broker
from steelyard.records import dataclass
from steelyard.words import join, say

SOURCE = "sync"
"""Entries written here come from `sync BROKER`."""

_ZONES = {"XKRX": ZoneInfo("Asia/Seoul"), "XNYS": ZoneInfo("America/New_York"), FX: ZoneInfo("Asia/Seoul")}
# A Korean morning is still yesterday in UTC: nothing is in the future that has begun somewhere.
_EARLIEST_ZONE = timezone(timedelta(hours=14))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A fill that is not in the journal, and why."""

    account: str
    fill: Fill
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the fills of an account.

    Attributes:
        added: How many entries were written.
        known: How many were there already.
        older: How many are in what the journal was opened with.
        left_out: What was not written, or stands there with other figures.
    """

    added: int = 0
    known: int = 0
    older: int = 0
    left_out: tuple[LeftOut, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of `sync`."""
        return {
            "added": self.added,
            "known": self.known,
            "older": self.older,
            "left_out": [{"fill": left.fill.id, "why": left.why} for left in self.left_out],
        }


class FillBooks:
    """The journal and what is needed to write fills into it.

    Args:
        journal: Where to.
        named: What `execution.toml` calls the broker of an account; entries remember it as their source.
        exchanges: By instrument; one that is missing here is unknown to the portfolio file.
    """

    def __init__(self, journal: Journal, named: Callable[[str], str], exchanges: Mapping[str, str]) -> None:
        self._journal = journal
        self._named = named
        self._exchanges = exchanges

    def write(
        self, account: str, broker: Broker, fills: Sequence[Fill], orders: Iterable[Order], at: datetime
    ) -> Written | None:
        """Write the fills of an account that the journal does not have.

        Args:
            account: Name of the account.
            broker: Who serves it.
            fills: As its broker tells them, of any age.
            orders: All orders of the account.
            at: Now.

        Returns:
            None for an account on paper: nothing was bought or sold.

        Raises:
            DataError: The journal cannot be used.
        """
        if broker.practice:
            return None
        source = f"{SOURCE} {self._named(account)}"
        there = [row for row in self._journal.rows() if row.entry.account == account]
        rows = {fill.id: self._row(broker, account, fill) for fill in fills}
        fresh = {id(row) for row in self._journal.fresh(tuple(rows.values()))}
        known = [f for f in fills if id(rows[f.id]) not in fresh]
        new = [f for f in fills if id(rows[f.id]) in fresh]
        kept = list(orders)
        older = {f.id for f in new if _is_older(f, there, kept)}
        new = [f for f in new if f.id not in older]
        why = _changed(known, rows, there)
        why |= {f.id: text for f in new if (text := self._objection(f, broker, there, kept))}
        new = [f for f in new if f.id not in why]
        elsewhere = _from_elsewhere(there, source, [rows[f.id].entry for f in known])
        for symbol in dict.fromkeys(f.symbol for f in new):
            why |= _doubled([f for f in new if f.symbol == symbol], rows, elsewhere)
        same = [f for f in new if why.get(f.id) == ""]
        new = [f for f in new if f.id not in why]
        if new:
            today = at.astimezone(_EARLIEST_ZONE).date()
            wanted = [rows[f.id] for f in new]
            try:
                import_rows(self._journal, wanted, source, as_of=today, at=at)
            except PortfolioProblems as error:
                why |= {f.id: join("; ", [p.message for p in error.problems]) for f in new}
                new = []
        told = tuple(LeftOut(account, f, why[f.id]) for f in fills if why.get(f.id))
        return Written(len(new), len(known) + len(same), len(older), told)

    def _objection(
        self, fill: Fill, broker: Broker, there: Sequence[Recorded], orders: Sequence[Order]
    ) -> str:
        """Why a fill must not be written, "" when it may."""
        if not there:
            return say("the journal knows nothing of this account; record what it held before")
        if broker.by_hand and any(o.is_out for o in orders):
            # A ticket counts from what the file held when its orders were written, until the last is over.
            return say("orders of this account are still open; written when the last one is over")
        if not _is_conversion(fill) and fill.symbol not in self._exchanges:
            return say(
                "{symbol} is unknown; add it under [instruments] of the portfolio file", symbol=fill.symbol
            )
        return ""

    def _row(self, broker: Broker, account: str, fill: Fill) -> Row:
        zone = _ZONES.get(FX if _is_conversion(fill) else self._exchanges.get(fill.symbol, ""))
        day = (fill.at if zone is None else fill.at.astimezone(zone)).date()
        return Row(entry_of(fill, account, day), reference=broker.reference(account, fill))


def entry_of(fill: Fill, account: str, day: date) -> Entry:
    """Return a fill as an entry of the journal; of a conversion the currency that came in is bought."""
    if not _is_conversion(fill):
        return Entry(
            day,
            account,
            fill.side,
            fill.symbol,
            fill.shares,
            fill.price,
            fill.currency,
            fill.fees,
            order_id=fill.broker_id,
        )
    first = fill.symbol[:3]
    if fill.side == "buy":
        return Entry(day, account, "convert", first, fill.shares, fill.price, fill.currency, fill.fees)
    # Fees are in the currency that comes in: so much less of it is bought.
    got = EXACT.subtract(EXACT.multiply(fill.shares, fill.price), fill.fees)
    price, rest = unit_price(fill.shares, got)
    return Entry(day, account, "convert", fill.currency, got, price, first, rest)


def _is_conversion(fill: Fill) -> bool:
    return len(fill.symbol) == 6 and fill.symbol.isalpha() and fill.symbol.endswith(fill.currency)


def _is_older(fill: Fill, there: Iterable[Recorded], orders: Iterable[Order]) -> bool:
    """Say whether what the journal was opened with has the fill in it."""
    opened = max((r.recorded_at for r in there if r.entry.note == OPENING_NOTE), default=None)
    order = next((o for o in orders if fill.broker_id and o.broker_id == fill.broker_id), None)
    # Of a fill typed by hand only the day is known, so the order tells more.
    begun = fill.at if order is None or order.sent_at is None else max(order.sent_at, fill.at)
    return opened is not None and begun <= opened


def _changed(known: Iterable[Fill], rows: Mapping[str, Row], there: Sequence[Recorded]) -> dict[str, str]:
    """Return which fills stand in the journal with other figures than their broker tells now."""
    # What was taken back stays so: its owner did that.
    facts = {_facts(r.entry) for r in there if r.takes_back is None}
    text = say("the journal has it with other figures; take that back with `steelyard undo` and `record` it")
    return {f.id: text for f in known if _facts(rows[f.id].entry) not in facts}


def _from_elsewhere(there: Iterable[Recorded], source: str, known: Iterable[Entry]) -> list[Recorded]:
    """Return the trades that were typed or came from a file, apart from those that are known to be fills."""
    trades = [
        r for r in there if r.counts and r.entry.kind in ("buy", "sell", "convert") and r.source != source
    ]
    for entry in known:
        same = next((r for r in trades if _facts(r.entry) == _facts(entry)), None)
        if same is not None:
            trades.remove(same)
    return trades


def _doubled(fills: Sequence[Fill], rows: Mapping[str, Row], elsewhere: Sequence[Recorded]) -> dict[str, str]:
    """Return which fills of one symbol are in the journal by other means ("" as text), or perhaps are."""
    what = {(rows[f.id].entry.kind, rows[f.id].entry.symbol) for f in fills}
    since = min(rows[f.id].entry.traded_on for f in fills)
    near = [r for r in elsewhere if (r.entry.kind, r.entry.symbol) in what and r.entry.traded_on >= since]
    found, spare = {}, list(near)
    for fill in fills:
        facts = _facts(rows[fill.id].entry)
        same = next((r for r in spare if _facts(r.entry) == facts), None)
        if same is not None:
            spare.remove(same)
            found[fill.id] = ""
        elif near:
            numbers = ", ".join(str(r.number) for r in near)
            found[fill.id] = say(
                "perhaps it is entry {numbers}; take that back with `steelyard undo`, or "
                "`record` what is missing",
                numbers=numbers,
            )
    return found


def _facts(entry: Entry) -> tuple[date, str, str, Decimal, Decimal | None, str]:
    return entry.traded_on, entry.kind, entry.symbol, entry.shares, entry.price, entry.currency
