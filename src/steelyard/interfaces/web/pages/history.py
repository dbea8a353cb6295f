"""What the account was worth, what was paid in, and what each rebalance has brought."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import steelyard
from steelyard.domain.money import ZERO
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.records import dataclass

if TYPE_CHECKING:
    from steelyard.app.books.performance import ValueDay, ValueHistory

WIDE, HIGH, EDGE = 800.0, 220.0, 8.0
POINTS = 400
"""Points of a line: more are not seen."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Two lines and the rebalances between them, in units of the picture."""

    value: str
    paid: str
    marks: tuple[tuple[float, float, int], ...]


def history(visit: Visit) -> Screen:
    """Show the recorded days."""
    portfolio = steelyard.load(visit.file, as_of=visit.as_of)
    report = steelyard.check(portfolio, as_of=visit.as_of)
    found = steelyard.values(visit.file)
    paid = sum((d.paid_in for d in found.days), ZERO)
    first = found.days[0].total if found.days else ZERO
    return Screen(
        "history.html",
        {
            **about(portfolio, report.as_of),
            "matters": matters_of(report),
            "history": found,
            "lines": None if visit.display.private or len(found.days) < 2 else lines_of(found),
            "paid": first + paid,
            "first": found.days[0] if found.days else None,
            "last": found.days[-1] if found.days else None,
            "yearly": None if found.money_weighted is None else Decimal(str(found.money_weighted)),
        },
    )


def lines_of(found: ValueHistory) -> Lines:
    """Return value and money paid in over time as two lines on one scale that begins at nothing."""
    days = found.days
    paid, sums = days[0].total, []
    for day in days:
        paid += ZERO if day is days[0] else day.paid_in
        sums.append(paid)
    top = max(*(d.total for d in days), *sums, Decimal(1))
    span = max((days[-1].day - days[0].day).days, 1)

    def place(day: ValueDay, amount: Decimal) -> tuple[float, float]:
        along = EDGE + (WIDE - 2 * EDGE) * (day.day - days[0].day).days / span
        return round(along, 1), round(HIGH - EDGE - (HIGH - 2 * EDGE) * float(amount / top), 1)

    step = max(1, len(days) // POINTS)
    kept = sorted({*range(0, len(days), step), len(days) - 1})
    values = [place(days[n], days[n].total) for n in kept]
    paths = [place(days[n], sums[n]) for n in kept]
    marks = []
    for number, rebalance in enumerate(found.rebalances, 1):
        after = next((d for d in days if d.day >= rebalance.day), None)
        if after is not None:
            marks.append((*place(after, after.total), number))
    return Lines(_path(values), _path(paths), tuple(marks))


def _path(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)
