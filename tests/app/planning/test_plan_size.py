"""A plan that nobody would wait for is refused, with what it may hold; what may be held is planned."""

import pytest

from builders import account, portfolio
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.api import planning
from steelyard.errors import InputError


def household(accounts, targets):
    part = 100 // targets
    weights = {f"S{n:03}": f"{part}%" for n in range(targets - 1)}
    weights[f"S{targets - 1:03}"] = f"{100 - part * (targets - 1)}%"
    rows = [account(name=f"a{n}", cash={"USD": "1000"}) for n in range(accounts)]
    prices = "\n[prices]\n" + "".join(f'{symbol} = "{10 + n} USD"\n' for n, symbol in enumerate(weights))
    text = portfolio(weights, *rows, base_currency="USD") + prices
    return parse(text, "portfolio.toml", load_catalogue())


@pytest.mark.parametrize(("accounts", "targets"), [(31, 2), (13, 50)])
def test_more_than_one_plan_can_hold_is_refused(accounts, targets):
    with pytest.raises(InputError) as caught:
        planning.plan(household(accounts, targets))
    assert caught.value.code == "plan-too-large"
    assert "a file for each household" in caught.value.hint


def test_a_large_household_is_planned():
    assert planning.plan(household(12, 10)).trades
