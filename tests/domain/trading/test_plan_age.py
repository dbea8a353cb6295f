"""How old a saved plan may be, and that it must not be younger than now."""

from datetime import UTC, datetime, timedelta

import pytest

from steelyard.domain.trading.plan_checks import too_old

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)


class Plan:
    def __init__(self, saved_at):
        self.saved_at = saved_at


@pytest.mark.parametrize(
    ("saved_at", "code"),
    [
        (NOW, None),
        (NOW - timedelta(hours=24), None),
        (NOW - timedelta(hours=24, seconds=1), "plan-too-old"),
        # Two machines' clocks differ by a little.
        (NOW + timedelta(minutes=5), None),
        (NOW + timedelta(minutes=5, seconds=1), "plan-in-future"),
        (datetime(2099, 1, 1, tzinfo=UTC), "plan-in-future"),
        (None, "plan-too-old"),
    ],
)
def test_a_plan_is_carried_out_within_a_day_and_never_before_it_was_saved(saved_at, code):
    found = too_old(Plan(saved_at), NOW, 24)
    assert [refusal.rule for refusal in found] == [code] * bool(code)
