"""The order book: what was written is there again, exactly, and what happened cannot be changed."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from acceptance.desks import MOMENT, plan
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.database.order_schema import STEPS
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.audit import first_break
from steelyard.domain.trading.brokerage import Fill
from steelyard.domain.trading.orders import order_id
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.domain.trading.send_conditions import SendConditions
from steelyard.domain.trading.sizing import orders_of
from steelyard.errors import InputError

D = Decimal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "steelyard.db"


@pytest.fixture
def book(path):
    return SqliteOrderBook(path)


def test_a_plan_comes_back_with_the_same_bytes(book, path):
    book.save_plan(plan(), MOMENT)
    again = SqliteOrderBook(path).plan("latest")
    assert isinstance(again, SavedPlan)
    assert again.text == plan().text
    assert again == replace(plan(), saved_at=MOMENT)


def test_saving_the_same_plan_twice_keeps_the_first_moment(book):
    book.save_plan(plan(), MOMENT)
    book.save_plan(plan(), datetime(2026, 11, 25, tzinfo=UTC))
    assert book.plan("latest").saved_at == MOMENT


def test_any_change_of_content_is_another_plan():
    """Positions, prices and policy are each part of the name."""
    names = {
        plan().id,
        plan(policy="threshold 6%").id,
        plan(shares={"main": {"VOO": D(21)}}).id,
        plan(prices={**plan().prices, "VOO": (D("500.01"), "USD")}).id,
        plan(trades=plan().trades[:2]).id,
    }
    assert len(names) == 5
    assert plan(saved_at=None).id == plan().id


def test_a_plan_is_found_by_the_beginning_of_its_id(book):
    book.save_plan(plan(), MOMENT)
    assert book.plan(plan().id[:8]).id == plan().id
    for name in ("", "zz", "%", "_"):
        with pytest.raises(InputError) as caught:
            book.plan(name)
        assert caught.value.code == "unknown-plan"


def test_a_plan_changed_in_the_file_is_refused(book, path):
    book.save_plan(plan(), MOMENT)
    with sqlite3.connect(path) as raw:
        raw.execute('UPDATE saved_plans SET text = replace(text, \'"shares":"4"\', \'"shares":"5"\')')
    with pytest.raises(InputError) as caught:
        book.plan("latest")
    assert caught.value.code == "plan-changed"


def test_an_order_comes_back_as_it_was_written(book):
    book.save_plan(plan(), MOMENT)
    first = orders_of(plan(), D("0.005"))[0]
    book.begin([first], Approver("min"), SendConditions(0), MOMENT)
    later = replace(
        first,
        state="partially_filled",
        filled=D("1.5"),
        paid=D("750.25"),
        fees=D("0.75"),
        broker_id="7",
        sent_at=MOMENT,
    )
    assert book.change(first.id, lambda now: later, "answer", MOMENT, {"token": "canary"}) == later
    assert book.orders(plan().id) == (later,)
    assert book.orders("other") == ()
    assert first.id == order_id(plan().id, "main", "VOO", 1)


def test_secrets_do_not_reach_the_audit_record(book):
    book.record("request", "", {"headers": {"Authorization": "canary"}}, MOMENT)
    assert "canary" not in "".join(link.text for link in book.links())


@pytest.mark.parametrize("table", ["audit", "order_events", "fills"])
def test_what_happened_cannot_be_changed_or_deleted(book, path, table):
    book.save_plan(plan(), MOMENT)
    book.begin(orders_of(plan(), None)[:1], Approver("min"), SendConditions(0), MOMENT)
    fill = Fill("1", "sy", "7", "VOO", "sell", D(1), D(500), "USD", D(0), MOMENT, date(2026, 11, 25))
    assert book.keep_fills("main", [fill], MOMENT) == 1
    assert book.keep_fills("main", [fill], MOMENT) == 0
    raw = sqlite3.connect(path)
    column = "text" if table == "audit" else "at"
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(f"UPDATE {table} SET {column} = 'x'")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(f"DELETE FROM {table}")


def test_cutting_off_the_end_of_the_record_is_found(book, path):
    book.save_plan(plan(), MOMENT)
    for n in range(3):
        book.record("note", "", {"n": n}, MOMENT)
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TRIGGER audit_keeps")
        raw.execute("DELETE FROM audit WHERE number = 4")
    count, head = book.head()
    assert first_break(book.links(), count=count, head=head).number == 4


def test_a_halt_lasts_until_it_is_lifted(book, path):
    book.halt("fire", MOMENT)
    assert SqliteOrderBook(path).halted() == "fire"
    book.resume(MOMENT)
    assert SqliteOrderBook(path).halted() == ""


def test_a_newer_database_is_refused(path):
    SqliteOrderBook(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE parts SET version = ? WHERE name = 'execution'", (len(STEPS) + 1,))
    with pytest.raises(InputError) as caught:
        SqliteOrderBook(path)
    assert caught.value.code == "database-newer"


def test_no_number_is_kept_as_a_binary_float(book, path):
    with sqlite3.connect(path) as raw:
        for (sql,) in raw.execute("SELECT sql FROM sqlite_master WHERE type = 'table'"):
            assert "REAL" not in sql
            assert "STRICT" in sql
