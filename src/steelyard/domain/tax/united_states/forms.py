"""Form 8949, Schedule D with its carryover worksheet, and both sales for tax programs (TXF)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from steelyard.domain.money import EXACT, ZERO, exact_sum, plain
from steelyard.domain.tax.country import Disposal, YearTax
from steelyard.domain.tax.forms import Form
from steelyard.domain.tax.united_states.capital_gains import LONG, SHORT
from steelyard.domain.tax.united_states.positions import COLLECTIBLE
from steelyard.records import dataclass
from steelyard.words import say

CENT = Decimal("0.01")
BOX = {SHORT: "A", LONG: "D"}
"""Boxes of sales whose basis a broker reported."""
TXF_NUMBERS = {SHORT: "321", LONG: "323"}
"""Reference numbers of these boxes in the Tax Exchange Format, version 042, Form 1099-B."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of Form 8949, in whole cents."""

    term: str
    description: str
    acquired: date | None
    sold: date
    proceeds: Decimal
    basis: Decimal
    code: str
    adjustment: Decimal

    @property
    def gain(self) -> Decimal:
        """Column (h): (d) less (e), and (g)."""
        return exact_sum((self.proceeds, -self.basis, self.adjustment))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def lines_of(disposals: Sequence[Disposal]) -> list[Line]:
    """Return the lines of Form 8949: short-term first, each term by date of sale.

    Proceeds and basis are rounded to cents, the gain is that of the rounded amounts, so that the columns add
    up as printed. A loss that a wash sale disallows is code W, gain on metal held long-term code C.

    Source: Instructions for Form 8949, columns (a) to (h).
    """
    lines = []
    for sale in sorted(disposals, key=lambda d: (d.term != SHORT, d.sold_on, d.account, d.symbol)):
        days = {lot.bought for lot in sale.lots}
        metal = sale.tax_class == COLLECTIBLE and sale.term == LONG
        what = (
            f"{plain(sale.shares)} sh. {sale.symbol}" if sale.shares else f"{sale.symbol} return of capital"
        )
        lines.append(
            Line(
                term=sale.term or SHORT,
                description=what,
                acquired=days.pop() if len(days) == 1 else None,
                sold=sale.sold_on,
                proceeds=_cents(sale.proceeds),
                basis=_cents(sale.cost),
                code=("C" if metal else "") + ("W" if sale.disallowed else ""),
                adjustment=_cents(sale.disallowed),
            )
        )
    return lines


def form_8949(year: YearTax) -> Form:
    """Return Form 8949 of a year."""
    rows = [
        (
            BOX[x.term],
            x.description,
            x.acquired.isoformat() if x.acquired else "VARIOUS",
            x.sold.isoformat(),
            x.proceeds,
            x.basis,
            x.code,
            x.adjustment if x.code else None,
            x.gain,
        )
        for x in lines_of(year.disposals)
    ]
    return Form(
        "Form 8949",
        ("box", "(a) description", "(b) acquired", "(c) sold", "(d) proceeds", "(e) basis", "(f) code",
         "(g) adjustment", "(h) gain"),
        tuple(rows),
        notes=(
            say(
                "boxes A and D are for sales whose basis your broker reported on Form 1099-B; where its "
                "statement says otherwise use B and E, and C and F where there is no statement"
            ),
        ),
    )  # fmt: skip


def schedule_d(year: YearTax) -> Form:
    """Return the lines of Schedule D that the journal fills, and the carryover to the next year.

    A form speaks the language of its country, whatever language the reader asked for.

    Source: Schedule D (Form 1040), lines 1b to 21; Capital Loss Carryover Worksheet.
    """
    summary: Any = year.summary
    carried = summary.get("carried_in", {"short": ZERO, "long": ZERO})
    lines = lines_of(year.disposals)

    def column(term: str) -> tuple[Decimal, ...]:
        chosen = [x for x in lines if x.term == term]
        return tuple(
            exact_sum(getattr(x, name) for x in chosen)
            for name in ("proceeds", "basis", "adjustment", "gain")
        )

    short, long = column(SHORT), column(LONG)
    sold_long = exact_sum(d.counted for d in year.disposals if d.term == LONG)
    distributed = _cents(EXACT.subtract(summary["long_term"], sold_long))
    line7 = EXACT.subtract(short[3], _cents(carried["short"]))
    line15 = exact_sum((long[3], distributed, -_cents(carried["long"])))
    forward = summary["carry_forward"]
    rows: list[tuple[str | Decimal | None, ...]] = [
        ("1b", "short-term, Form 8949 box A", *short),
        ("6", "short-term loss carried in", None, None, None, -_cents(carried["short"])),
        ("7", "net short-term", None, None, None, line7),
        ("8b", "long-term, Form 8949 box D", *long),
        ("13", "capital gain distributions", None, None, None, distributed),
        ("14", "long-term loss carried in", None, None, None, -_cents(carried["long"])),
        ("15", "net long-term", None, None, None, line15),
        ("16", "both together", None, None, None, EXACT.add(line7, line15)),
        ("21", "loss that reduces other income", None, None, None, -_cents(summary["ordinary_offset"])),
        (
            "next year, 6",
            "short-term loss carried forward",
            None,
            None,
            None,
            -_cents(forward["short"]),
        ),
        (
            "next year, 14",
            "long-term loss carried forward",
            None,
            None,
            None,
            -_cents(forward["long"]),
        ),
    ]
    return Form(
        "Schedule D",
        ("line", "what", "(d) proceeds", "(e) basis", "(g) adjustment", "(h) gain"),
        tuple(rows),
    )


