"""What `doctor`, `run` and alerts say of orders: unknown ones are asked about, a broken record is named."""

import json
import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from acceptance.desks import plan
from builders import one_fund
from processes import run_command
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.send_conditions import SendConditions
from steelyard.domain.trading.sizing import orders_of


@pytest.fixture
def run(tmp_path):
    """An order was written down as sent, and the process was killed before the paper broker had it."""
    text = re.sub(r'name = "[^"]*"', 'name = "main"', one_fund())
    (tmp_path / "portfolio.toml").write_text(text)
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "VOO.csv").write_text(f"date,close\n{date.today()},400\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}

    def call(*words, **more):
        done = run_command(tmp_path, *words, env={**env, "NO_COLOR": "1", "STEELYARD_LANG": "en", **more})
        assert "Traceback" not in done.stderr, done.stderr
        return done

    call.folder, call.path = tmp_path, tmp_path / "steelyard.db"
    now = datetime.now(UTC)
    with closing(SqliteOrderBook(call.path)) as book:
        book.save_plan(plan(), now)
        first = orders_of(plan(), None)[0]
        book.begin([first], Approver("min"), SendConditions(0), now)
        book.become_sent(first, SendConditions(0), now, {})
    return call


def told(run, part):
    return [c for c in json.loads(run("doctor", "--json").stdout)["checks"] if c["part"] == part]


def questions(run):
    with closing(sqlite3.connect(run.path)) as raw:
        return raw.execute("SELECT asked FROM order_questions").fetchall()


def test_an_order_nobody_heard_of_is_asked_about_by_the_next_run_and_shown_by_doctor(run):
    assert questions(run) == []
    assert run("run").returncode == 0
    assert questions(run) == [(1,)], run("doctor").stdout
    found = told(run, "orders")
    assert any("nobody knows what became of sy-" in c["text"] for c in found)
    assert questions(run) == [(1,)], "a minute has not passed"


def test_doctor_names_a_record_that_the_book_does_not_agree_with(run):
    assert next(c["state"] for c in told(run, "orders")) == "good"
    with closing(sqlite3.connect(run.path)) as raw, raw:
        raw.execute("UPDATE orders SET side = 'buy'")
    (found,) = [c for c in told(run, "orders") if c["state"] == "bad"]
    assert "audit record is broken at link" in found["text"]


def test_each_alert_tells_how_far_the_record_goes(run):
    """The record goes on after the alert, and `audit verify --head` says that it went on from there."""
    run("run", STEELYARD_NOTIFY_A="json://127.0.0.1:9/a")
    with closing(sqlite3.connect(run.path)) as raw:
        bodies = [body for (body,) in raw.execute("SELECT body FROM messages")]
    heads = [re.search(r"Audit record: (\d+ [0-9a-f]{32})", body) for body in bodies]
    assert bodies
    for head in heads:
        assert run("audit", "verify", "--head", head[1]).returncode == 0
    other = heads[0][1][:-1] + ("0" if heads[0][1][-1] != "0" else "1")
    assert run("audit", "verify", "--head", other).returncode == 4
