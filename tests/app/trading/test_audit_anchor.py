"""The record's anchor outside its database: records cut, rewritten, recomputed or deleted are found."""

import sqlite3
from contextlib import closing

import pytest

from acceptance.desks import plan
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.app.trading.sync import agrees_with, verify
from steelyard.domain.trading.audit import START, chain
from steelyard.errors import InputError


@pytest.fixture
def office(office):
    for number in range(4):
        office.book.record("note", "", {"number": number}, office.clock.at)
    return office


def rewrite(office, links):
    """Put another chain in the place of the record, with a head that fits it: whole by itself."""
    with closing(sqlite3.connect(office.folder / "steelyard.db")) as raw, raw:
        ours = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in ours:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("DELETE FROM audit")
        raw.executemany("INSERT INTO audit VALUES (?, ?, ?, ?)", links)
        count, last = (links[-1][0], links[-1][3]) if links else (0, START)
        raw.execute("UPDATE execution_state SET value = ? WHERE name = 'audit-head'", (f"{count} {last}",))
        for _, sql in ours:
            raw.execute(sql)


def as_rows(links):
    return [(link.number, link.text, link.previous, link.hash) for link in links]


def recomputed(count):
    found, last = [], START
    for number in range(1, count + 1):
        link = chain(number, last, at="2026-11-24T20:00:00.000000Z", kind="note", plan="", body={"other": 1})
        found.append(link)
        last = link.hash
    return as_rows(found)


@pytest.mark.parametrize(
    "forged",
    [
        lambda links: as_rows(links)[:-1],
        lambda links: as_rows(links)[:2],
        lambda links: [],
        lambda links: recomputed(len(links)),
        lambda links: recomputed(len(links) + 5),
        lambda links: as_rows(links)[:3] + recomputed(4)[3:],
    ],
    ids=["last cut", "half cut", "emptied", "recomputed", "recomputed and longer", "last changed"],
)
def test_a_record_that_is_whole_by_itself_and_not_the_one_that_was_written_is_found(office, forged):
    rewrite(office, forged(tuple(office.book.links())))
    found = verify(office.book)
    assert found is not None
    result = office.execute(plan())
    assert [r.rule for r in result.refusals] == ["audit-broken"]
    assert verify(office.book) is not None, "what was written since does not hide it"


def test_a_deleted_database_is_found_by_the_anchor_it_left(office):
    office.book.close()
    for left in office.folder.glob("steelyard.db*"):
        if not left.name.endswith(".head"):
            left.unlink()
    office.reopen()
    assert verify(office.book) is not None


@pytest.mark.parametrize("text", ["", "x", "4 " + "0" * 63, "-1 " + "0" * 64, None])
def test_an_anchor_that_is_gone_or_spoilt_is_found(office, text):
    anchor = office.folder / "steelyard.db.head"
    anchor.unlink()
    if text is not None:
        anchor.write_text(text)
    assert verify(office.book) is not None


def test_the_anchor_follows_each_link_and_is_its_owners_alone(office):
    anchor = office.folder / "steelyard.db.head"
    count, last = office.book.head()
    assert anchor.read_text() == f"{count} {last}\n"
    assert anchor.stat().st_mode & 0o777 == 0o600
    office.book.record("note", "", {}, office.clock.at)
    assert anchor.read_text().startswith(f"{count + 1} ")


def test_a_crash_between_link_and_anchor_is_no_break(office):
    """The anchor is one behind then: the record went on from it."""
    anchor = office.folder / "steelyard.db.head"
    before = anchor.read_text()
    office.book.record("note", "", {}, office.clock.at)
    anchor.write_text(before)
    assert verify(office.book) is None
    office.book.record("note", "", {}, office.clock.at)
    assert anchor.read_text().startswith("6 ")


def test_a_record_from_before_there_were_anchors_is_whole(tmp_path):
    with closing(SqliteOrderBook(tmp_path / "steelyard.db")) as book:
        assert book.anchor() is None
        assert verify(book) is None


def test_a_head_from_an_alert_tells_a_forger_who_had_the_anchor_too(office):
    count, last = office.book.head()
    told = f"{count} {last[:32]}"
    office.book.record("note", "", {}, office.clock.at)
    assert agrees_with(office.book, told) is None
    rewrite(office, recomputed(count + 1))
    (office.folder / "steelyard.db.head").unlink()
    office.book.anchor_anew(office.clock.at)
    assert verify(office.book) is None, "who owns the machine can write everything on it anew"
    assert agrees_with(office.book, told) is not None


@pytest.mark.parametrize("head", ["", "4", "four abc", "4 abc", "4 " + "g" * 32])
def test_what_is_no_head_is_refused(office, head):
    with pytest.raises(InputError) as caught:
        agrees_with(office.book, head)
    assert caught.value.code == "audit-head"


def test_looking_without_writing_holds_the_record_to_the_anchor_all_the_same(office):
    """What may not be written, or is of an earlier version, is read from a copy elsewhere."""
    import steelyard

    file = office.folder / "portfolio.toml"
    assert steelyard.verify_audit(file).broken is None
    office.book.close()
    for left in office.folder.glob("steelyard.db*"):
        if not left.name.endswith(".head"):
            left.unlink()
    assert steelyard.verify_audit(file).broken is not None
