"""Files and frames of prices are judged as fetched ones are: slips are refused, moves are told."""

from datetime import date, timedelta

import pytest

from steelyard.adapters.prices import file, frame
from steelyard.errors import PortfolioProblems

MONDAY = date(2024, 1, 8)


def of_file(tmp_path, closes):
    rows = [f"{MONDAY + timedelta(n)},{close}" for n, close in enumerate(closes)]
    path = tmp_path / "closes.csv"
    path.write_text("\n".join(["date,VOO", *rows]) + "\n")
    return file.load(path, ["VOO"])


def of_frame(tmp_path, closes):
    days = [MONDAY + timedelta(n) for n in range(len(closes))]
    return frame.load({"date": days, "VOO": [float(c) for c in closes]}, ["VOO"])


SOURCES = pytest.mark.parametrize("load", [of_file, of_frame])


@SOURCES
@pytest.mark.parametrize(("row", "fits"), [("41235", "412.35"), ("4.12", "412")])
def test_a_hundredfold_row_is_refused_with_its_day_and_what_fits(load, tmp_path, row, fits):
    """The third close: 412.35 typed without its point, and pence read as pounds."""
    with pytest.raises(PortfolioProblems, match="on 2024-01-10 between 411 and 413") as caught:
        load(tmp_path, [410, 411, row, 413, 414])
    (problem,) = caught.value.problems
    assert problem.code == "price-jump"
    assert problem.hint.endswith(f"write {fits}")


@SOURCES
def test_every_such_row_is_told_at_once(load, tmp_path):
    with pytest.raises(PortfolioProblems) as caught:
        load(tmp_path, [410, 41100, 412, 413, 0.41, 414, 415])
    assert len(caught.value.problems) == 2


@SOURCES
@pytest.mark.parametrize(
    "closes", [[100, 10, 9.8, 9.9], [10, 20, 40, 80], [100, 60, 95, 90], [100, 13, 12, 12], [100, 99, 9]]
)
def test_what_stays_at_its_level_or_moves_less_is_taken(load, tmp_path, closes):
    assert len(load(tmp_path, closes).prices) == len(closes)


@SOURCES
def test_a_level_that_looks_like_a_split_is_told_and_taken(load, tmp_path):
    """4 for 1 on the third day."""
    history = load(tmp_path, [400, 404, 101, 102])
    assert [n for n in history.mended if "VOO goes from 404 to 101 on 2024-01-10" in n]


def test_real_closes_of_twenty_years_raise_no_doubt(shared):
    """SPY, QQQ and AGG from 2003 to 2020."""
    history = file.load(shared / "data" / "etf_close_daily.csv", ["SPY", "QQQ", "AGG"])
    assert not [n for n in history.mended if "goes from" in n]


def weekdays(many):
    """Days from Monday 2025-01-06 on, without Saturdays and Sundays."""
    return [date(2025, 1, 6) + timedelta(n + n // 5 * 2) for n in range(many)]


def test_closes_of_every_day_are_of_no_exchange():
    days = [date(2025, 1, 6) + timedelta(n) for n in range(60)]
    assert frame.load({"date": days, "VOO": [600.0 + n for n in range(60)]}, ["VOO"]).mended == ()
