"""Korean gifts, the repatriation account, ISA, pensions and IRP: the edges of each rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.books.ledger import Entry
from steelyard.domain.tax.country import YearFacts, country
from steelyard.domain.tax.korea.accounts import IsaItem, isa_closing, pension_credit
from steelyard.domain.tax.korea.gifts import gift_basis
from steelyard.domain.tax.korea.rates import rates_of
from steelyard.domain.tax.korea.repatriation import (
    OutsideTrade,
    RepatriationSale,
    repatriation_deduction,
)
from steelyard.errors import InputError

DATA, RULES = load_tax_rules("KR")
RATES = rates_of(DATA, RULES, 2026)
M = 1_000_000


def d(value: int | str) -> Decimal:
    return Decimal(value)


def gift(giver_cost: int, value: int, sold_on: date, gift_tax: int = 0) -> tuple[Decimal, bool]:
    basis = gift_basis(
        DATA,
        giver_cost=d(giver_cost),
        value=d(value),
        proceeds=d(900),
        given_on=date(2025, 6, 1),
        sold_on=sold_on,
        gift_tax=d(gift_tax),
    )
    return basis.cost, basis.carried_over


def test_a_gift_is_carried_over_up_to_the_day_a_year_later_and_not_where_that_lowers_the_tax() -> None:
    """ITA 97-2(1), 97-2(2)3; gift tax is an expense up to the gain."""
    assert gift(100, 600, date(2026, 6, 1)) == (100, True)
    assert gift(100, 600, date(2026, 6, 2)) == (600, False)
    assert gift(700, 600, date(2026, 3, 1)) == (600, False)
    assert gift(100, 600, date(2026, 3, 1), gift_tax=50) == (150, True)


def test_only_50_million_of_repatriated_proceeds_count_and_sales_elsewhere_offset_purchases() -> None:
    """Cost 40, proceeds 100 million: half of the gain of 60 million. Then 20 bought and 10 sold elsewhere."""
    sale = RepatriationSale(date(2026, 4, 30), d(100 * M), d(40 * M))
    assert repatriation_deduction([sale], [], RATES, DATA).deduction == 30 * M
    outside = [
        OutsideTrade(date(2026, 5, 4), True, d(20 * M)),
        OutsideTrade(date(2026, 5, 6), False, d(10 * M)),
    ]
    relief = repatriation_deduction([sale], outside, RATES, DATA)
    assert (relief.ratio, relief.deduction) == (d("0.8"), 24 * M)
    assert repatriation_deduction([], outside, RATES, DATA).deduction == 0
    with pytest.raises(InputError) as caught:
        repatriation_deduction([RepatriationSale(date(2027, 1, 4), d(1), d(1))], [], RATES, DATA)
    assert caught.value.code == "repatriation-day"


def test_a_lower_income_isa_has_4_million_free_and_counts_losses_of_shares_but_not_their_gains() -> None:
    """STTCA 91-18: 6 - 1 million, 4 of them free, 9.9 % of the last one."""
    items = [
        IsaItem("interest", d(6 * M)),
        IsaItem("domestic_share", d(-1 * M)),
        IsaItem("domestic_share", d(7 * M)),
    ]
    assert isa_closing(items, "lower_income", RATES).tax == 99_000
    with pytest.raises(InputError, match="not a type of ISA"):
        isa_closing(items, "big", RATES)
    with pytest.raises(InputError, match="not a kind of ISA income"):
        isa_closing([IsaItem("crypto", d(1))], "general", RATES)


def test_an_isa_moved_into_a_pension_is_credited_by_a_tenth_up_to_3_million() -> None:
    """16.5 % of 9 + 3 million."""
    credit = pension_credit(RATES, savings=d(6 * M), irp=d(3 * M), salary=d(55 * M), from_isa=d(40 * M))
    assert (credit.creditable, credit.total) == (12 * M, 1_980_000)


@pytest.mark.parametrize(
    ("day", "used", "tax", "paid_back", "due"),
    [
        # Before the return: nothing is deducted (91-26(1)2), so 22 % of 30 less 2.5 million is filed.
        pytest.param("2027-05-31", "0", "6050000", "0", None, id="before the return"),
        # After it: 20 % of the 24 million deducted, two months after the end of June (91-26(4), 93-12(8));
        # interest by 91-26(5) and 93-12(11), local tax by Local Tax Act 103-63(1).
        pytest.param("2027-06-01", "24000000", "770000", "4800000", "2027-08-31", id="after the return"),
        # A year after the money came in it is free.
        pytest.param("2027-07-05", "24000000", "770000", "0", None, id="a year later"),
    ],
)
def test_money_that_leaves_the_repatriation_account_within_a_year(
    day: str, used: str, tax: str, paid_back: str, due: str | None
) -> None:
    """Sold on 30 June, settled in July, 20 million for 50: 80 % of a gain of 30 million is deducted."""
    bought = Entry(date(2024, 3, 4), "home", "buy", "VOO", d(100), d(200_000), "KRW")
    sold = replace(bought, traded_on=date(2026, 6, 30), kind="sell", price=d(500_000))
    left = Entry(date.fromisoformat(day), "home", "withdrawal", "", d(1 * M), None, "KRW")
    facts = YearFacts(
        2026,
        [bought, sold, left],
        {"VOO": "overseas_listed"},
        ExchangeSessions().is_session,
        DATA,
        RULES,
        account_kinds={"home": "ria"},
    )
    year = country("KR").year_tax(facts)
    section = year.summary["repatriation"]
    assert (section["used"], section["paid_back"]) == (d(used), d(paid_back))
    assert year.total_tax == year.summary["overseas_listed"]["tax"] == d(tax)
    late = [(x.due.isoformat(), x.amount) for x in year.filings if x.what.startswith("repatriation")]
    # 92 days from 1 June to 31 August at 0.022 % of 4.8 million, 1,056 each; 10 % of 4,897,152 is local.
    assert late == ([(due, d(4_897_152)), (due, d(489_715))] if due else [])
    interest, local = section["paid_back_interest"], section["paid_back_local"]
    assert (interest, local) == ((d(97_152), d(489_715)) if due else (0, 0))
    assert any("1056 won a day" in note for note in year.notes) == bool(due)
    assert any("within a year" in note for note in year.notes) == (used == "0" or due is not None)
