"""Plans a person would follow, worked by hand from contract section 3b."""

from datetime import date
from decimal import Decimal

import pytest

from steelyard import check, invest, plan
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse

D = Decimal
DAY = date(2026, 11, 23)

IRP = """
base_currency = "KRW"
[targets]
360750 = "60%"
148070 = "40%"
[prices]
360750 = "26000 KRW"
148070 = "118350 KRW"
[[accounts]]
name = "irp"
kind = "irp"
cash = { KRW = "100000" }
[[accounts.positions]]
symbol = "360750"
shares = 330
[[accounts.positions]]
symbol = "148070"
shares = 10
[[accounts]]
name = "taxable"
kind = "taxable"
cash = { KRW = "5000000" }
"""


def read(text):
    return parse(text, "portfolio.toml", load_catalogue())


def traded(made):
    return [(t.account, t.side, t.symbol, int(t.shares)) for t in made.trades]


def test_an_irp_that_stands_near_enough_is_left_alone_and_the_cash_outside_is_spent():
    """The example of issue 17.

    T = 330 x 26,000 + 10 x 118,350 + 100,000 + 5,000,000 = 14,863,500: wanted 8,918,100 and 5,945,400.
    Bought 10 of 360750 (260,000) and 40 of 148070 (4,734,000) of 5,000,000, 6,000 are left; the misses are
    8,918,100 - 8,840,000 = 78,100 and 5,945,400 - 5,917,500 = 27,900: together 82,934, 0.558 % of T. The
    nearest plan (179 sold in the IRP, 192 bought outside, 40 of the bond fund) misses 28,000: 0.19 %. Nine or
    eleven of 360750 do not do: with nine the misses are 104,100 and 27,900, 0.73 %, more than 0.19 + 0.5 %;
    eleven cost 286,000, which with 40 bonds is 5,020,000.
    """
    made = plan(read(IRP), as_of=DAY)
    assert traded(made) == [("taxable", "buy", "148070", 40), ("taxable", "buy", "360750", 10)] or traded(
        made
    ) == [
        ("taxable", "buy", "360750", 10),
        ("taxable", "buy", "148070", 40),
    ]
    assert made.objective.value == D(78_100) ** 2 + D(27_900) ** 2
    assert made.objective.proven
    assert made.nearest is not None
    assert round(made.nearest.distance, 4) == D("0.0019")
    assert round(made.nearest.plan_distance, 4) == D("0.0056")
    assert made.nearest.turnover > 14_000_000


def test_the_nearest_plan_of_the_irp_is_still_there_for_who_asks():
    """179 shares go in the IRP and 192 come back outside for 0.37 points: `--accept-drift 0` says so."""
    made = plan(read(IRP), as_of=DAY, accept_drift="0")
    sold = sum(int(t.shares) for t in made.trades if t.side == "sell" and t.symbol == "360750")
    assert sold == 179
    assert made.nearest is None


def test_the_idle_cash_of_the_irp_is_explained():
    """Its cap forbids 360750 there (8,580,000 of 9,863,500 is 87 %, above 70 %); 100,000 buys no bond."""
    made = plan(read(IRP), as_of=DAY)
    idle = {u.account: u for u in made.untraded if u.amount}
    assert idle["irp"].amount == 100_000
    assert idle["irp"].decided_by == "rule"
    assert "70" in idle["irp"].reason
    assert "148070" in idle["irp"].reason
    assert idle["taxable"].amount == 6_000


TWO = """
base_currency = "KRW"
[targets]
A = "50%"
B = "50%"
[policy]
threshold = "{band}"
[instruments.A]
currency = "KRW"
[instruments.B]
currency = "KRW"
[prices]
A = "10000 KRW"
B = "10000 KRW"
[[accounts]]
name = "one"
cash = {{ KRW = "{cash}" }}
positions = [ {{ symbol = "A", shares = {a} }}, {{ symbol = "B", shares = {b} }} ]
[[accounts]]
name = "two"
positions = [ {{ symbol = "A", shares = 10 }}, {{ symbol = "B", shares = 10 }} ]
"""


