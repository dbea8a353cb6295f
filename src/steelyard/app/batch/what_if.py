"""Use case: what other models would have all accounts do, beside what they do now, in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from steelyard.app.batch.model_arrays import PackedBook
from steelyard.app.batch.plan import plan_batches
from steelyard.app.batch.run import Told
from steelyard.domain.money import EXACT, ZERO, exact_sum, figure
from steelyard.ports.batch import Work
from steelyard.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Outlook:
    """What models would have all accounts do.

    Attributes:
        accounts, trading, refused: How many in all, how many would trade, how many would be refused.
        trades: Orders.
        value: Of all accounts that are not refused, base currency.
        turnover, costs: Amounts traded, and what that costs, base currency.
        taxes: What the sales add to the year's, base currency, of accounts whose tax is known.
        misplaced_before, misplaced_after: Share of an account's money in the wrong place, mean of them.
    """

    accounts: int
    trading: int
    refused: int
    trades: int
    value: Decimal
    turnover: Decimal
    costs: Decimal
    taxes: Decimal
    misplaced_before: Decimal
    misplaced_after: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Return it as `batch what-if --json` prints each side."""
        counts = {name: getattr(self, name) for name in ("accounts", "trading", "refused", "trades")}
        amounts = ("value", "turnover", "costs", "taxes", "misplaced_before", "misplaced_after")
        return counts | {name: figure(getattr(self, name)) for name in amounts}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The models that are there beside others.

    Attributes:
        now, other: What each would have all accounts do.
        base_currency: Of every amount.
    """

    now: Outlook
    other: Outlook
    base_currency: str

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `batch what-if --json`."""
        return {
            "schema": "steelyard/batch-what-if/1",
            "base_currency": self.base_currency,
            "now": self.now.to_dict(),
            "other": self.other.to_dict(),
        }


def what_if(work: Work, now: PackedBook, other: PackedBook, *, threads: int, said: Told) -> WhatIf:
    """Plan all accounts of prepared work twice, and keep only what adds up.

    Args:
        work: Prepared.
        now: The book of the work.
        other: The same with other models.
        threads: Buckets at a time, >= 1.
        said: Told of the progress.

    Raises:
        InputError: A bucket is not what was prepared (`batch-changed`).
    """
    entries = work.manifest()["buckets"]
    total = sum(int(entry["accounts"]) for entry in entries)

    def both(number: int) -> tuple[Outlook, Outlook]:
        rows = work.bucket(entries[number]).to_batches()
        return _outlook(now, rows), _outlook(other, rows)

    found: list[tuple[Outlook, Outlook]] = []
    done = 0
    with ThreadPoolExecutor(threads) as pool:
        for number, pair in enumerate(pool.map(both, range(len(entries)))):
            found.append(pair)
            done += int(entries[number]["accounts"])
            said(done, total)
    before, after = (_together(pair[side] for pair in found) for side in (0, 1))
    return WhatIf(before, after, str(work.manifest()["base_currency"]))


def _outlook(book: PackedBook, rows: list[pa.RecordBatch]) -> Outlook:
    """Return the sums of a bucket; the two means are sums until buckets are put together."""
    found = [
        Outlook(
            accounts=part.num_rows,
            trading=_number(pc.sum(pc.greater(part.column("trades"), 0))),
            refused=part.column("proven").null_count,
            trades=_number(pc.sum(part.column("trades"))),
            value=_amount(part.column("total_value")),
            turnover=_amount(part.column("orders").flatten().field("amount")),
            costs=_amount(part.column("costs")),
            taxes=_amount(part.column("taxes")),
            misplaced_before=_amount(part.column("misplaced_before")),
            misplaced_after=_amount(part.column("misplaced_after")),
        )
        for part in plan_batches(book, rows, plans=True)
    ]
    return _added(found)


def _added(parts: Iterable[Outlook]) -> Outlook:
    held = list(parts)
    return Outlook(
        accounts=sum(part.accounts for part in held),
        trading=sum(part.trading for part in held),
        refused=sum(part.refused for part in held),
        trades=sum(part.trades for part in held),
        value=exact_sum(part.value for part in held),
        turnover=exact_sum(part.turnover for part in held),
        costs=exact_sum(part.costs for part in held),
        taxes=exact_sum(part.taxes for part in held),
        misplaced_before=exact_sum(part.misplaced_before for part in held),
        misplaced_after=exact_sum(part.misplaced_after for part in held),
    )


def _together(parts: Iterable[Outlook]) -> Outlook:
    """Add buckets up, and make means of what is told an account."""
    whole = _added(parts)
    told = Decimal(max(whole.accounts - whole.refused, 1))
    return replace(
        whole,
        misplaced_before=EXACT.divide(whole.misplaced_before, told),
        misplaced_after=EXACT.divide(whole.misplaced_after, told),
    )


def _number(scalar: Any) -> int:
    return int(scalar.as_py() or 0)


def _amount(column: Any) -> Decimal:
    found: Decimal = pc.sum(column).as_py() or ZERO
    return found