def carryover(year: YearTax) -> Form:
    """Return the worksheet for what is carried into the next year, empty where there is no loss to carry.

    Lines 1 and 3 rest on the taxable income of the whole return and are left to the filer; line 4 is what of
    the loss found income to reduce, as the year's carry-forward has it.

    Source: Schedule D (Form 1040) instructions, Capital Loss Carryover Worksheet, lines 1 to 13.
    """
    summary: Any = year.summary
    column = {row[0]: row[-1] for row in schedule_d(year).rows}
    line7, line15, line16 = (_amount(column[name]) for name in ("7", "15", "16"))
    if line16 >= ZERO:
        return Form("Capital Loss Carryover Worksheet", _WORKSHEET, ())
    forward = _amount(column["next year, 6"]), _amount(column["next year, 14"])
    used = EXACT.subtract(-line16, EXACT.add(-forward[0], -forward[1]))
    offset = _cents(summary["ordinary_offset"])
    rows: list[tuple[str, str, Decimal | None]] = [
        ("1", "taxable income (Form 1040, line 15; below zero where deductions exceed it): yours", None),
        ("2", "Schedule D, line 21, as a positive amount", offset),
        ("3", "lines 1 and 2 together, not below zero: yours", None),
        ("4", "the smaller of lines 2 and 3", used),
    ]
    if line7 < ZERO:
        gain15 = max(line15, ZERO)
        taken = EXACT.add(used, gain15)
        rows += [
            ("5", "loss of Schedule D, line 7", -line7),
            ("6", "gain of Schedule D, line 15", gain15),
            ("7", "lines 4 and 6 together", taken),
            ("8", "short-term loss carried forward", max(EXACT.subtract(-line7, taken), ZERO)),
        ]
    if line15 < ZERO:
        gain7 = max(line7, ZERO)
        left = max(EXACT.subtract(used, max(-line7, ZERO)), ZERO)
        taken = EXACT.add(gain7, left)
        rows += [
            ("9", "loss of Schedule D, line 15", -line15),
            ("10", "gain of Schedule D, line 7", gain7),
            ("11", "line 4 less line 5, not below zero", left),
            ("12", "lines 10 and 11 together", taken),
            ("13", "long-term loss carried forward", max(EXACT.subtract(-line15, taken), ZERO)),
        ]
    return Form("Capital Loss Carryover Worksheet", _WORKSHEET, tuple(rows))


_WORKSHEET = ("line", "what", "amount")


def _amount(cell: object) -> Decimal:
    assert isinstance(cell, Decimal)
    return cell


def txf(year: YearTax) -> Form:
    """Return the sales in the Tax Exchange Format that tax programs read.

    Source: Tax Exchange Format, version 042, Form 1099-B, record format 5: basis, net proceeds, disallowed
    loss.
    """

    def day(value: date | None) -> str:
        return "VARIOUS" if value is None else f"{value:%m/%d/%Y}"

    records = [["V042", "ASteelyard", f"D12/31/{year.year}"]]
    for x in lines_of(year.disposals):
        washed = f"{x.adjustment}" if x.adjustment else ""
        records.append(
            [
                "TD",
                f"N{TXF_NUMBERS[x.term]}",
                "C1",
                "L1",
                f"P{x.description}",
                f"D{day(x.acquired)}",
                f"D{day(x.sold)}",
                f"${x.basis}",
                f"${x.proceeds}",
                f"${washed}",
            ]
        )
    text = "".join("\n".join((*record, "^")) + "\n" for record in records)
    return Form("TXF", (), (), text=text)


FORMS = {"8949": form_8949, "schedule-d": schedule_d, "carryover": carryover, "txf": txf}
"""The forms of the United States by the name they are asked for."""
