"""The one-line text of a policy: what it means, that it round-trips, and what is refused."""

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.policy import policy_text
from steelyard.domain.policy.looks import LOOKS
from steelyard.domain.policy.policies import OwnBand, Policy
from steelyard.errors import InputError

D = Decimal

CONTRACT = {
    "hold": Policy("hold", threshold=None, max_interval_days=None),
    "calendar quarterly last": Policy(
        "calendar", "quarterly", "last", threshold=None, max_interval_days=None
    ),
    "threshold 5% look monthly": Policy("threshold", "monthly", threshold=D("0.05"), max_interval_days=None),
    "threshold 5% relative 25% to edge": Policy(
        "threshold",
        "daily",
        threshold=D("0.05"),
        relative_threshold=D("0.25"),
        max_interval_days=None,
        destination="edge",
    ),
    "hybrid quarterly 5% 180d": Policy(),
    "hybrid quarterly 5% 180d with GLD 2%, real estate relative 25%, TLT 3% relative 10%": Policy(
        own_bands=(
            OwnBand("GLD", D("0.02")),
            OwnBand("real estate", None, D("0.25")),
            OwnBand("TLT", D("0.03"), D("0.1")),
        )
    ),
    "threshold relative 20% look biweekly to halfway": Policy(
        "threshold",
        "biweekly",
        threshold=None,
        relative_threshold=D("0.2"),
        max_interval_days=None,
        destination="halfway",
    ),
    "hybrid monthly 2.5% cooldown 30d": Policy(
        "hybrid", "monthly", threshold=D("0.025"), max_interval_days=None, cooldown_days=30
    ),
}


@pytest.mark.parametrize("line", CONTRACT)
def test_the_texts_of_the_contract_mean_what_it_says_and_print_as_they_were_written(line):
    """The expected policies are written out by hand from the grammar of the contract."""
    assert policy_text.parse(line) == CONTRACT[line]
    assert policy_text.text(CONTRACT[line]) == line


def test_case_and_runs_of_spaces_do_not_matter():
    assert policy_text.parse("  Hybrid  QUARTERLY 5%\t180D ") == Policy()


PERCENTS = st.integers(1, 10_000).map(lambda n: D(n) / D(10_000))


@given(
    kind=st.sampled_from(["threshold", "hybrid"]),
    look=st.sampled_from([name for name in LOOKS if name != "daily"]),
    look_at=st.sampled_from(["first", "last"]),
    threshold=PERCENTS,
    relative=st.none() | PERCENTS,
    interval=st.integers(0, 9999),
    cooldown=st.integers(0, 9999),
    destination=st.sampled_from(["target", "edge", "halfway"]),
)
def test_what_is_printed_reads_back_as_the_same_policy(
    kind, look, look_at, threshold, relative, interval, cooldown, destination
):
    days = interval if kind == "hybrid" else None
    policy = Policy(kind, look, look_at, threshold, relative, days, cooldown, destination)
    assert policy_text.parse(policy_text.text(policy)) == policy


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("", "a kind is missing"),
        ("sometimes", "'sometimes' is not a kind"),
        ("calendar", "a look is missing"),
        ("calendar hourly", "'hourly' is no look"),
        ("threshold", "a band is missing"),
        ("threshold 5", "'5' is no option"),
        ("threshold 0%", "'0%' is no percentage"),
        ("threshold -5%", "'-5%' is no percentage"),
        ("threshold nan%", "'nan%' is no percentage"),
        ("threshold 101%", "'101%' is no percentage"),
        ("threshold 5% 6%", "a second time"),
        ("threshold 5% 180d", "no meaning for threshold"),
        ("threshold 5% to moon", "'moon' is no destination"),
        ("threshold 5% cooldown", "a number of days is missing"),
        ("threshold 5% cooldown 3w", "'3w' is not a number of days"),
        ("hold 5%", "no meaning for hold"),
        ("calendar monthly to edge", "needs a band"),
        ("calendar monthly 5%", "a calendar has no band"),
    ],
)
def test_a_wrong_text_is_refused_with_the_word_that_is_wrong(line, about):
    with pytest.raises(InputError) as caught:
        policy_text.parse(line)
    assert caught.value.code == "policy-text"
    assert about in caught.value.message
    assert caught.value.hint


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(policy_text).failed == 0
