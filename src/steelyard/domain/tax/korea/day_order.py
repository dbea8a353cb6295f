"""In which order the entries of one day count, where a file has no times."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from steelyard.domain.books.holdings import ADDING, count
from steelyard.domain.books.ledger import ACTION_KINDS, Entry, in_order
from steelyard.domain.money import EXACT, ZERO


def in_korean_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries as `in_order` does, but a sale before the same day's purchase where it can be.

    Selling and buying back on one day is how gains and losses are realised here, since Korea knows no wash
    sale. The shares bought back must then not enter the average, nor be the newest lot, of what was sold.
    So where the shares held in the morning cover all sales of the day, the sales come first; otherwise the
    purchases do. The order of rows in a file plays no part in it.
    """
    result: list[Entry] = []
    held: dict[tuple[str, str], Decimal] = {}
    for _, rows in groupby(in_order(entries), key=lambda e: e.traded_on):
        day = list(rows)
        sold: dict[tuple[str, str], Decimal] = {}
        morning = dict(held)
        for entry in day:
            key = entry.account, entry.symbol
            if entry.kind == "sell":
                sold[key] = EXACT.add(sold.get(key, ZERO), entry.shares)
            if entry.kind in ACTION_KINDS or (entry.kind in ADDING and entry.kind != "buy"):
                count(morning, entry)
            count(held, entry)
        covered = {key for key, shares in sold.items() if morning.get(key, ZERO) >= shares}
        bought_back = [e for e in day if e.kind == "buy" and (e.account, e.symbol) in covered]
        others = [e for e in day if not (e.kind == "buy" and (e.account, e.symbol) in covered)]
        result += [e for e in others if e.kind != "transfer_out"]
        result += bought_back
        result += [e for e in others if e.kind == "transfer_out"]
    return result
