"""Prices at the moment of sending: where each is from, how old it is, and what a second source says."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from steelyard.adapters.machine import trading_hours
from steelyard.app.trading.market import Sources, market
from steelyard.domain.market.prices import Close, PriceSettings
from steelyard.errors import DataError

D = Decimal
TODAY, WRITTEN = date(2026, 11, 25), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
FILE = """\
base_currency = "KRW"
[targets]
VOO = "60%"
"069500" = "40%"
[fx]
USDKRW = "1400"
[prices]
VOO = "500 USD"
"069500" = "35000"
[[accounts]]
name = "main"
cash = { KRW = "1000000" }
"""


class Clock:
    def now(self):
        return WRITTEN

    def wait(self, seconds):
        pass


class Source:
    """Has the closes it is given, by symbol."""

    remote = False

    def __init__(self, name, **closes):
        self.name, self.has, self.asked = name, closes, []

    def offers(self, wanted):
        return True

    def ask(self, wanted, first, last):
        self.asked.append(wanted.symbol)
        return " ".join(self.has.get(wanted.symbol, ()))

    def read(self, wanted, answer):
        if not answer:
            raise DataError("price-empty", f"{self.name} has nothing", "ask another")
        day, price = answer.split()
        return (Close(date.fromisoformat(day), D(price)),)


class Records:
    """Remembers the newest good close of each symbol, as the database does."""

    def __init__(self, **newest):
        self.kept = newest

    def newest(self, symbol, until=None):
        return self.kept.get(symbol)

    def history(self, symbol, limit=-1):
        return (self.kept[symbol],) if symbol in self.kept else ()

    def keep_answer(self, wanted, source, at, raw, failure):
        return 1

    def keep_judgement(self, answer, wanted, source, good, findings):
        if good:
            self.kept[wanted.symbol] = (source, good[-1])


def look(portfolio, *sources, fetched=(), records=None, second_for=()):
    parts = Sources(sources, records or Records(), PriceSettings(), Clock(), trading_hours.close_of)
    return market(portfolio, frozenset(fetched), WRITTEN, parts, second_for=second_for, as_of=TODAY)


def test_a_price_of_the_file_was_seen_when_the_file_was_written(read):
    found = look(read(FILE))
    assert found.prices["VOO"] == (500, WRITTEN)
    assert found.prices["USDKRW"] == (1400, WRITTEN)
    assert found.second == {}


def test_a_fetched_price_was_seen_when_its_session_closed(read):
    """New York closes at 16:00, 21:00 in London in November; Seoul at 15:30, 06:30 in London."""
    records = Records(
        VOO=("folder", Close(date(2026, 11, 24), D(500))),
        **{"069500": ("folder", Close(date(2026, 11, 25), D(35_000)))},
    )
    found = look(read(FILE), fetched=("VOO", "069500"), records=records)
    assert found.prices["VOO"] == (500, datetime(2026, 11, 24, 21, 0, tzinfo=UTC))
    assert found.prices["069500"] == (35_000, datetime(2026, 11, 25, 6, 30, tzinfo=UTC))


def test_a_fetched_price_that_is_too_old_is_no_price_to_trade_at(read):
    """The limit is 7 days: a close of the 18th may be used on the 25th, one of the 17th may not."""
    for day, there in ((18, True), (17, False)):
        records = Records(VOO=("folder", Close(date(2026, 11, day), D(500))))
        assert ("VOO" in look(read(FILE), fetched=("VOO",), records=records).prices) is there


def test_the_second_price_is_somebody_elses(read):
    first = Source("folder", VOO=("2026-11-24", "501"))
    second = Source("yahoo", VOO=("2026-11-24", "502"))
    records = Records(VOO=("folder", Close(date(2026, 11, 24), D(500))))
    found = look(read(FILE), first, second, fetched=("VOO",), records=records, second_for=("VOO",))
    assert found.second == {"VOO": D(502)}
    assert first.asked == []
    assert second.asked == ["VOO"]


def test_a_price_of_the_file_is_compared_with_the_first_source_that_has_one(read):
    sources = (Source("folder"), Source("yahoo", VOO=("2026-11-24", "502"), USDKRW=("2026-11-24", "1401")))
    found = look(read(FILE), *sources, second_for=("VOO", "USDKRW"))
    assert found.second == {"VOO": D(502), "USDKRW": D(1401)}


@pytest.mark.parametrize("source", [Source("yahoo"), Source("yahoo", VOO=("2026-11-17", "502"))])
def test_no_answer_and_an_old_one_are_no_second_price(read, source):
    assert look(read(FILE), source, second_for=("VOO",)).second == {}


def test_a_second_price_in_dollars_is_compared_in_won_where_the_file_quotes_in_won(read):
    text = FILE.replace("500 USD", "700000 KRW")
    found = look(read(text), Source("yahoo", VOO=("2026-11-24", "502")), second_for=("VOO",))
    assert found.second == {"VOO": D(702_800)}
