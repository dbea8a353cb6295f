"""A restore brings back what was recorded and takes back nothing that happened: the attacks, as tests."""

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal

import pytest

import steelyard
from acceptance.desks import plan
from steelyard.adapters.brokers.paper import PaperTerms
from steelyard.adapters.database.copies import back_up, restore
from steelyard.api import automation
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.sync import verify
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.arming import Arming
from steelyard.domain.trading.execution import ExecutionSettings
from steelyard.errors import InputError, NoAnswer, PlanError

D = Decimal
DAY = date(2026, 11, 24)


def put_back(office, copy):
    office.book.close()
    found = restore(copy, office.folder / "steelyard.db", office.clock.at)
    office.reopen()
    return found


def copied(office, name="b.db"):
    back_up(office.folder / "steelyard.db", office.folder / name)
    return office.folder / name


def rules(office, **how):
    return {r.rule for r in office.execute(plan(), **how).refusals}


def test_a_halt_outlives_a_restore_of_what_was_before_it(office):
    """`backup b; halt; restore b; execute latest --live` traded."""
    office.book.save_plan(plan(), office.clock.at)
    copy = copied(office)
    office.book.halt("fire", office.clock.at)
    assert put_back(office, copy).halted == "fire"
    assert "halted" in rules(office)
    assert office.broker._query("SELECT * FROM orders") == []
    assert verify(office.book) is None


def test_what_an_arming_spent_stays_spent(office):
    """The budget was full again."""
    office.book.arm(Arming(DAY, D(5000)), office.clock.at)
    copy = copied(office)
    assert office.execute(plan(), unattended=True).outcome == "done"
    spent = office.book.arming().spent
    assert spent > 4000
    put_back(office, copy)
    assert office.book.arming() == Arming(DAY, D(5000), spent)


def test_what_was_sent_is_not_sent_again(office):
    office.book.save_plan(plan(), office.clock.at)
    copy = copied(office)
    assert office.execute(plan()).outcome == "done"
    assert put_back(office, copy).orders == "present"
    assert "duplicate-plan" in rules(office)
    assert len(office.broker._query("SELECT * FROM orders")) == 3


def test_a_restore_is_a_link_that_names_the_copy_and_its_head(office):
    office.book.save_plan(plan(), office.clock.at)
    copy = copied(office)
    head = office.book.head()
    office.book.record("note", "", {}, office.clock.at)
    put_back(office, copy)
    (link,) = [link.text for link in office.book.links() if '"kind":"restore"' in link.text]
    assert '"copy":"b.db"' in link
    assert head[1] in link
    assert office.book.head()[0] == 3


def test_a_lost_database_comes_back_halted_and_disarmed_when_something_is_missing(office):
    """Two links were written after the copy, and their anchor still stands beside where the database was."""
    office.book.arm(Arming(DAY, D(5000)), office.clock.at)
    copy = copied(office)
    office.execute(plan(), unattended=True)
    office.book.close()
    for left in office.folder.glob("steelyard.db*"):
        if not left.name.endswith(".head"):
            left.unlink()
    found = put_back(office, copy)
    assert found.orders == "copy"
    assert "lacks what was recorded since" in found.halted
    assert office.book.arming() is None
    assert verify(office.book) is None, "from here on the record goes on"
    assert "halted" in rules(office)


def test_a_lost_database_comes_back_as_it_was_when_nothing_is_missing(office):
    office.book.arm(Arming(DAY, D(5000)), office.clock.at)
    copy = copied(office)
    office.book.close()
    for left in office.folder.glob("steelyard.db*"):
        if not left.name.endswith(".head"):
            left.unlink()
    assert put_back(office, copy).halted == ""
    assert office.book.arming() == Arming(DAY, D(5000))


