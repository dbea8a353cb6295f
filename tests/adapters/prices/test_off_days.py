"""Closes dated on days without a session, in files and in frames: moved, dropped or refused, always named.

Holidays are those of the exchanges: Seoul was shut on 2025-05-01 (Labour Day), 05-05 (Children's Day), 05-06
(a substitute), 06-03 (an election) and 06-06, New York on 04-18 (Good Friday), 05-26 and 06-19.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from steelyard.adapters.prices import file, frame
from steelyard.adapters.prices.intake.completed import Calendars
from steelyard.bootstrap import sessions
from steelyard.errors import PortfolioProblems

CALENDARS = Calendars(sessions(), {"069500": "XKRX", "VOO": "XNYS"})
SHUT = {
    "069500": {date(2025, 5, 1), date(2025, 5, 5), date(2025, 5, 6), date(2025, 6, 3), date(2025, 6, 6)},
    "VOO": {date(2025, 4, 18), date(2025, 5, 26), date(2025, 6, 19)},
}


def history(symbol, *, besides=(), without=()):
    """Closes of 60 days from 2025-04-14, 100 and one more each session; what is besides bears its value."""
    days = [date(2025, 4, 14) + timedelta(n) for n in range(75)]
    open_ = [d for d in days if d.weekday() < 5 and d not in SHUT[symbol] and d not in without]
    rows = {d: 100.0 + n for n, d in enumerate(open_)}
    return dict(sorted({**rows, **dict(besides)}.items()))


@pytest.fixture(params=["file", "frame", "pandas", "polars", "arrow"])
def load(request, tmp_path):
    def of(symbol, closes):
        if request.param == "file":
            path = tmp_path / "closes.csv"
            rows = "".join(f"{day},{value}\n" for day, value in closes.items())
            path.write_text(f"date,{symbol}\n{rows}", encoding="utf-8")
            return file.load(path, [symbol], calendars=CALENDARS)
        columns = {"date": list(closes), symbol: list(closes.values())}
        if request.param == "pandas":
            columns = pytest.importorskip("pandas").DataFrame(columns)
        elif request.param == "polars":
            columns = pytest.importorskip("polars").DataFrame(columns)
        elif request.param == "arrow":
            columns = pytest.importorskip("pyarrow").table(columns)
        return frame.load(columns, [symbol], calendars=lambda: CALENDARS)

    return of


def notes(found):
    return [str(note) for note in found.mended]


@pytest.mark.parametrize(
    ("symbol", "off", "before"),
    [
        ("VOO", date(2025, 5, 10), date(2025, 5, 9)),
        ("VOO", date(2025, 5, 26), date(2025, 5, 23)),
        ("069500", date(2025, 5, 6), date(2025, 5, 2)),
    ],
)
def test_a_close_of_no_session_is_that_of_the_session_before_where_it_has_none(load, symbol, off, before):
    """Saturday's is Friday's, Memorial Day's is Friday's, that of the 6th of May in Seoul is the 2nd's."""
    found = load(symbol, history(symbol, besides={off: 107.5}, without={before}))
    assert off not in found.dates
    at = found.dates.index(before) if isinstance(found.dates, tuple) else list(found.dates).index(before)
    assert found.prices[at, 0] == 107.5
    assert notes(found) == [f"{symbol}: the close of {off}, no session, is taken for {before}"]


def test_a_close_that_repeats_the_session_before_is_dropped(load):
    closes = history("069500")
    found = load("069500", history("069500", besides={date(2025, 5, 5): closes[date(2025, 5, 2)]}))
    assert date(2025, 5, 5) not in found.dates
    assert notes(found) == ["069500: the close of 2025-05-05, no session, repeats 2025-05-02; dropped"]


@pytest.mark.parametrize(
    ("symbol", "off"),
    [("VOO", date(2025, 5, 11)), ("VOO", date(2025, 5, 26)), ("069500", date(2025, 5, 1))],
)
def test_a_close_of_no_session_that_says_something_else_is_refused(load, symbol, off):
    with pytest.raises(PortfolioProblems) as caught:
        load(symbol, history(symbol, besides={off: 111.5}))
    (problem,) = caught.value.problems
    assert problem.code == "price-no-session"
    assert str(off) in problem.message


def test_a_series_of_every_weekday_says_so_and_stays(load):
    """Somebody has filled all holidays: no close is a slip, and a look falls on them."""
    closes = history("069500", besides=dict.fromkeys(SHUT["069500"], 101.0))
    found = load("069500", closes)
    assert len(found.dates) == len(closes)
    assert notes(found) == [
        "069500: 5 closes of days without a session, the first on 2025-05-01;"
        " it seems that every weekday has one"
    ]


@pytest.mark.parametrize("kind", ["file", "frame"])
def test_a_time_with_a_zone_is_the_day_of_the_exchange(tmp_path, kind):
    """15:00 of London's Sunday is Seoul's Monday; 03-28 15:00+00:00 would be Saturday there, and is named."""
    days = [datetime(2025, 3, 23, 15, tzinfo=UTC) + timedelta(n) for n in (0, 1, 2, 3, 4, 7, 8)]
    rows = {day: 100.0 + n for n, day in enumerate(days)}
    if kind == "file":
        path = tmp_path / "closes.csv"
        path.write_text("date,069500\n" + "".join(f"{d},{v}\n" for d, v in rows.items()), encoding="utf-8")
        found = file.load(path, ["069500"], calendars=CALENDARS)
    else:
        columns = {"date": list(rows), "069500": list(rows.values())}
        found = frame.load(columns, ["069500"], calendars=lambda: CALENDARS)
    assert [str(day) for day in found.dates] == [
        "2025-03-24", "2025-03-25", "2025-03-26", "2025-03-27", "2025-03-28", "2025-03-31", "2025-04-01",
    ]  # fmt: skip
    assert notes(found) == []
