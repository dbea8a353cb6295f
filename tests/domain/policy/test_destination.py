"""Where a rebalance trades to, held to the conditions that make a projection a projection."""

import itertools
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.policy.destination import destination
from steelyard.domain.policy.policies import Policy

GUIDE = {"069500": "0.30", "VOO": "0.40", "TLT": "0.20", "GLD": "0.10"}
NOW = {"069500": "0.28", "VOO": "0.48", "TLT": "0.16", "GLD": "0.08"}
CLOSE = Decimal("1e-30")
"""Results are rounded to 40 digits; far below a won of any fortune."""


def dec(mapping):
    return {s: Decimal(w) for s, w in mapping.items()}


def boxes(targets, half):
    return {
        s: (max(Fraction(w) - half, Fraction(0)), min(Fraction(w) + half, Fraction(1)))
        for s, w in targets.items()
    }


def nearest_by_enumeration(start, box):
    """Try every choice of who sits on which edge; the rest share one shift. The nearest feasible one wins."""
    best = None
    for choice in itertools.product(("low", "high", "free"), repeat=len(start)):
        where = dict(zip(start, choice, strict=True))
        fixed = {s: box[s][0] if c == "low" else box[s][1] for s, c in where.items() if c != "free"}
        free = [s for s, c in where.items() if c == "free"]
        rest = 1 - sum(fixed.values()) - sum(start[s] for s in free)
        if not free and rest:
            continue
        point = dict(fixed)
        for s in free:
            point[s] = start[s] + rest / len(free)
        if all(box[s][0] <= point[s] <= box[s][1] for s in start):
            distance = sum((point[s] - start[s]) ** 2 for s in start)
            if best is None or distance < best[0]:
                best = (distance, point)
    return best[1]


@st.composite
def situations(draw):
    count = draw(st.integers(2, 4))
    cuts = draw(st.lists(st.integers(0, 100), min_size=count, max_size=count).filter(sum))
    thousandths = [1000 * c // sum(cuts) for c in cuts]
    thousandths[0] += 1000 - sum(thousandths)
    targets = {f"S{i}": Decimal(t) / 1000 for i, t in enumerate(thousandths)}
    weights = {
        s: Decimal(draw(st.integers(0, 1000))) / Decimal(draw(st.sampled_from([1000, 3000]))) for s in targets
    }
    half = Decimal(draw(st.integers(1, 300))) / 1000
    return targets, weights, half


@given(situations(), st.sampled_from(["edge", "halfway"]))
def test_edge_and_halfway_are_the_nearest_allocation_inside_the_box(situation, name):
    """Against enumeration of all edge patterns, which does not use the shift the code searches for."""
    targets, weights, half = situation
    share = Fraction(1) if name == "edge" else Fraction(1, 2)
    box = boxes(targets, Fraction(half) * share)
    expected = nearest_by_enumeration({s: Fraction(w) for s, w in weights.items()}, box)
    found = destination(weights, targets, Policy(threshold=half, destination=name))
    assert sum(map(Fraction, found.values())) == 1
    assert list(found) == list(targets)
    for symbol, weight in found.items():
        assert abs(Fraction(weight) - expected[symbol]) < Fraction(CLOSE), symbol


@given(situations())
def test_one_shift_explains_every_weight_that_is_not_on_an_edge(situation):
    """The Karush-Kuhn-Tucker conditions of the projection, edge by edge."""
    targets, weights, half = situation
    found = destination(weights, targets, Policy(threshold=half, destination="edge"))
    box = boxes(targets, Fraction(half))
    moves = {s: Fraction(found[s]) - Fraction(weights[s]) for s in targets}
    tiny = Fraction(CLOSE)
    low = [s for s in targets if abs(Fraction(found[s]) - box[s][0]) <= tiny]
    high = [s for s in targets if abs(Fraction(found[s]) - box[s][1]) <= tiny]
    free = [s for s in targets if s not in low and s not in high]
    for s in free:
        assert abs(moves[s] - moves[free[0]]) <= tiny
        assert all(moves[held] >= moves[s] - tiny for held in low if held not in high)
        assert all(moves[held] <= moves[s] + tiny for held in high if held not in low)


def test_the_guide_portfolio_goes_to_its_edge():
    """VOO 48 to 45 %; the 3 points freed go evenly, 1 each: 29, 17, 9, all inside their bands."""
    found = destination(dec(NOW), dec(GUIDE), Policy(destination="edge"))
    assert found == dec({"069500": "0.29", "VOO": "0.45", "TLT": "0.17", "GLD": "0.09"})


def test_the_guide_portfolio_goes_halfway():
    """VOO at most 42.5 %: 5.5 points, even thirds are 1.8333; TLT needs 1.5, so all stay inside."""
    found = destination(dec(NOW), dec(GUIDE), Policy(destination="halfway"))
    assert abs(Fraction(found["VOO"]) - Fraction("0.425")) < Fraction(CLOSE)
    third = Fraction(55, 3000)
    for symbol in ("069500", "TLT", "GLD"):
        assert abs(Fraction(found[symbol]) - Fraction(NOW[symbol]) - third) < Fraction(CLOSE)


def test_target_means_the_targets_whatever_is_held():
    assert destination(dec(NOW), dec(GUIDE), Policy(destination="target")) == dec(GUIDE)


@pytest.mark.parametrize("name", ["edge", "halfway"])
def test_a_portfolio_inside_its_bands_stays_where_it_is(name):
    """All drifts are a point; even half of the 5 points holds them."""
    now = dec({"069500": "0.31", "VOO": "0.39", "TLT": "0.21", "GLD": "0.09"})
    assert destination(now, dec(GUIDE), Policy(destination=name)) == now


def test_without_bands_every_destination_is_the_target():
    policy = Policy(kind="calendar", threshold=None, destination="edge")
    assert destination(dec(NOW), dec(GUIDE), policy) == dec(GUIDE)


def test_idle_cash_is_put_to_work_evenly_where_nothing_is_out_of_band():
    """All at target of a total that is 4 % cash: one point each, no edge in the way."""
    now = dec({"069500": "0.29", "VOO": "0.39", "TLT": "0.19", "GLD": "0.09"})
    assert destination(now, dec(GUIDE), Policy(destination="edge")) == dec(GUIDE)
