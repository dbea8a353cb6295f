"""Japan, by the examples of its tax offices and brokers and by hand."""

from datetime import date
from decimal import Decimal

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.tax.situation import situations
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.portfolio_books import Books, with_books
from steelyard.domain.tax.planning import tax_at
from steelyard.errors import InputError

D = Decimal


def trade(kind, day, shares, price, *, account="main", symbol="1306", currency="JPY", **more):
    return Entry(day, account, kind, symbol, D(shares), D(price), currency, **more)


def situation(entries, settings="", *, as_of=date(2026, 11, 23), selling=False):
    text = (
        'base_currency = "JPY"\n[targets]\n1306 = "100%"\n[instruments.1306]\ncurrency = "JPY"\n'
        f'[tax]\njurisdiction = "JP"\n{settings}\n[[accounts]]\nname = "main"\n'
        '[[accounts]]\nname = "nisa"\nkind = "nisa"\n'
    )
    held = parse(text, "portfolio.toml", load_catalogue(), need_prices=False)
    kept = with_books(held, Books(tuple(entries)))
    (found,) = situations(kept, ExchangeSessions(), load_tax_rules, as_of=as_of, selling=selling)
    return found


def year(entries, settings="", **more):
    return situation(entries, settings, **more).so_far


def test_purchases_and_sales_of_one_day_have_one_average_whatever_their_order():
    """GMO Click Securities: one share at 100,000, next day one sold at 120,000 and one bought at 110,000:
    average 105,000, gain 15,000."""
    found = year(
        [
            trade("buy", date(2026, 4, 1), 1, 100_000),
            trade("sell", date(2026, 4, 2), 1, 120_000),
            trade("buy", date(2026, 4, 2), 1, 110_000),
        ]
    )
    assert [d.gain for d in found.disposals] == [15_000]


def test_the_average_is_rounded_up_to_the_yen_and_goes_on_from_there():
    """5,000 at 800 and 2,000 at 850: 5,700,000 / 7,000 = 814.28..., 815 a share; of the 4,000 left with 5,000
    more at 870: (4,000 * 815 + 4,350,000) / 9,000 = 845.55..., 846 (Circular 37-10, 37-11-14: rounded up)."""
    found = year(
        [
            trade("buy", date(2025, 1, 10), 5_000, 800),
            trade("buy", date(2025, 8, 4), 2_000, 850),
            trade("sell", date(2026, 2, 2), 3_000, 900),
            trade("buy", date(2026, 3, 2), 5_000, 870),
            trade("sell", date(2026, 7, 1), 7_000, 900),
        ]
    )
    assert [d.cost for d in found.disposals] == [3_000 * 815, 7_000 * 846]
    assert [x.cost for x in found.open_lots] == [2_000 * 846]


def test_a_gain_bears_15_315_and_5_percent_cut_to_hundreds():
    """1,000,999: 1,000,000 is taxed; 150,000 + 3,150 = 153,150, cut to 153,100; local 50,000."""
    found = year([trade("buy", date(2025, 1, 10), 1, 1), trade("sell", date(2026, 2, 2), 1, 1_001_000)])
    listed = found.summary["listed"]
    assert (listed["taxable"], listed["national_tax"], listed["local_tax"]) == (1_000_000, 153_100, 50_000)
    assert found.total_tax == 203_100


def test_delivery_decides_the_year():
    """Tokyo trades last on 2025-12-30: what is sold on the 26th is delivered then, on the 29th in January."""
    buy = trade("buy", date(2025, 1, 10), 2, 100)
    sold = [trade("sell", date(2025, 12, day), 1, 200) for day in (26, 29)]
    assert [d.sold_on.day for d in year([buy, *sold]).disposals] == [29]
    last = situation([buy]).country.last_sale_day(2025, ExchangeSessions().is_session, {})
    assert last == date(2025, 12, 26)


def loss_of(amount, day):
    return [trade("buy", day, 1, amount + 1), trade("sell", day.replace(day=20), 1, 1)]


def gain_of(amount, day):
    return [trade("buy", day, 1, 1), trade("sell", day.replace(day=20), 1, amount + 1)]


