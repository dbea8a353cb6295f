"""Shares of which nobody has said what was paid: a year's tax without them, and how to say it.

One holding that a journal was opened with is no reason to withhold the figures of all others.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from decimal import Decimal

from steelyard.domain.books.holdings import TAKING
from steelyard.domain.books.ledger import Entry, in_order
from steelyard.domain.money import exact_sum, figure, plain
from steelyard.records import dataclass
from steelyard.words import join, say

COSTLESS = ("cost-unknown", "price-missing")
"""Codes of what a country refuses for the lack of a cost."""
_ALL_GO = (*TAKING, "transfer", "merger", "spin_off", "stock_dividend")


@dataclass(frozen=True, slots=True)
class Gap:
    """A holding that is in no figure.

    Attributes:
        account, symbol: Where and what.
        sold: The entries that would be taxed if its cost were known.
        lacking: The entries that do not say what was paid.
    """

    account: str
    symbol: str
    sold: tuple[Entry, ...]
    lacking: tuple[Entry, ...]

    @property
    def message(self) -> str:
        """What is wrong."""
        return say(
            "what was paid for {symbol} in account {account!r} is not known: its gain is in no figure"
            " ({sales} {sales:sale|sales})",
            symbol=self.symbol,
            account=self.account,
            sales=len(self.sold),
        )

    @property
    def hint(self) -> str:
        """The commands that say it, with words for what the owner alone knows."""
        return join("; ", [_command(entry) for entry in self.lacking])

    def to_dict(self) -> dict[str, object]:
        """Return it as `tax --json` has it."""
        return {
            "account": self.account,
            "symbol": self.symbol,
            "sold": figure(_sum(self.sold)),
            "message": self.message,
            "hint": self.hint,
        }


def how_to_tell(symbols: Iterable[str], gaps: Sequence[Gap] = ()) -> str:
    """Return what says the cost of holdings: the commands of their gaps, else where it may be written."""
    wanted = frozenset(symbols)
    commands = list(dict.fromkeys(gap.hint for gap in gaps if gap.symbol in wanted))
    if commands:
        return join("; ", commands)
    return say("add lots to the position, or import the trades with `steelyard import`")


def tax_not_counted(symbols: Iterable[str], gaps: Sequence[Gap] = ()) -> str:
    """Say that the tax of sales is in no figure since nobody has said what was paid, and what says it."""
    named = list(dict.fromkeys(symbols))
    return say(
        "what was paid for {left_out} is not known, so the tax of its sale is in no figure: {hint}",
        left_out=", ".join(named),
        hint=how_to_tell(named, gaps),
    )


def without_costless(entries: Sequence[Entry]) -> tuple[list[Entry], tuple[Gap, ...]]:
    """Return entries without what moves shares of unknown cost, and what that leaves out.

    Shares that go on from there, to another account or under another name, are of unknown cost as well.
    """
    lacking: dict[tuple[str, str], list[Entry]] = {}
    for e in in_order(entries):
        key = e.account, e.symbol
        if e.kind == "transfer_in" and e.price is None:
            lacking.setdefault(key, []).append(e)
        elif key in lacking and e.kind == "transfer":
            lacking.setdefault((e.receiver, e.symbol), []).extend(lacking[key])
        elif key in lacking and e.kind in ("merger", "spin_off"):
            lacking.setdefault((e.account, e.other), []).extend(lacking[key])
    left = [e for e in entries if not _is_gone(e, lacking)]
    gaps = tuple(
        Gap(
            account,
            symbol,
            tuple(e for e in entries if e.kind == "sell" and (e.account, e.symbol) == (account, symbol)),
            tuple(dict.fromkeys(found)),
        )
        for (account, symbol), found in sorted(lacking.items())
    )
    return left, gaps


def _is_gone(entry: Entry, lacking: Iterable[tuple[str, str]]) -> bool:
    costless = entry.kind == "transfer_in" and entry.price is None
    return costless or (entry.kind in _ALL_GO and (entry.account, entry.symbol) in lacking)


def _sum(sales: Iterable[Entry]) -> Decimal:
    return exact_sum(e.shares for e in sales)


def _command(entry: Entry) -> str:
    fields = {
        "date": entry.traded_on.isoformat(),
        "account": entry.account,
        "type": entry.kind,
        "symbol": entry.symbol,
        "shares": plain(entry.shares),
        "currency": entry.currency,
        "price": "PRICE-PAID",
        "lot": "PURCHASE-DATE",
    }
    if entry.lot is not None:
        del fields["lot"]
    words = " ".join(shlex.quote(f"{name}={value}") for name, value in fields.items() if value)
    return f"`steelyard record {words} --complete`"
