"""The orders of a plan are written down first, and become sent in one place: a transaction of the book."""

import ast
from pathlib import Path

import steelyard
from acceptance.desks import Office, plan

SOURCES = sorted(Path(steelyard.__file__).parent.rglob("*.py"))


def calls(module, name):
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            if getattr(called, "attr", getattr(called, "id", "")) == name:
                yield node


def test_an_order_becomes_sent_and_is_submitted_in_one_module_only():
    """The rule of docs and book: who adds a second way to a broker would go around what is asked there."""
    moved = [
        module.name
        for module in SOURCES
        for call in calls(module, "move")
        if any(isinstance(a, ast.Name) and a.id == "SENT" for a in call.args)
    ]
    submitted = [
        module.name for module in SOURCES for _ in calls(module, "submit") if "trading" in module.parts
    ]
    assert moved == ["order_book.py"]
    assert submitted == ["blotter.py"]


def test_every_order_is_on_disk_as_sent_when_its_broker_hears_of_it(tmp_path):
    """The plan of the desk has three orders; the broker looks into the book each time."""
    office, seen = Office(tmp_path), []
    submit = office.broker.submit

    def looking(order):
        (kept,) = [o for o in office.book.orders(plan().id) if o.id == order.id]
        seen.append((order.symbol, kept == order, kept.state, kept.sent_at == office.clock.now()))
        return submit(order)

    office.broker.submit = looking
    assert office.execute(plan()).outcome == "done"
    assert seen == [(s, True, "sent", True) for s in ("VOO", "TLT", "GLD")]