def test_this_years_loss_comes_off_dividends_first_then_the_oldest_of_three_years():
    """Osaka Regional Taxation Bureau: this year's, that of three years ago, of two, of one. Dividends of
    1,000,000; losses of 100,000 now, 300,000 of 2023, 250,000 of 2024, 800,000 of 2025: of the last 450,000
    are left (800,000 less 1,000,000 - 100,000 - 300,000 - 250,000)."""
    entries = [
        *loss_of(300_000, date(2023, 2, 1)),
        *loss_of(250_000, date(2024, 2, 1)),
        *loss_of(800_000, date(2025, 2, 3)),
        *loss_of(100_000, date(2026, 2, 2)),
        trade("buy", date(2026, 3, 2), 1, 1),
        trade("dividend", date(2026, 4, 1), 1, 1_000_000),
    ]
    found = year(entries)
    assert found.total_tax == 0
    assert found.summary["listed"]["carried_used"] == 900_000
    assert found.summary["carry_forward"] == {"2025": 450_000}


def test_a_loss_is_gone_after_three_years():
    losses = loss_of(500_000, date(2022, 2, 1))
    assert year([*losses, *gain_of(500_000, date(2025, 2, 3))], as_of=date(2025, 6, 1)).total_tax == 0
    assert year([*losses, *gain_of(500_000, date(2026, 2, 2))]).total_tax > 0


def test_losses_from_before_the_journal_are_stated_by_year():
    """Of 500,000 of gain 300,000 are taken by the loss of 2024: 200,000 * 20.315 %, cut: 30,600 + 10,000."""
    found = year(gain_of(500_000, date(2026, 2, 2)), "losses = { 2024 = 300000 }")
    assert found.total_tax == 40_600
    with pytest.raises(InputError) as caught:
        year([], "losses = 3")
    assert caught.value.code == "tax-setting"


def test_a_purchase_abroad_counts_at_the_rate_of_its_entry():
    """10 dollars at 150 (TTS), 12 at 149 (TTB): 1,788 - 1,500 = 288."""
    found = year(
        [
            trade("buy", date(2026, 2, 2), 1, 10, currency="USD", fx_rate=D(150)),
            trade("sell", date(2026, 3, 2), 1, 12, currency="USD", fx_rate=D(149)),
        ]
    )
    assert [d.gain for d in found.disposals] == [288]


def test_nisa_has_neither_gains_nor_losses():
    found = year(
        [trade("buy", date(2026, 2, 2), 1, 100, account="nisa"),
         trade("sell", date(2026, 3, 2), 1, 1, account="nisa")]
    )  # fmt: skip
    assert (found.disposals, found.total_tax, found.summary["carry_forward"]) == ((), 0, {})


@pytest.mark.parametrize("kind", ["inheritance", "spin_off", "return_of_capital"])
def test_what_is_not_covered_is_refused_by_name(kind):
    with pytest.raises(InputError, match=kind) as caught:
        year([trade("buy", date(2026, 2, 2), 1, 100), trade(kind, date(2026, 3, 2), 1, 1)])
    assert caught.value.code == "tax-entry-kind"


@pytest.mark.parametrize("more", [-900_000, -300_000, 0, 200_000, 700_000])
def test_the_formula_of_a_plan_is_the_return_but_for_rounding(more):
    """Realised so far: 400,000 of gain, 100,000 of dividends, 250,000 carried in from 2025."""
    entries = [
        *loss_of(250_000, date(2025, 2, 3)),
        *gain_of(400_000, date(2026, 2, 2)),
        trade("dividend", date(2026, 4, 1), 1, 100_000),
    ]
    known = situation(entries, selling=True)
    (formula,) = known.country.plan_tax(known.facts, known.so_far, date(2026, 11, 23)).taxes
    deal = gain_of(more, date(2026, 5, 1)) if more >= 0 else loss_of(-more, date(2026, 5, 1))
    exact = year([*entries, *deal]).total_tax - known.so_far.total_tax
    assert abs(tax_at(formula, {"listed": D(more)}) - exact) < 400
