"""The audit record on disk: any bit of it that turns is found when the file is opened again."""

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from lanes import sizes
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.app.trading.sync import verify
from steelyard.errors import DataError

LINKS = 12
BEGUN = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def stored(tmp_path):
    """The file, its links as they were written, and where the text and both hashes of each stand in it."""
    path = tmp_path / "steelyard.db"
    with closing(SqliteOrderBook(path)) as book:
        for k in range(LINKS):
            body = {"order": k, "가": "원", "price": "498.5"}
            book.record("request", "p1", body, BEGUN + timedelta(seconds=k))
        links = list(book.links())
    data, spans = path.read_bytes(), []
    for link in links:
        cell = (link.text + link.previous + link.hash).encode()
        assert data.count(cell) == 1
        spans.append((data.index(cell), data.index(cell) + len(cell)))
    return path, data, links, spans


def turn(path, place, bit):
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ bit]))


@pytest.mark.parametrize("bits", sizes(500, 10_000, "ten thousand damaged files read whole"))
def test_every_bit_turned_in_the_file_is_found_and_named(stored, bits):
    path, data, _, spans = stored
    rng = random.Random(20261126)
    for _ in range(bits):
        k = rng.randrange(LINKS)
        place, bit = rng.randrange(*spans[k]), 1 << rng.randrange(8)
        turn(path, place, bit)
        with closing(SqliteOrderBook(path)) as book:
            found = verify(book)
        assert found is not None, (k, place, bit)
        # A changed hash may show in the link after it only.
        assert found.number in (k + 1, k + 2)
        turn(path, place, bit)
    assert path.read_bytes() == data
    with closing(SqliteOrderBook(path)) as book:
        assert verify(book) is None


def test_a_bit_turned_in_the_bookkeeping_around_a_link_never_makes_another_record(stored):
    path, _, links, spans = stored
    refusals, told = [], 0
    for place in range(spans[3][0] - 12, spans[3][0]):
        for bit in (1 << k for k in range(8)):
            turn(path, place, bit)
            try:
                with closing(SqliteOrderBook(path)) as book:
                    if verify(book) is None:
                        assert list(book.links()) == links
                    else:
                        told += 1
            except DataError as error:
                refusals.append(error.code)
            turn(path, place, bit)
    assert set(refusals) == {"journal-corrupt"}
    assert told
