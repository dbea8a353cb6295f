"""What is wrong with the data that a page rests on, as a list with what to do about each."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.app.check import CheckReport
from steelyard.domain.books.comparison import told, undecided
from steelyard.domain.caveats import Caveats, unrecorded_action
from steelyard.domain.portfolio import Holding
from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to look at.

    Attributes:
        text: What is the case.
        hint: What to do.
        grave: It makes figures wrong; else it is good to know.
    """

    text: str
    hint: str = ""
    grave: bool = True


def matters_of(report: CheckReport) -> tuple[Matter, ...]:
    """Return what the reader of a check should look at, what makes figures wrong first."""
    found = [*_matters(report.caveats, report.portfolio.source), *_unmanaged(report.valuation.unmanaged)]
    return tuple(sorted(found, key=lambda matter: not matter.grave))


def _matters(caveats: Caveats, source: str) -> Iterator[Matter]:
    for account, differences in undecided(caveats.differences).items():
        text, hint = told(account, differences, source)
        yield Matter(text, hint)
    for action in caveats.actions:
        error = unrecorded_action(action)
        yield Matter(error.message, error.hint)
    for old in caveats.stale:
        yield Matter(
            say(
                "The price of {symbol} is dated {day}, {days} days old: no plan is made on it.",
                symbol=old.what,
                day=old.priced_on,
                days=old.days,
            ),
            say("run: {command}", command="steelyard prices fetch"),
        )
    if caveats.undated:
        yield Matter(
            say("The prices in the file have no date: {symbols}.", symbols=caveats.undated),
            say("write priced_on at the top of {file}, or fetch prices", file=source),
            grave=False,
        )


def _unmanaged(holdings: tuple[Holding, ...]) -> Iterator[Matter]:
    for holding in holdings:
        yield Matter(
            say("{symbol} is held but has no target: left alone and not counted.", symbol=holding.symbol),
            say("give it a target under [targets]; 0% sells it"),
            grave=False,
        )
