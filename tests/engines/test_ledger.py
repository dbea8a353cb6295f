"""The ledger of accounts while trades are changed, against paying for the whole change in fractions."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from steelyard.engines.planning.household.changes.shifts import Ledger
from steelyard.engines.planning.household.household import Change, Goal, Household, Position, settle

PRICES = st.integers(1, 500)


@st.composite
def households(draw):
    """One account with two instruments in base currency and two in two others, and its trades so far."""
    prices = [draw(PRICES) for _ in range(4)]
    currencies = [0, 0, 1, 2]
    held = [draw(st.integers(0, 30)) for _ in range(4)]
    positions = tuple(Position(0, g, currencies[g], prices[g], held[g]) for g in range(4))
    balances = (tuple(draw(st.integers(-200, 9_000)) for _ in range(3)),)
    problem = Household(
        tuple(Goal(f"S{g}", Fraction(1_000)) for g in range(4)),
        positions,
        balances,
        rate=draw(st.sampled_from([Fraction(0), Fraction(1, 500), Fraction(3, 1_000)])),
        floor=draw(st.sampled_from([0, 7])),
        spread=draw(st.sampled_from([Fraction(0), Fraction(1, 1_000), Fraction(1, 200)])),
    )
    ends = [draw(st.integers(0, 40)) for _ in range(4)]
    return problem, ends


def pays(problem, ends):
    return not settle(problem, Change(tuple(ends), (False,) * len(ends))).lacking


def traded(problem, ends):
    ledger = Ledger.of(problem)
    for k, end in enumerate(ends):
        ledger.trade(k, end)
    return ledger


@given(households(), st.integers(0, 3), st.lists(st.integers(0, 60), min_size=1, max_size=5))
def test_a_room_is_not_below_zero_just_where_the_account_can_pay(drawn, k, others):
    problem, ends = drawn
    rooms = traded(problem, ends).rooms_at(k, others)
    for end, room in zip(others, rooms, strict=True):
        changed = [*ends[:k], end, *ends[k + 1 :]]
        assert (room >= 0) == pays(problem, changed)
        assert room == traded(problem, changed).room(0)


@given(households(), st.integers(0, 3))
def test_what_an_account_pays_for_is_guessed_to_the_step_where_nothing_was_traded_yet(drawn, k):
    """The most steps are counted up one by one, each paid for exactly."""
    problem, ends = drawn
    ends[k] = problem.positions[k].held
    guess = traded(problem, ends).pays_about(k)
    if pays(problem, ends):
        most = 0
        while most < 300 and pays(problem, [*ends[:k], ends[k] + most + 1, *ends[k + 1 :]]):
            most += 1
        assert abs(min(guess, 300) - most) <= 1
