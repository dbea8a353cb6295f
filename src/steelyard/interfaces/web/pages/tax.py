"""The year's tax: owed so far and by when, what is worth doing before it ends, and the rules behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import steelyard
from steelyard.domain.money import ZERO
from steelyard.errors import SteelyardError
from steelyard.interfaces.documents.tax import disposals_csv
from steelyard.interfaces.rounding import rounded
from steelyard.interfaces.tax_words import FILINGS, TAX_CLASSES, rows_of, word_of
from steelyard.interfaces.vocabulary import CAUTIONS
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.display import Display
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.records import dataclass
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.harvest.harvest import HarvestReport
    from steelyard.domain.tax.country import YearTax


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a return: its name, its lines, and whether all of them are nothing."""

    name: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Date:
    """One day to know: when, until when, what, and how much of which currency."""

    day: date
    text: str
    until: date | None = None
    amount: Decimal | None = None
    currency: str = ""


def tax(visit: Visit) -> Screen:
    """Show the tax of the year so far."""
    portfolio = steelyard.load(visit.file, as_of=visit.as_of)
    report = steelyard.check(portfolio, as_of=visit.as_of)
    facts: dict[str, Any] = {
        **about(portfolio, report.as_of),
        "matters": matters_of(report),
        "years": (),
        "harvest": None,
        "why_not": "",
    }
    if portfolio.tax is None:
        return Screen("tax.html", facts)
    year = steelyard.tax(portfolio, as_of=visit.as_of)
    if visit.query.get("as") == "csv" and not visit.display.private:
        kind = "text/csv; charset=utf-8"
        return Screen(content=disposals_csv(year), kind=kind, name=f"sales-{year.year}.csv")
    harvest, why_not = None, ""
    try:
        harvest = steelyard.harvest(portfolio, as_of=visit.as_of)
    except SteelyardError as error:
        why_not = error.message
    return Screen(
        "tax.html",
        {
            **facts,
            "years": [(one, tuple(_sections(one, visit.display))) for one in year.all],
            "owed": _owed(year, visit.display),
            "currency": year.currency,
            "rounded": [one for one in year.all if any(_is_rounded(one, d.gain) for d in one.disposals)],
            "dates": tuple(_dates(year, harvest)),
            "harvest": harvest,
            "why_not": why_not,
            "classes": TAX_CLASSES,
            "cautions": CAUTIONS,
        },
    )


def _is_rounded(year: YearTax, gain: Decimal) -> bool:
    return gain != rounded(gain, year.currency)


def _owed(year: YearTax, display: Display) -> str:
    """Return what is to be paid on all returns, each currency apart; empty where nothing is."""
    owed: dict[str, Decimal] = {}
    for one in year.all:
        due = sum((f.amount for f in one.filings), ZERO)
        owed[one.currency] = owed.get(one.currency, ZERO) + due
    return " + ".join(display.money(amount, currency) for currency, amount in owed.items() if amount)


def _sections(year: YearTax, display: Display) -> Iterator[Section]:
    """Yield the parts of a return in which there is anything."""
    for name, part in year.summary.items():
        rows = list(rows_of(part))
        if any(value for _, _, value in rows):
            title = display.tell(word_of(name))
            said = [
                (display.tell(label).replace("_", " "), _figure(value, year.currency, display))
                for _, label, value in rows
            ]
            lines = tuple(said if isinstance(part, Mapping) else [(title, figure) for _, figure in said])
            yield Section(title, lines)


def _figure(value: object, currency: str, display: Display) -> str:
    if isinstance(value, bool):
        return display.tell(say("yes") if value else say("no"))
    if isinstance(value, Decimal):
        return display.money(value, currency)
    return "–" if value is None else display.tell(str(value))


def _dates(year: YearTax, harvest: HarvestReport | None) -> Iterator[Date]:
    if harvest is not None:
        yield Date(harvest.deadline, say("Last day on which a sale still counts for this year."))
    for one in year.all:
        for filing in one.filings:
            what = FILINGS.get(filing.what, filing.what)
            yield Date(filing.opens, what, filing.due, filing.amount, one.currency)
