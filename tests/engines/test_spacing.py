"""The rhythm of closes: what is recognised, how many a year has, how long it all is."""

from datetime import date, timedelta

import numpy as np
import pytest

from steelyard.engines.market.spacing import spacing_of, years_between


def days(first, count, step):
    return np.array([(first + timedelta(days=step * n)).toordinal() for n in range(count)])


def weekdays(first, last):
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return np.array([d.toordinal() for d in every if d.weekday() < 5])


def month_ends(first_year, count):
    firsts = [date(first_year + n // 12, n % 12 + 1, 1) for n in range(1, count + 1)]
    return np.array([d.toordinal() - 1 for d in firsts])


@pytest.mark.parametrize(
    ("first", "last", "years"),
    [
        (date(2010, 1, 4), date(2020, 1, 4), 10.0),
        (date(2010, 1, 4), date(2020, 1, 3), 9 + 364 / 365),
        # The year from 4 January 2020 has a 29 February.
        (date(2020, 1, 4), date(2020, 7, 4), 182 / 366),
        (date(2020, 2, 29), date(2021, 2, 28), 1.0),
        (date(2020, 2, 29), date(2024, 2, 29), 4.0),
        (date(1927, 12, 31), date(2025, 12, 31), 98.0),
        (date(2020, 1, 1), date(2020, 1, 1), 0.0),
    ],
)
def test_years_are_anniversaries_and_parts_of_the_year_that_is_not_over(first, last, years):
    """By hand."""
    assert years_between(first.toordinal(), last.toordinal()) == pytest.approx(years, rel=1e-15)


@pytest.mark.parametrize(
    ("closes", "kind", "a_year"),
    [
        # 365.2425 / 7 x 5 is 260.9 weekdays a year.
        (weekdays(date(2010, 1, 1), date(2020, 12, 31)), "daily", 260.9),
        (days(date(2010, 1, 1), 3000, 1), "daily", 365.2425),
        (days(date(2010, 1, 1), 500, 7), "weekly", 52.18),
        (days(date(2010, 1, 1), 500, 14), "biweekly", 26.09),
        (month_ends(2010, 120), "monthly", 12.0),
        (month_ends(2010, 120)[::3], "quarterly", 4.0),
        (month_ends(2010, 120)[::6], "semiannual", 2.0),
        (month_ends(2010, 120)[::12], "annual", 1.0),
    ],
)
def test_a_rhythm_is_recognised_and_counted(closes, kind, a_year):
    """By the calendar; to a hundredth, since a count from month to month has a day more or less."""
    found = spacing_of(closes)
    assert found.kind == kind
    assert found.a_year == pytest.approx(a_year, rel=0.005)


@pytest.mark.parametrize(
    ("closes", "kind", "a_year"),
    [
        (weekdays(date(2024, 1, 1), date(2024, 1, 12)), "daily", 252.0),
        (days(date(2024, 1, 1), 30, 1), "daily", 365.2425),
        (days(date(2024, 1, 1), 20, 7), "weekly", 365.2425 / 7),
        (month_ends(2024, 6), "monthly", 12.0),
    ],
)
def test_less_than_a_year_has_as_many_as_such_files_have(closes, kind, a_year):
    """By convention: two weeks of closes end on a Friday, and would else count 261 or 332 a year."""
    found = spacing_of(closes)
    assert (found.kind, found.a_year) == (kind, pytest.approx(a_year))


def test_a_hole_does_not_make_the_closes_rarer():
    """By hand: two years of weekdays with three years of nothing between are still 260.9 a year."""
    closes = np.concatenate(
        [weekdays(date(2010, 1, 1), date(2010, 12, 31)), weekdays(date(2014, 1, 1), date(2014, 12, 31))]
    )
    found = spacing_of(closes)
    assert found.kind == "daily"
    assert found.a_year == pytest.approx(260.9, rel=0.005)
    assert found.years == pytest.approx(4.997, abs=0.001)


def test_closes_without_rhythm_are_irregular():
    """By hand: waits of 29, 3, 28 and 1 days, 61 days of 365 in all."""
    found = spacing_of(np.array([739_253, 739_282, 739_285, 739_313, 739_314]))
    assert (found.kind, found.a_year) == ("irregular", pytest.approx(4 / (61 / 365)))
