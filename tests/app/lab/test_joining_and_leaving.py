"""A fund that begins later joins when it exists, one that ends is sold, as a loop of the test says.

It is a second implementation in plain Python: money in a dictionary, dates one after the other, no array, no
kernel, and costs found by bisection.
"""

import math
import random
from datetime import date, timedelta

import pytest

import steelyard
from steelyard.errors import DataError

RATE = 0.002


def walk(closes, targets, first_days, last_days, *, band=None, quarterly=False, money=100_000.0):
    """Wealth at each close of a policy that goes to its targets at first, by its rule, and at each change."""
    held, cash, worths, there = dict.fromkeys(targets, 0.0), money, [], None
    before = None
    for day, prices in closes:
        # From its last close on it is gone: it is sold at it.
        alive = tuple(
            s for s in targets if first_days[s] <= day and (last_days[s] is None or day < last_days[s])
        )
        whole = sum(targets[s] for s in alive)
        wanted = {s: targets[s] / whole if s in alive else 0.0 for s in targets}
        wealth = cash + sum(n * prices[s] for s, n in held.items() if n)
        due = alive != there
        if band is not None:
            due = due or any(abs(held[s] * prices[s] / wealth - wanted[s]) > band for s in alive)
        if quarterly and before is not None:
            due = due or (day.year, (day.month - 1) // 3) != (before.year, (before.month - 1) // 3)
        if due:
            worth = {s: n * prices[s] if n else 0.0 for s, n in held.items()}
            low, high = 0.0, wealth
            for _ in range(200):
                middle = (low + high) / 2
                spent = RATE * sum(abs(wanted[s] * middle - worth[s]) for s in targets)
                low, high = (middle, high) if middle + spent < wealth else (low, middle)
            held = {s: wanted[s] * low / prices[s] if wanted[s] else 0.0 for s in targets}
            cash, wealth = 0.0, low
        there, before = alive, day
        worths.append(wealth)
    return worths


def market(seed, sessions=900):
    """Three funds of random moves, the third from session 300 on, the second up to session 700."""
    rng, days, day = random.Random(seed), [], date(2015, 1, 1)
    while len(days) < sessions:
        day += timedelta(days=1)
        if day.weekday() < 5:
            days.append(day)
    columns = {}
    for name, risk in (("A", 0.012), ("B", 0.005), ("C", 0.02)):
        price, column = 100.0, []
        for _ in days:
            price *= math.exp(rng.gauss(0.0003, risk))
            column.append(round(price, 4))
        columns[name] = column
    columns["C"][:300] = [None] * 300
    columns["B"][701:] = [None] * (sessions - 701)
    return days, columns


RULES = {
    "hold": {},
    "calendar quarterly": {"quarterly": True},
    "threshold 5%": {"band": 0.05},
}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_close_is_to_the_cent_that_of_a_loop_in_plain_python(seed):
    days, columns = market(seed)
    targets = {"A": "50%", "B": "30%", "C": "20%"}
    study = steelyard.backtest(
        {"date": days, **columns}, targets, list(RULES), initial=100_000, commission="0.2%"
    )
    firsts, lasts = {"A": days[0], "B": days[0], "C": days[300]}, {"A": None, "B": days[700], "C": None}
    closes = [(day, {s: columns[s][n] for s in columns}) for n, day in enumerate(days)]
    weights = {"A": 0.5, "B": 0.3, "C": 0.2}
    for result, rule in zip(study.results, RULES.values(), strict=True):
        expected = walk(closes, weights, firsts, lasts, **rule)
        assert result.values.tolist() == pytest.approx(expected, abs=0.005), result.policy
    held = study.results[0]
    assert [str(days[n]) for n in held.rebalanced.nonzero()[0]] == [str(days[300]), str(days[700])]


def test_who_joins_and_who_leaves_is_said_and_in_the_document():
    days, columns = market(1)
    targets = {"A": "50%", "B": "30%", "C": "20%"}
    study = steelyard.backtest({"date": days, **columns}, targets, "hold")
    assert study.dates[0] == days[0]
    assert study.dates[-1] == days[-1]
    said = "\n".join(study.notes)
    assert f"C joins on {days[300]}" in said
    assert f"B leaves on {days[700]}" in said
    assert "the same close" not in said
    assert study.to_dict()["lives"] == [
        {"symbol": "B", "joined": None, "left": str(days[700])},
        {"symbol": "C", "joined": str(days[300]), "left": None},
    ]


def test_from_its_first_day_on_it_is_the_backtest_of_all_of_them():
    """What the note offers: --from leaves the time before out, and nothing of it shines through."""
    days, columns = market(4)
    columns["B"] = market(5)[1]["A"]
    targets = {"A": "50%", "B": "30%", "C": "20%"}
    cut = {name: column[300:] for name, column in columns.items()}
    late = steelyard.backtest({"date": days, **columns}, targets, "calendar monthly", start=days[300])
    whole = steelyard.backtest({"date": days[300:], **cut}, targets, "calendar monthly")
    assert late.results[0].values.tobytes() == whole.results[0].values.tobytes()
    assert not late.history.lives


def test_a_few_days_at_either_end_are_cut_as_files_are_rarely_cut_on_one_day():
    days, columns = market(1)
    prices = {"date": days, "A": columns["A"], "B": [None] * 20 + market(6)[1]["A"][20:]}
    study = steelyard.backtest(prices, {"A": "50%", "B": "50%"}, "hold")
    assert study.dates[0] == days[20]
    assert not study.history.lives


def test_resampled_histories_are_drawn_from_the_time_in_which_all_exist():
    """A path of that time alone: what is drawn does not depend on what came before it or after it."""
    days, columns = market(1)
    targets, rules = {"A": "50%", "B": "30%", "C": "20%"}, ["hold", "threshold 5%"]
    study = steelyard.backtest({"date": days, **columns}, targets, rules)
    cut = {name: column[300:701] for name, column in columns.items()}
    alone = steelyard.backtest({"date": days[300:701], **cut}, targets, rules)
    drawn, expected = (steelyard.compare(s, paths=20, seed=3) for s in (study, alone))
    assert drawn.tallies.tobytes() == expected.tallies.tobytes()
    assert drawn.rates().tobytes() == expected.rates().tobytes()
    assert drawn.to_dict()["drawn_from"] == {"start": str(days[300]), "end": str(days[700])}


def test_a_time_without_any_instrument_is_refused_with_its_day():
    days, columns = market(1)
    prices = {"date": days, "A": columns["A"][:200] + [None] * 700, "C": columns["C"]}
    with pytest.raises(DataError, match="no instrument from") as refused:
        steelyard.backtest(prices, {"A": "50%", "C": "50%"}, "hold")
    assert refused.value.code == "price-gap"


def test_one_that_never_existed_in_the_time_asked_for_is_refused():
    days, columns = market(1)
    with pytest.raises(DataError, match="no price of C in the time asked for"):
        steelyard.backtest(
            {"date": days, "A": columns["A"], "C": columns["C"]},
            {"A": "50%", "C": "50%"},
            "hold",
            end=days[250],
        )
