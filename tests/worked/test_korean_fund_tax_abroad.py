"""What a KRX-listed fund paid abroad, credited against Korean withholding since 2025.

Statute: Income Tax Act (ITA) 57-2, 129(5) to (7); Decree 189-2(1), (2). The second implementation in
`korean_statutes` was written from those texts before the engine.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import korean_statutes as law
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.books.ledger import Entry
from steelyard.domain.tax.country import YearFacts, YearTax, country

D = Decimal
DATA, RULES = load_tax_rules("KR")
FUND = "360750"


def year(*entries: Entry, asked: int = 2026, symbol: str = FUND, tax_class: str = "krx_other") -> YearTax:
    found = load_catalogue().get(symbol)
    return country("KR").year_tax(
        YearFacts(
            asked, entries, {symbol: tax_class}, ExchangeSessions().is_session, DATA, RULES,
            instruments={symbol: found} if found else {},
        )
    )  # fmt: skip


def bought(shares: int = 10_000) -> Entry:
    return Entry(date(2025, 1, 6), "main", "buy", FUND, D(shares), D(20_000), "KRW", tax_base_price=D(20_000))


def paid(amount: int, abroad: int | None, rate: str | None = None, *, on: date = date(2026, 5, 4)) -> Entry:
    """A distribution of so many won on 10,000 shares, all of it a rise of the tax base price."""
    return Entry(
        on, "main", "dividend", FUND, D(10_000), D(amount) / 10_000, "KRW",
        tax_base_price=D(20_000) + D(amount) / 10_000,
        foreign_tax=None if abroad is None else D(abroad), foreign_rate=None if rate is None else D(rate),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "abroad", "rate", "national", "local"),
    [
        # 9,000,000 x 14 % = 1,260,000; 10 % abroad is below 14 %: 1,000,000 x (1 - 14 %) = 860,000.
        pytest.param(9_000_000, 1_000_000, "0.10", 400_000, 40_000, id="issue 16, line 1"),
        # US dividends of 10,000,000: 15 % stays there; 1,500,000 x (14/15 - 14 %) = 1,190,000, all 14 %.
        pytest.param(8_500_000, 1_500_000, "0.15", 0, 0, id="15 % against 14 % leaves nothing"),
        # The decree's 14 % for a rate that cannot be told: 860,000 again.
        pytest.param(9_000_000, 1_000_000, None, 400_000, 40_000, id="no rate"),
        pytest.param(9_000_000, 0, None, 1_260_000, 126_000, id="nothing paid abroad"),
    ],
)
def test_the_tax_a_fund_paid_abroad_is_credited(
    amount: int, abroad: int, rate: str | None, national: int, local: int
) -> None:
    section = year(bought(), paid(amount, abroad, rate)).summary["dividends"]
    assert (section["national_tax"], section["local_tax"]) == (national, local)
    assert section["tax"] == national + local, "the fund's own tax is not the owner's"
    assert not section["upper_bound"]
    by_law = law.fund_income_withheld(amount, abroad, law.Fraction(rate) if rate else law.Fraction(14, 100))
    assert by_law == (national, local)


def test_without_the_notice_the_whole_withholding_is_shown_as_an_upper_bound() -> None:
    """1,260,000 and 126,000: no more than this can be withheld."""
    tax = year(bought(), paid(9_000_000, None))
    assert tax.summary["dividends"]["tax"] == 1_386_000
    assert tax.summary["dividends"]["upper_bound"]


def test_before_2025_nothing_is_credited() -> None:
    """Addenda: from payments of 2025; before, the state paid the tax back to the fund."""
    first = Entry(
        date(2024, 1, 8), "main", "buy", FUND, D(10_000), D(20_000), "KRW", tax_base_price=D(20_000)
    )
    tax = year(first, paid(9_000_000, 1_000_000, "0.10", on=date(2024, 5, 6)), asked=2024)
    assert tax.summary["dividends"]["national_tax"] == 1_260_000


def test_a_credit_beyond_14_percent_waits_for_the_next_payment_of_the_fund() -> None:
    """ITA 129(6), (7). First 1,000,000 with 2,000,000 abroad at 10 %: credit 1,720,000, limit 140,000.

    1,580,000 wait; the next 9,000,000 would bear 1,260,000 and use as much of them.
    """
    first = paid(1_000_000, 2_000_000, "0.10", on=date(2026, 2, 2))
    later = Entry(
        date(2026, 8, 3), "main", "dividend", FUND, D(10_000), D(900), "KRW",
        tax_base_price=D(20_000 + 100 + 900), foreign_tax=D(0),
    )  # fmt: skip
    section = year(bought(), first, later).summary["dividends"]
    assert (section["national_tax"], section["fund_credit"]) == (0, 140_000 + 1_260_000)


def test_a_domestic_equity_distribution_is_taxed_in_full_whatever_its_tax_base_price() -> None:
    """Enforcement Rule 13(1)1, not 13(1)2: of ETFs on domestic share prices what is paid out counts."""
    rows = [
        Entry(
            date(2025, 1, 6), "main", "buy", "069500", D(1_000), D(30_000), "KRW", tax_base_price=D(30_000)
        ),
        Entry(
            date(2026, 5, 4), "main", "dividend", "069500", D(1_000), D(500), "KRW", tax_base_price=D(30_010)
        ),
    ]
    section = year(*rows, symbol="069500", tax_class="krx_domestic_equity").summary["dividends"]
    assert (section["taxable"], section["national_tax"], section["local_tax"]) == (500_000, 70_000, 7_000)
    assert section["upper_bound"], "the part that is no fund income is in no input"


def test_what_the_fund_paid_is_not_taken_for_what_was_withheld_from_the_owner() -> None:
    """An overseas-listed fund: what it paid itself is no credit of the owner, and it is said."""
    dividend = Entry(
        date(2026, 5, 4),
        "main",
        "dividend",
        "VOO",
        D(10),
        D(100),
        "USD",
        fx_rate=D(1400),
        foreign_tax=D(210_000),
    )
    ours = year(dividend, symbol="VOO", tax_class="overseas_listed")
    assert ours.summary["dividends"]["national_tax"] == 196_000
    assert any("stands in fees" in note for note in ours.notes)