def test_new_money_that_is_less_than_the_accepted_drift_is_spent_all_the_same():
    """400,000 into 100,000,000 is 0.4 %: near enough without a purchase, and yet it must buy, 40 shares.

    50,000,000 of each were there; 20 more of each is exactly on target again.
    """
    held = read(TWO.format(band="5%", cash=0, a=4990, b=4990))
    bought = invest(held, "400000", as_of=DAY)
    assert sum(int(t.shares) for t in bought.trades) == 40
    with_sales = plan(held, cash="400000", as_of=DAY)
    assert sum(int(t.shares) for t in with_sales.trades if t.side == "buy") == 40


@pytest.mark.parametrize("a", [5250, 5600, 6400, 9000])
def test_what_check_calls_due_a_plan_brings_back_inside_its_band(a):
    """Bands of 2 %: whatever is accepted, nothing stays outside its band that could be brought back."""
    held = read(TWO.format(band="2%", cash=0, a=a, b=10_000 - a))
    before = check(held, as_of=DAY)
    assert before.decision.due
    made = plan(held, as_of=DAY)
    assert all(abs(h.drift.drift) <= D("0.02") for h in made.after)


def test_without_tax_and_cost_nothing_stays_half_a_percent_short():
    """5,030 and 4,970 shares, 0.3 % off each: a sale and a purchase make it exact, near enough is nothing.

    Fewer trades come before nearness where all is near enough: nothing is traded. From 5,100 two trades are
    needed, and with two the objective decides: all the way to target, not to the edge of what is accepted.
    """
    assert traded(plan(read(TWO.format(band="5%", cash=0, a=5030, b=4970)), as_of=DAY)) == []
    made = plan(read(TWO.format(band="5%", cash=0, a=5100, b=4900)), as_of=DAY)
    assert sorted(traded(made)) == [("one", "buy", "B", 100), ("one", "sell", "A", 100)]


def test_relative_distance_never_makes_twenty_points_of_drift_near_enough():
    """70/30 held against 50/50: `--objective relative` with 0.5 % accepted has to trade (issue 17)."""
    held = read(TWO.format(band="5%", cash=0, a=7000, b=3000))
    made = plan(held, as_of=DAY, objective="relative", accept_drift="0.5%")
    assert made.trades
    assert all(abs(h.drift.drift) <= D("0.006") for h in made.after)


MIXED = """
base_currency = "USD"
[targets]
stocks = "50%"
bonds = "50%"
[classes.stocks]
members = ["VOO"]
[classes.bonds]
members = ["BND"]
[instruments.MIX]
currency = "USD"
us_class = "security"
exposure = { stocks = "50%", bonds = "50%" }
[prices]
BND = 100
[tax]
jurisdiction = "US"
filing = "single"
other_income = 90000
[[accounts]]
name = "taxable"
positions = [
  { symbol = "VOO", shares = 30, price = 100, lots = [{ bought = 2020-03-02, shares = 30, unit_cost = 50 }] },
]
[[accounts]]
name = "ira"
kind = "ira"
positions = [ { symbol = "MIX", shares = 60, price = 100 } ]
[[accounts]]
name = "roth"
kind = "roth"
cash = { USD = 1000 }
"""


def test_a_fund_of_everything_is_sold_where_that_is_free_though_its_parts_are_bought_elsewhere():
    """Half of 6,000 are stocks: 6,000 of them in all, 3,000 of bonds and 1,000 of cash, wanted 5,000 each.

    Selling 40 of the mixed fund into bonds leaves 4,000 of stocks, 5,000 of bonds, and the Roth buys ten VOO.
    (Twenty into bonds and ten bonds in the Roth come to the same, but stocks stand better in a Roth, bonds in
    an IRA.) One share fewer misses both by 50, 0.71 % of 10,000 and more than half a percent. Selling ten VOO
    instead would cost 15 % of 500.
    """
    made = plan(read(MIXED), as_of=DAY)
    assert traded(made) == [
        ("ira", "sell", "MIX", 40),
        ("ira", "buy", "BND", 40),
        ("roth", "buy", "VOO", 10),
    ]
    assert made.taxes == 0
    assert made.effort.proven
