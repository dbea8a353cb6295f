"""The Korean statement of gains on shares (주식등 양도소득금액 계산명세서) and a sheet for a tax accountant.

The headings are the form's, so they are Korean in every language. Each line stands in whole won, and the
lines add up to the gain of the year to the won; what a division leaves is put to the last line.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.country import Disposal, YearTax
from steelyard.domain.tax.forms import Cell, Form
from steelyard.domain.tax.korea.rates import whole_won
from steelyard.records import dataclass
from steelyard.words import say

_KINDS = {"overseas_listed": "국외상장주식", "krx_taxable_shares": "과세대상 국내주식"}
STATEMENT = (
    "주식종목명", "구분", "계좌", "양도주식수", "양도일자(결제일)", "취득일자(체결일)", "양도가액",
    "취득가액", "필요경비", "양도소득금액", "적용 환율",
)  # fmt: skip
SHEET = (
    "구분", "계좌", "종목", "체결일", "결제일(지급일)", "수량", "통화", "적용 환율", "환율일자", "환율 출처",
)  # fmt: skip
_OWN = "기록의 fx_rate"


@dataclass(slots=True)
class _Line:
    """A sale, or the part of it that one purchase gave, in whole won."""

    sale: Disposal
    bought: date
    shares: Decimal
    gross: Decimal
    cost: Decimal
    expenses: Decimal
    gain: Decimal
    rates: str

    def row(self) -> tuple[Cell, ...]:
        sale = self.sale
        return (
            sale.symbol, _KINDS[sale.tax_class], sale.account, self.shares, sale.settles_on, self.bought,
            self.gross, self.cost, self.expenses, self.gain, self.rates,
        )  # fmt: skip


def statement(year: YearTax) -> Form:
    """Return the statement of gains on shares of a year, with the computation of both taxes below it.

    A line is a sale; under first in, first out a part of a sale for each purchase, as the form asks.
    """
    sales = [d for d in year.disposals if d.tax_class in _KINDS]
    section = year.summary["overseas_listed"]
    net = section["net_gain"]
    lines = [line for sale in sales for line in _lines(sale, year)]
    _fit(lines, net)
    totals = [
        exact_sum(getattr(line, name) for line in lines) for name in ("gross", "cost", "expenses", "gain")
    ]
    rows: list[tuple[Cell, ...]] = [line.row() for line in lines]
    rows.append(("합계", "", "", None, None, None, *totals, ""))
    relief = exact_sum(
        section[key] for key in ("repatriation_deduction", "hedging_deduction") if key in section
    )
    for name, amount in (
        ("양도소득금액", net),
        ("양도소득 기본공제", min(max(net, ZERO), section["deduction"])),
        ("조세특례제한법상 소득공제", relief),
        ("과세표준", section["taxable"]),
        ("산출세액(양도소득세)", section["national_tax"]),
        ("지방소득세", section["local_tax"]),
        ("합계 세액", section["tax"]),
    ):
        if amount or name != "조세특례제한법상 소득공제":
            rows.append((name, *("" for _ in range(8)), amount, ""))
    names = {"overseas_listed": "확정신고(주식등)", "domestic_shares": "예정신고(국내주식)"}
    for filing in year.filings:
        if filing.what in names:
            due = f"{filing.opens.isoformat()} ~ {filing.due.isoformat()}"
            rows.append((names[filing.what], due, *("" for _ in range(7)), filing.amount, ""))
    return Form("주식등 양도소득금액 계산명세서", STATEMENT, tuple(rows), _notes(year, sales))


def sheet(year: YearTax) -> Form:
    """Return every rate of exchange behind the year, with its day and where it comes from."""
    words = {"buy": "매수", "sell": "매도", "dividend": "배당금", "transfer_in": "입고"}
    rows = tuple(
        (
            words.get(used.kind, used.kind),
            used.account,
            used.symbol,
            used.traded_on,
            used.moved_on,
            used.shares,
            used.currency,
            used.rate,
            used.day,
            used.name or (_OWN if used.day is None else ""),
        )
        for used in year.rates_used
    )
    return Form("세무사 제출용 환율 명세", SHEET, rows, tuple(year.notes))


FORMS = {"statement": statement, "sheet": sheet}
"""By the name they are asked for."""


def _lines(sale: Disposal, year: YearTax) -> list[_Line]:
    """Return the lines of a sale in whole won: a purchase with its own cost and fees, the rest in parts."""
    gross = sale.proceeds if sale.gross is None else sale.gross
    expenses = ZERO if sale.expenses is None else sale.expenses
    of_the_sale = EXACT.subtract(expenses, exact_sum(lot.fees for lot in sale.lots))
    found = []
    for lot in sale.lots:
        part = EXACT.divide(lot.shares, sale.shares)
        sold = whole_won(EXACT.multiply(gross, part))
        fees = whole_won(EXACT.add(EXACT.multiply(of_the_sale, part), lot.fees))
        gain = whole_won(EXACT.subtract(EXACT.multiply(sale.proceeds, part), lot.cost))
        # The bare cost is what the other three leave, so that every line adds up.
        cost = EXACT.subtract(EXACT.subtract(sold, fees), gain)
        rates = _rates(sale, lot.bought, year)
        found.append(_Line(sale, lot.bought, lot.shares, sold, cost, fees, gain, rates))
    return found


def _rates(sale: Disposal, bought: date, year: YearTax) -> str:
    """Return the rates behind a line: of the sale and of its purchase; an average has those of many."""
    averaged = any(note.startswith("moving average") for note in sale.notes)

    def of(kinds: Iterable[str], days: Iterable[object]) -> list[str]:
        return [
            f"{used.traded_on.isoformat()} {used.currency} {used.rate}"
            for used in year.rates_used
            if used.kind in kinds
            and (used.account, used.symbol) == (sale.account, sale.symbol)
            and used.traded_on in days
        ]

    purchase = [] if averaged else of(("buy", "transfer_in"), {bought})
    return "; ".join([*of(("sell",), {sale.sold_on}), *purchase])


def _fit(lines: list[_Line], net: Decimal) -> None:
    """Put what cutting each line left to the last one, so that the lines add up to the year's gain."""
    if lines:
        left = EXACT.subtract(net, exact_sum(line.gain for line in lines))
        lines[-1].gain = EXACT.add(lines[-1].gain, left)
        lines[-1].cost = EXACT.subtract(lines[-1].cost, left)


def _notes(year: YearTax, sales: list[Disposal]) -> tuple[str, ...]:
    notes = [
        say("The form's codes (country, kind of share, transfer and acquisition) are left to the filer.")
    ]
    if any(note.startswith("moving average") for d in sales for note in d.notes):
        notes.append(
            say("Under the moving average the day of acquisition shown is the first purchase still held.")
        )
    return (*notes, *year.notes)