def test_two_records_that_parted_keep_the_orders_of_both_and_halt(office, tmp_path):
    office.execute(plan())
    copy = copied(office)
    office.book.close()
    for left in office.folder.glob("steelyard.db*"):
        left.unlink()
    office.reopen()
    office.book.record("note", "", {"another": "record"}, office.clock.at)
    found = put_back(office, copy)
    assert found.orders == "both"
    assert found.halted
    assert {o.state for o in office.book.orders()} == {"filled"}
    assert verify(office.book) is None


def test_a_copy_put_there_by_hand_is_found_and_stops_everything(office):
    """`cp b.db steelyard.db` goes around `restore`."""
    office.book.save_plan(plan(), office.clock.at)
    copy = copied(office)
    office.book.halt("fire", office.clock.at)
    office.book.close()
    for left in office.folder.glob("steelyard.db-*"):
        left.unlink()
    shutil.copyfile(copy, office.folder / "steelyard.db")
    office.reopen()
    assert "audit-broken" in rules(office)
    assert office.broker._query("SELECT * FROM orders") == []
    office.book.record("note", "", {}, office.clock.at)
    assert verify(office.book) is not None, "what is written later does not hide it"


def test_nothing_is_restored_while_a_plan_is_carried_out(office):
    copy = copied(office)
    with office.book.sole_run(), pytest.raises(PlanError) as caught:
        restore(copy, office.folder / "steelyard.db", office.clock.at)
    assert caught.value.code == "another-run"


HOSTILE = [
    "CREATE TRIGGER evil AFTER INSERT ON orders BEGIN UPDATE orders SET side = 'sell'; END",
    "CREATE VIEW totals AS SELECT 1",
    "DROP TRIGGER audit_stays",
    "DROP TABLE fills",
    "ALTER TABLE orders ADD COLUMN more TEXT",
    "DROP TRIGGER fills_keep; CREATE TRIGGER fills_keep BEFORE DELETE ON fills BEGIN SELECT 1; END",
    "UPDATE orders SET shares = '-4'",
    "UPDATE orders SET paid = 'NaN'",
    "UPDATE orders SET filled = 'Infinity'",
    "UPDATE orders SET fees = '1e999999'",
    "UPDATE orders SET state = 'planned'",
    'UPDATE saved_plans SET text = replace(text, \'"shares":"4"\', \'"shares":"5"\')',
    "UPDATE saved_plans SET saved_at = 'yesterday'",
    "UPDATE execution_state SET value = 'x' WHERE name = 'audit-head'",
    "INSERT INTO plan_approvals VALUES ('p', 1, 'eve', '2026-11-24T20:00:00.000000Z', 1)",
]


@pytest.mark.parametrize("change", HOSTILE)
def test_a_copy_that_no_command_of_ours_wrote_is_refused_and_nothing_is_touched(office, change):
    office.execute(plan())
    copy = copied(office)
    with closing(sqlite3.connect(copy)) as raw:
        raw.executescript(f"PRAGMA foreign_keys = OFF; {change};")
    before = tuple(office.book.links())
    with pytest.raises(InputError) as caught:
        put_back(office, copy)
    assert caught.value.code in ("database", "database-schema")
    office.reopen()
    assert tuple(office.book.links()) == before
    assert sorted(f.name for f in office.folder.iterdir() if f.name.startswith(".")) == []


@pytest.mark.parametrize("change", HOSTILE[:6])
def test_a_database_with_a_foreign_schema_is_not_opened_for_writing(office, change):
    office.execute(plan())
    office.book.close()
    with closing(sqlite3.connect(office.folder / "steelyard.db")) as raw:
        raw.executescript(change)
    with pytest.raises(InputError) as caught:
        office.reopen()
    assert caught.value.code == "database-schema"


def test_approvals_of_a_copy_are_not_taken_into_a_record_that_parted(office):
    office.book.save_plan(plan(), office.clock.at)
    office.book.approve(plan().id, Approver("jun", proven=True), office.clock.at)
    copy = copied(office)
    office.book.close()
    for left in office.folder.glob("steelyard.db*"):
        left.unlink()
    office.reopen()
    office.book.record("note", "", {}, office.clock.at)
    put_back(office, copy)
    assert office.book.approvals(plan().id, 1) == frozenset()


