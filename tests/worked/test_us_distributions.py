"""Money out of traditional retirement accounts counted as income, where the owner asks for it.

Amounts by hand from the brackets of 2026, single: 12 % to 50,400, 22 % to 105,700, 24 % to 201,775; sections
72(t), 408(d)(1) and 1411 of 26 U.S.C.
"""

import json
from datetime import date

import pytest

from processes import run_command
from steelyard.domain.tax.united_states.distributions import half_past_59
from steelyard.errors import InputError
from tax_files import DAY, LONG_AGO, D, buy, known, portfolio, trade

US = 'jurisdiction = "US"\nother_income = 50000'
ASKED = f"{US}\ncount_distributions = true"


def taken(amount=20_000, *, day=DAY, account="ira"):
    return trade("withdrawal", day, "", amount, 0, account=account)


def year(tax, entries, *, as_of=DAY):
    return known(portfolio(tax, {"VOO": 100}), entries, as_of=as_of)[0].so_far


def test_what_is_taken_out_is_taxed_by_the_brackets_above_the_other_income():
    """400 at 12 % = 48, 19,600 at 22 % = 4,312."""
    found = year(f"{ASKED}\nborn = 1960-05-01", [taken()])
    assert found.summary["distributions"] == 20_000
    assert found.summary["tax"]["distributions"] == found.total_tax == 4_360
    assert any("counted as ordinary income" in n and "not counted" not in n for n in found.notes)


@pytest.mark.parametrize(
    ("born", "additional"), [("1967-05-23", 0), ("1967-05-24", 2_000), ("1990-01-01", 2_000)]
)
def test_a_tenth_more_is_due_before_59_and_a_half(born, additional):
    """Taken out on 23 November 2026: who was born on 23 May 1967 is 59 1/2 that day."""
    found = year(f"{ASKED}\nborn = {born}", [taken()])
    assert found.total_tax == 4_360 + additional
    assert found.summary["tax"].get("early_distributions", 0) == additional


def test_without_a_birthday_it_is_said_that_a_tenth_more_may_be_due():
    found = year(ASKED, [taken()])
    assert found.total_tax == 4_360
    assert any("10 % more" in n and "born" in n for n in found.notes)


def test_it_is_not_counted_unless_asked_and_the_note_says_how_to_ask():
    found = year(US, [taken()])
    assert found.total_tax == 0
    assert any("count_distributions = true" in n for n in found.notes)


def test_it_pushes_gains_into_a_higher_bracket_and_counts_for_the_surtax_only_as_income():
    """190,000 of income, 20,000 out, a long gain of 10,000. Distributions: 11,775 at 24 % = 2,826 and 8,225
    at 32 % = 2,632. The gain at 15 % = 1,500. Modified gross income of 220,000 is 20,000 above the threshold,
    but only the gain is investment income: 3.8 % of 10,000 = 380 (1411(c)(5) leaves distributions out)."""
    entries = [taken(), buy(LONG_AGO, "VOO", 10, 100), trade("sell", DAY, "VOO", 10, 1100)]
    tax = 'jurisdiction = "US"\nother_income = 190000\ncount_distributions = true\nborn = 1950-01-01'
    parts = year(tax, entries).summary["tax"]
    assert parts["distributions"] == 2_826 + 2_632
    assert parts["long_term"] == 1_500
    assert parts["net_investment_income_tax"] == 380


def test_income_of_a_former_year_lets_a_loss_be_used_up():
    """No other income in 2025, 10,000 of short loss and 2,000 out of the IRA: 2,000 of the loss find income
    to reduce (1212(b)(2)), 8,000 are carried on; without counting it all 10,000 would be."""
    entries = [
        buy(date(2025, 1, 6), "VOO", 100, 500),
        trade("sell", date(2025, 3, 3), "VOO", 100, 400),
        taken(2_000, day=date(2025, 6, 2)),
    ]
    none = 'jurisdiction = "US"\nother_income = 0'
    assert year(f"{none}\ncount_distributions = true", entries).summary["carried_in"]["short"] == 8_000
    assert year(none, entries).summary["carried_in"]["short"] == 10_000


@pytest.mark.parametrize("account", ["roth", "main"])
def test_money_out_of_other_accounts_is_no_income(account):
    held = portfolio(ASKED, {"VOO": 100})
    assert known(held, [taken(account=account)])[0].so_far.total_tax == 0


def test_at_a_rate_alone_it_is_an_estimate():
    tax = 'jurisdiction = "US"\nordinary_rate = "24%"\ncount_distributions = true\nborn = 1990-01-01'
    assert year(tax, [taken()]).total_tax == D(4_800) + 2_000


def test_a_birthday_that_is_no_day_is_refused():
    with pytest.raises(InputError, match="not a day"):
        year(f'{ASKED}\nborn = "soon"', [taken()])


def test_the_end_of_a_month_counts_as_its_half_year():
    assert half_past_59(date(1967, 8, 31)) == date(2027, 2, 28)
    assert half_past_59(date(1968, 8, 31)) == date(2028, 2, 29)


FILE = """
base_currency = "USD"
priced_on = 2026-11-23
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
other_income = 50000
{more}
[[accounts]]
name = "ira"
kind = "ira"
cash = {{ USD = "20000" }}
[[accounts.positions]]
symbol = "VOO"
shares = 10
price = "500 USD"
lots = [{{ bought = 2024-01-10, shares = 10, unit_cost = "400 USD" }}]
"""


def planned(folder, more):
    (folder / "portfolio.toml").write_text(FILE.format(more=more), encoding="utf-8")
    done = run_command(folder, "withdraw", "20000", "--as-of", "2026-11-23", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_plan_that_takes_money_out_counts_it_where_asked(tmp_path):
    """The same 4,360, and 2,000 for who is too young; unasked 0, and the plan says what is left out."""
    asked = planned(tmp_path, "count_distributions = true\nborn = 1990-01-01")
    assert asked["taxes"] == "6360"
    unasked = planned(tmp_path, "")
    assert unasked["taxes"] == "0"
    assert "count_distributions" in unasked["tax_note"]
