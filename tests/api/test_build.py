"""A portfolio in memory is held to the rules of the file: the same values, the same codes, all at once."""

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

import steelyard
from steelyard.errors import PortfolioProblems

FILE = """\
base_currency = "KRW"
[targets]
"KODEX 200" = "30%"
VOO = 0.4
GLD = "30%"
[policy]
threshold = "4%"
last_rebalance = 2026-06-01
[constraints]
cash_reserve = "2%"
locked = ["GLD"]
[costs]
commission = "0.1%"
min_commission = "1 USD"
[fx]
USDKRW = "1392.10"
[prices]
GLD = "260000 KRW"
[tax]
jurisdiction = "KR"
[[accounts]]
name = "main"
cash = { KRW = 100000, USD = "12.34" }
[[accounts.positions]]
symbol = "VOO"
shares = 8
price = "600.25"
lots = [ { bought = 2024-03-04, shares = 8, unit_cost = "480.10", fx = "1331.5" } ]
[[accounts.positions]]
symbol = "069500"
value = "2800000"
price = "35000"
"""


def both(read, text):
    """What the file gives and what its values give: a portfolio, or the codes and keys of its problems."""
    found = []
    tree = tomllib.loads(text, parse_float=Decimal)
    for make in (lambda: read(text), lambda: steelyard.build(**tree)):
        try:
            found.append(make())
        except PortfolioProblems as refused:
            found.append(sorted((p.code, p.key or "", p.hint) for p in refused.problems))
    return found


def test_values_make_the_portfolio_that_their_file_makes(read):
    file, built = both(read, FILE)
    assert built == replace(file, source="portfolio")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("VOO = 0.4", "VOO = 0.3", "target-sum"),
        ("shares = 8\n", "shares = -8\n", "negative"),
        ('price = "600.25"\n', "", "price-missing"),
        ('USDKRW = "1392.10"', "", "fx-missing"),
        ('"600.25"', '"0"', "zero"),
        ("VOO = 0.4", "VO0 = 0.4", "unknown-symbol"),
        ("[costs]", "[costs]\ncomission = 1", "unknown-key"),
        ("shares = 8,", "shares = 7,", "lot-sum"),
        ('"4%"', '"four"', "not-a-number"),
        ("2026-06-01", '"1 June"', "not-a-date"),
        ('"KR"', '"FR"', "unknown-word"),
        ('value = "2800000"', 'value = "28000000"\nshares = 80', "value-mismatch"),
        ('"KRW"\n', '"won"\n', "currency"),
        ('symbol = "069500"', 'symbol = "VOO"', "duplicate-position"),
        ('"12.34"', "nan", "not-a-number"),
        ('["GLD"]', '"GLD"', "not-a-list"),
    ],
)
def test_values_are_refused_for_what_their_file_is_refused_for(read, old, new, code):
    assert old in FILE
    file, built = both(read, FILE.replace(old, new, 1))
    assert built == file
    assert code in {problem[0] for problem in built}


def test_every_problem_is_told_at_once():
    """Of one portfolio: 90 % of targets, shares below zero, and a price that nothing gives."""
    with pytest.raises(PortfolioProblems) as refused:
        steelyard.build(
            "USD",
            {"VOO": "50%", "BND": "40%"},
            [
                {
                    "name": "main",
                    "positions": [{"symbol": "VOO", "shares": -1, "price": 600}, {"symbol": "BND"}],
                }
            ],
            costs={"commission": Decimal("NaN")},
        )
    assert [p.code for p in refused.value.problems] == [
        "target-sum",
        "not-a-number",
        "negative",
        "key-missing",
    ]
    assert {p.file for p in refused.value.problems} == {"portfolio"}


@pytest.mark.parametrize(
    "values",
    [
        {"targets": {"VOO": 1.0}},
        {"accounts": [{"name": "main", "positions": [{"symbol": "VOO", "shares": 1.5, "price": 600}]}]},
        {"accounts": [{"name": "main", "positions": [{"symbol": "VOO", "shares": 1, "price": 600.0}]}]},
        {"accounts": [{"name": "main", "cash": {"USD": 10.0}}]},
        {"policy": {"threshold": 0.05}},
        {"costs": {"commission": 0.001}},
        {"prices": {"VOO": 600.0}},
        {"tax": {"jurisdiction": "US", "other_income": 1000.0}},
    ],
)
def test_a_binary_float_is_refused_wherever_it_stands(values):
    given = {
        "targets": {"VOO": 1},
        "accounts": [{"name": "main", "positions": [{"symbol": "VOO", "shares": 1}]}],
        "prices": {"VOO": "600"},
        **values,
    }
    with pytest.raises(PortfolioProblems) as refused:
        steelyard.build("USD", **given)
    assert "not-a-number" in {p.code for p in refused.value.problems}


def test_tuples_sets_and_what_is_left_out_read_like_the_file():
    built = steelyard.build(
        "USD",
        {"VOO": Decimal(1)},
        ({"name": "main", "positions": ({"symbol": "VOO", "shares": 2, "price": "600", "lots": None},)},),
        constraints={"locked": {"VOO"}},
        policy=None,
    )
    assert built.constraints.locked == {"VOO"}
    assert steelyard.check(built, as_of=date(2026, 11, 23)).valuation.total == 1200


def test_a_key_that_is_no_text_is_a_problem():
    """Symbols of digits invite it: 69500 is not "069500"."""
    with pytest.raises(PortfolioProblems, match="69500 is not text"):
        steelyard.build("KRW", {69500: 1}, need_accounts=False)
