"""When a rebalance is due: every rule at its edge, with numbers worked by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from acceptance.calendars import Weekdays
from steelyard.domain.money import EXACT
from steelyard.domain.policy.drift import Drift, measure
from steelyard.domain.policy.policies import OwnBand, Policy, band, decide

DAY = date(2026, 11, 23)
EXCHANGES = ("XKRX", "XNYS")


def pair(weight, target="0.40"):
    """One instrument and the rest of the money, of 10,000 in all."""
    targets = {"A": Decimal(target), "REST": 1 - Decimal(target)}
    value = Decimal(weight) * 10000
    return measure({"A": value, "REST": 10000 - value}, Decimal(10000), targets)


def ask(drifts, as_of=DAY, sessions=None, exchanges=EXCHANGES, **fields):
    policy = Policy(**fields)
    return decide(drifts, policy, as_of=as_of, sessions=sessions or Weekdays(), exchanges=exchanges)


def rules(decision):
    return [(r.rule, r.symbol) for r in decision.reasons]


@pytest.mark.parametrize(
    ("weight", "due"),
    [("0.45", False), ("0.4501", True), ("0.35", False), ("0.3499", True), ("0.40", False)],
)
def test_a_band_is_crossed_only_when_drift_is_more_than_it(weight, due):
    """40 % plus or minus 5 points is 35 to 45 %, both ends inside."""
    assert ask(pair(weight), kind="threshold").due is due


def test_the_edge_is_decided_exactly_where_the_quotient_cannot_be_written():
    """A third of the money against a target of 0: with a band of 0.333... the 40th digit would decide."""
    third = Drift("A", Decimal(1), Decimal(3), Decimal(0))
    assert third.beyond(Decimal("0.3333333333333333333333333333333333333333"))
    a_hair_more = Drift("A", EXACT.add(Decimal("0.35"), Decimal("1e-35")), Decimal(1), Decimal("0.30"))
    assert a_hair_more.beyond(Decimal("0.05"))
    on_it = Drift("A", Decimal("0.35") * 3, Decimal(3), Decimal("0.30"))
    assert not on_it.beyond(Decimal("0.05"))


@pytest.mark.parametrize(
    ("target", "half"),
    [("0.04", "0.01"), ("0.10", "0.025"), ("0.20", "0.05"), ("0.40", "0.05"), ("0", "0.05")],
)
def test_at_5_25_the_tighter_of_the_two_bands_counts(target, half):
    """25 % of 4 % is 1 point; of 20 % it is 5 points, where the absolute band takes over."""
    policy = Policy(threshold=Decimal("0.05"), relative_threshold=Decimal("0.25"))
    assert band("A", Decimal(target), policy) == Decimal(half)


@pytest.mark.parametrize(
    ("weight", "found"),
    [
        ("0.05", []),
        ("0.0501", [("relative_threshold", "A")]),
        ("0.03", []),
        ("0.0299", [("relative_threshold", "A")]),
    ],
)
def test_a_four_percent_target_at_5_25_is_due_beyond_one_point(weight, found):
    drifts = pair(weight, "0.04")
    decision = ask(drifts, kind="threshold", relative_threshold=Decimal("0.25"))
    assert rules(decision) == found


def test_the_reason_names_the_band_that_decided_and_its_width():
    """At a 40 % target 25 % would be 10 points, so the absolute 5 decide; at 4 % it is 1 point."""
    (wide,) = [r for r in ask(pair("0.46"), relative_threshold=Decimal("0.25")).reasons if r.symbol == "A"]
    assert (wide.rule, wide.limit, wide.drift) == ("threshold", Decimal("0.05"), Decimal("0.06"))
    assert wide.text == "A: 46.0 % (target 40.0 %, 6.0 points over; the band is 5.0 points)"


def test_a_relative_band_alone_leaves_a_zero_target_without_a_band():
    policy = Policy(threshold=None, relative_threshold=Decimal("0.25"))
    assert band("A", Decimal(0), policy) is None
    assert band("A", Decimal("0.4"), policy) == Decimal("0.1")


@pytest.mark.parametrize(
    ("own", "half", "rule"),
    [
        (OwnBand("A", Decimal("0.02")), "0.02", "threshold"),  # narrower than the policy's
        (OwnBand("A", Decimal("0.08")), "0.08", "threshold"),  # wider: in place of it, not beside it
        (OwnBand("A", None, Decimal("0.1")), "0.04", "relative_threshold"),  # a tenth of 40 %
        (OwnBand("A", Decimal("0.05"), Decimal("0.1")), "0.04", "relative_threshold"),
        (OwnBand("B", Decimal("0.02")), "0.05", "threshold"),  # of another target
    ],
)
def test_a_band_of_its_own_takes_the_place_of_the_policys(own, half, rule):
    """Expected: the tighter of the two widths that the entry itself gives."""
    policy = Policy(own_bands=(own,))
    assert band("A", Decimal("0.4"), policy) == Decimal(half)
    edge = Decimal("0.4") + Decimal(half)
    quiet = ask(pair(str(edge)), own_bands=(own,)).reasons
    assert [r for r in quiet if r.symbol == "A"] == []
    (found,) = [
        r for r in ask(pair(str(edge + Decimal("0.001"))), own_bands=(own,)).reasons if r.symbol == "A"
    ]
    assert (found.rule, found.limit) == (rule, Decimal(half))


def test_reasons_come_worst_first_and_ties_by_symbol():
    """B is 10 points over; A and C are 8 under; D is 6 over."""
    values = {"C": 1700, "A": 1700, "B": 3500, "D": 3100}
    targets = {s: Decimal("0.25") for s in "CABD"}
    drifts = measure({s: Decimal(v) for s, v in values.items()}, Decimal(10000), targets)
    assert [r.symbol for r in ask(drifts).reasons] == ["B", "A", "C", "D"]


@pytest.mark.parametrize(("days", "due"), [(179, False), (180, False), (181, True)])
def test_hybrid_is_due_when_more_days_have_passed_than_the_interval(days, due):
    decision = ask(pair("0.40"), last_rebalance=DAY - timedelta(days=days))
    assert decision.due is due
    assert rules(decision) == ([("max_interval", None)] if due else [])


def test_hybrid_without_a_known_rebalance_has_no_interval_to_exceed():
    assert not ask(pair("0.40")).due


def test_hybrid_gives_both_reasons_when_both_rules_fire():
    decision = ask(pair("0.46"), last_rebalance=DAY - timedelta(days=200))
    assert {r.rule for r in decision.reasons} == {"threshold", "max_interval"}


def test_a_threshold_policy_ignores_the_interval():
    assert not ask(pair("0.40"), kind="threshold", last_rebalance=DAY - timedelta(days=999)).due


def test_a_calendar_policy_ignores_drift_once_its_date_is_served():
    """The quarter began on 2026-10-01, a Thursday."""
    assert not ask(pair("0.90"), kind="calendar", last_rebalance=date(2026, 10, 1)).due


@pytest.mark.parametrize(
    ("last", "due"), [(None, True), (date(2026, 9, 30), True), (date(2026, 10, 1), False)]
)
def test_a_calendar_policy_is_due_from_its_look_date_until_it_is_served(last, due):
    decision = ask(pair("0.40"), kind="calendar", last_rebalance=last)
    assert decision.due is due
    assert rules(decision) == ([("calendar", None)] if due else [])


@pytest.mark.parametrize(
    ("look", "look_at", "as_of", "following"),
    [
        ("daily", "first", date(2026, 11, 20), date(2026, 11, 23)),
        ("weekly", "first", date(2026, 11, 23), date(2026, 11, 30)),
        ("weekly", "last", date(2026, 11, 23), date(2026, 11, 27)),
        ("monthly", "first", date(2026, 10, 15), date(2026, 11, 2)),
        ("monthly", "last", date(2026, 10, 15), date(2026, 10, 30)),
        ("quarterly", "first", date(2026, 11, 23), date(2027, 1, 1)),
        ("quarterly", "last", date(2026, 11, 23), date(2026, 12, 31)),
        ("semiannual", "first", date(2026, 11, 23), date(2027, 1, 1)),
        ("annual", "last", date(2026, 12, 31), date(2027, 12, 31)),
    ],
)
def test_the_next_look_lies_after_the_day_asked_for(look, look_at, as_of, following):
    """Counted on a wall calendar of 2026 with no holidays at all."""
    assert ask(pair("0.40"), as_of=as_of, look=look, look_at=look_at).next_look == following


def test_a_look_needs_every_exchange_of_the_portfolio_open():
    """1 January is closed in Seoul and 4 January in New York: the first joint session is Tuesday 5."""
    sessions = Weekdays(("XKRX", date(2027, 1, 1)), ("XNYS", date(2027, 1, 4)))
    assert ask(pair("0.40"), sessions=sessions).next_look == date(2027, 1, 5)
    assert ask(pair("0.40"), sessions=sessions, exchanges=("XKRX",)).next_look == date(2027, 1, 4)


@pytest.mark.parametrize(("days", "due"), [(29, False), (30, True), (31, True)])
def test_a_cooldown_holds_back_and_says_so_but_keeps_the_reasons(days, due):
    decision = ask(pair("0.46"), cooldown_days=30, last_rebalance=DAY - timedelta(days=days))
    assert decision.due is due
    assert rules(decision) == [("threshold", "A"), ("threshold", "REST")]
    assert (decision.held_back is None) is due


def test_nothing_is_held_back_when_no_rule_fires():
    assert ask(pair("0.40"), cooldown_days=30, last_rebalance=DAY).held_back is None


def test_hold_is_never_due_and_never_looks():
    decision = ask(pair("0.99"), kind="hold", last_rebalance=DAY - timedelta(days=9999))
    assert (decision.due, decision.reasons, decision.next_look) == (False, (), None)


def test_a_policy_is_evaluated_on_a_day_that_is_no_look_date():
    """2026-11-23 is a Monday in the middle of a quarter."""
    assert ask(pair("0.46"), look="quarterly").due


@pytest.mark.parametrize(("weight", "shown"), [("0.4501", "45.01 %"), ("0.4600", "46.0 %")])
def test_a_reason_shows_a_second_decimal_where_one_would_hide_the_difference(weight, shown):
    assert ask(pair(weight)).reasons[0].text.startswith(f"A: {shown}")


def test_without_any_money_none_of_it_is_in_the_wrong_place():
    """A file fresh from `init`: nothing could be traded, so nothing is due."""
    empty = measure({}, Decimal(0), {"A": Decimal("0.04"), "B": Decimal("0.96")})
    assert [d.drift for d in empty] == [0, 0]
    assert rules(ask(empty)) == []
