"""Look sessions from whole arrays of days are those of the calendar's own periods, one after the other."""

from datetime import date

import numpy as np
import pytest

from steelyard.app.lab.look_sessions import look_mask
from steelyard.domain.policy.looks import LOOKS, period


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_is_the_first_or_last_of_the_dates_in_its_period(look):
    """Expected: `domain.looks.period` of every single date; some periods have no date, some only one."""
    rng = np.random.default_rng(4)
    for _ in range(20):
        steps = rng.choice([1, 3, 40], 300, p=[0.7, 0.2, 0.1])
        days = (int(rng.integers(690_000, 735_000)) + np.cumsum(steps)).astype(np.int64)
        starts = [period(look, date.fromordinal(int(d)))[0] for d in days]
        first = [n == 0 or starts[n] != starts[n - 1] for n in range(len(days))]
        last = [n + 1 < len(days) and starts[n] != starts[n + 1] for n in range(len(days))]
        assert look_mask(days, look, "first").tolist() == first
        assert look == "daily" or look_mask(days, look, "last").tolist() == last
