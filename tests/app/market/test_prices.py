"""Sources are small real classes; what is expected follows from the answers they are given."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from steelyard.adapters.database import connection as database
from steelyard.adapters.database.prices import StoredPrices
from steelyard.adapters.prices import rows as price_rows
from steelyard.app.market.prices import fetch
from steelyard.domain.market.prices import Close, PriceSettings, Wanted
from steelyard.errors import DataError

VOO = Wanted("VOO", "USD", "XNYS")
TODAY = date(2026, 11, 23)


class Source:
    """Answers with a list of answers, one a call; an error among them is raised."""

    def __init__(self, name, *answers, remote=True, knows=("VOO",)):
        self.name, self.remote = name, remote
        self.answers, self.knows = list(answers), knows
        self.asked = 0

    def offers(self, wanted):
        return wanted.symbol in self.knows

    def ask(self, wanted, first, last):
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return price_rows.written(answer)

    def read(self, wanted, answer):
        return price_rows.read(answer)


class Clock:
    """A clock that waiting moves."""

    def __init__(self):
        self.time = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.waits = []

    def now(self):
        return self.time

    def wait(self, seconds):
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def records(tmp_path: Path):
    path = tmp_path / "steelyard.db"
    connection = database.connect(path)
    yield StoredPrices(connection, path)
    connection.close()


def close(price, day=TODAY):
    return (Close(day, Decimal(price), "USD"),)


DOWN = DataError("price-source", "down", "")


def test_the_first_source_with_a_fresh_close_is_enough(records):
    first, second = Source("one", close("600")), Source("two", close("601"))
    (got,) = fetch([VOO], [first, second], records, Clock(), PriceSettings(), as_of=TODAY)
    assert (got.source, got.newest.price, second.asked) == ("one", Decimal(600), 0)
    assert records.newest("VOO") == ("one", close("600")[0])


def test_a_failing_source_is_asked_again_after_growing_waits_and_then_the_next(records):
    clock, first, second = Clock(), Source("one", DOWN), Source("two", close("601"))
    (got,) = fetch([VOO], [first, second], records, clock, PriceSettings(), as_of=TODAY)
    assert (first.asked, clock.waits, got.source) == (3, [2, 4], "two")
    assert [f.code for f in got.findings] == ["price-source"]


def test_a_source_that_recovers_is_not_passed_over(records):
    (got,) = fetch([VOO], [Source("one", DOWN, close("600"))], records, Clock(), PriceSettings(), as_of=TODAY)
    assert got.source == "one"
    assert got.findings == ()


def test_an_empty_answer_is_not_asked_for_again(records):
    empty = Source("one", DataError("price-empty", "nothing", ""))
    (got,) = fetch([VOO], [empty], records, Clock(), PriceSettings(), as_of=TODAY)
    assert (empty.asked, got.newest) == (1, None)


def test_a_stale_close_gives_way_to_a_fresh_one_of_the_next_source(records):
    old = Source("one", close("590", date(2026, 11, 9)))
    (got,) = fetch([VOO], [old, Source("two", close("600"))], records, Clock(), PriceSettings(), as_of=TODAY)
    assert (got.source, [f.code for f in got.findings]) == ("two", ["price-stale"])


def test_two_sources_that_disagree_leave_the_last_good_close_in_use(records):
    settings = PriceSettings(compare=True)
    day_before = Close(date(2026, 11, 20), Decimal(600), "USD")
    one = Source("one", (day_before, *close("600")))
    two = Source("two", (day_before, *close("630")))
    (got,) = fetch([VOO], [one, two], records, Clock(), settings, as_of=TODAY)
    assert [f.code for f in got.findings] == ["price-disagree"]
    assert got.newest == day_before
    assert records.newest("VOO")[1].day == date(2026, 11, 20)


def test_what_a_source_said_is_kept_also_when_it_is_refused(records):
    fetch([VOO], [Source("one", close("-5"))], records, Clock(), PriceSettings(), as_of=TODAY)
    assert records.newest("VOO") is None
    rows = records._db.execute("SELECT raw, findings FROM price_answers").fetchall()
    assert '"-5"' in rows[0][0]
    assert "price-not-positive" in rows[0][1]


def test_an_instrument_nobody_offers_is_said(records):
    (got,) = fetch(
        [Wanted("XXX", "USD", "XNYS")],
        [Source("one", close("1"))],
        records,
        Clock(),
        PriceSettings(),
        as_of=TODAY,
    )
    assert [f.code for f in got.findings] == ["price-source"]
