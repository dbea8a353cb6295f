"""What a plan keeps when it is saved: why it was made, and which purchases would undo its losses."""

from datetime import date
from decimal import Decimal

import pytest

import steelyard
from steelyard import bootstrap

D = Decimal
FILE = """\
base_currency = "USD"
[targets]
VOO = "50%"
TLT = "50%"
[policy]
kind = "threshold"
threshold = "5%"
[tax]
jurisdiction = "US"
filing = "single"
ordinary_rate = "24%"
{setting}
[[accounts]]
name = "main"
kind = "taxable"
cash = {{ USD = "1000" }}
[[accounts.positions]]
symbol = "VOO"
shares = "20"
price = "500 USD"
lots = [ {{ bought = 2024-03-04, shares = 20, unit_cost = "{cost}" }} ]
[[accounts.positions]]
symbol = "TLT"
shares = "10"
price = "90 USD"
lots = [ {{ bought = 2024-03-04, shares = 10, unit_cost = "80" }} ]
"""


def saved(read, cost="600", setting="", cash=0, **changes):
    text = FILE.format(cost=cost, setting=setting)
    for old, new in changes.values():
        text = text.replace(old, new)
    holder = read(text)
    made = steelyard.plan(holder, as_of=date(2026, 11, 24), cash=cash)
    return bootstrap.plan_to_save(holder, made, None, {"file": "words"})


def sale(plan):
    return next(t for t in plan.trades if t.side == "sell")


def test_a_sale_at_a_loss_names_what_else_would_undo_it(read):
    """IVV follows VOO's index: the catalogue says to avoid it as a replacement."""
    found = sale(saved(read))
    assert (found.symbol, found.at_loss) == ("VOO", True)
    assert "IVV" in found.washes
    assert "VOO" not in found.washes
    assert "TLT" not in found.washes


@pytest.mark.parametrize(
    ("setting", "washes"),
    [
        ('identical = "same_symbol"', ("VFIAX", "VFINX")),
        (
            'identical = "same_symbol"\nidentical_groups = [["VOO", "VTI"]]',
            ("VFIAX", "VFINX", "VITSX", "VTI", "VTSAX", "VTSMX"),
        ),
    ],
)
def test_the_owner_says_what_counts_as_identical(read, setting, washes):
    """Other share classes of a fund are the fund itself, whatever is set."""
    assert sale(saved(read, setting=setting)).washes == washes


def test_a_gain_and_a_lifted_block_forbid_nothing(read):
    assert not sale(saved(read, cost="400")).at_loss
    assert not sale(saved(read, setting="block_wash_sales = false")).at_loss


def test_the_rule_that_had_fired_is_kept_with_the_plan(read):
    """20 x 500 of 11,900 are 84 %, 10 x 90 are 7.6 %: both are more than 5 points off 50 %."""
    causes = saved(read).causes
    assert {(c.rule, c.symbol) for c in causes} == {("threshold", "VOO"), ("threshold", "TLT")}


def test_new_money_and_an_owner_who_asked_are_causes_too(read):
    band = {"band": ('threshold = "5%"', 'threshold = "60%"')}
    assert [c.rule for c in saved(read, **band).causes] == ["owner"]
    (cause,) = saved(read, cash=5000, **band).causes
    assert (cause.rule, cause.text) == ("cash-flow", "new money: 5000 USD")