def with_an_order_out(office):
    """A plan of which one share was sold when patience ended, and a copy from before it."""
    office.book.save_plan(plan(), office.clock.at)
    copy = copied(office)
    office.paper_terms = PaperTerms(fill_at_most=D(1))
    office.reopen()
    office.execute(plan(), polls=1)
    return copy


class Witness:
    """The broker of an office that notes when it is asked, and what the database had been through by then."""

    def __init__(self, office, silent=False):
        self.office, self.silent, self.asked = office, silent, []

    def __getattr__(self, name):
        return getattr(self.office.broker, name)

    def find(self, order):
        kinds = [link.text for link in self.office.book.links() if '"kind":"restore"' in link.text]
        self.asked.append((order.symbol, len(kinds)))
        if self.silent:
            raise NoAnswer("no-answer", "nobody there", "ask again")
        return self.office.broker.find(order)


def restored_beside(office, copy, broker, monkeypatch):
    """`restore` of the library, with a desk where that broker sits."""

    @contextmanager
    def desk(folder):
        yield Desk(office.book, {"main": broker}, office.clock), ExecutionSettings(), None

    monkeypatch.setattr(automation.bootstrap, "desk", desk)
    found = steelyard.restore(office.folder / "portfolio.toml", copy)
    office.book.close()
    office.reopen()
    return found


def test_a_restore_asks_the_broker_first_and_keeps_what_it_filled_meanwhile(office, monkeypatch):
    copy = with_an_order_out(office)
    (out,) = [o for o in office.book.orders() if o.is_out]
    witness = Witness(office)
    found = restored_beside(office, copy, witness, monkeypatch)
    assert found.unanswered == ()
    assert witness.asked
    assert {links for _, links in witness.asked} == {0}
    (now,) = [o for o in office.book.orders() if o.id == out.id]
    assert now.filled > out.filled
    assert verify(office.book) is None


def test_a_broker_that_does_not_answer_is_named_and_its_order_stays_out(office, monkeypatch):
    copy = with_an_order_out(office)
    (out,) = [o for o in office.book.orders() if o.is_out]
    found = restored_beside(office, copy, Witness(office, silent=True), monkeypatch)
    assert [out.id[:11] in text for text in found.unanswered] == [True]
    (now,) = [o for o in office.book.orders() if o.id == out.id]
    assert now.is_out


@pytest.mark.parametrize("name", ["b.db", "b.db.part", ".b.db.part"])
@pytest.mark.parametrize("leads", ["to a file", "nowhere", "to the database"])
def test_a_backup_neither_follows_nor_overwrites_a_link_that_lies_there(office, name, leads):
    """`ln -s ~/.ssh/authorized_keys c.db.part` beside a backup to come."""
    victim = office.folder / ("steelyard.db" if leads == "to the database" else "victim")
    if leads == "to a file":
        victim.write_text("mine")
    before = victim.read_bytes() if victim.exists() else None
    link = office.folder / name
    link.symlink_to(victim)
    if name == "b.db":
        with pytest.raises(InputError) as caught:
            copied(office)
        assert caught.value.code == "file-exists"
    else:
        assert not copied(office).is_symlink()
    assert link.is_symlink()
    assert (victim.read_bytes() if victim.exists() else None) == before
    assert not [p for p in office.folder.iterdir() if p.suffix == ".part" and p != link]


def test_a_link_planted_while_a_backup_is_written_is_not_overwritten_either(office, monkeypatch):
    """Between the look and the name there is time: the name is given only where nothing has it."""
    victim, target = office.folder / "victim", office.folder / "b.db"
    victim.write_text("mine")
    link = os.link

    def slow(source, to, **more):
        target.symlink_to(victim)
        return link(source, to, **more)

    monkeypatch.setattr(os, "link", slow)
    with pytest.raises(InputError) as caught:
        copied(office)
    assert caught.value.code == "file-exists"
    assert victim.read_text() == "mine"
    assert target.is_symlink()
