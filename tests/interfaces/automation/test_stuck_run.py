"""A run that does not end is named by `doctor` and by the next run, instead of being left alone for ever."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from builders import one_fund
from processes import run_command
from steelyard.adapters.database.connection import stamp
from steelyard.adapters.machine.run_lock import run_lock


@pytest.fixture
def run(tmp_path):
    (tmp_path / "portfolio.toml").write_text(one_fund())
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "VOO.csv").write_text(f"date,close\n{date.today()},400\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}

    def call(*words):
        return run_command(tmp_path, *words, env={**env, "NO_COLOR": "1"})

    call.folder = tmp_path
    call("run")
    return call


@pytest.mark.parametrize(("minutes", "status"), [(5, 0), (31, 5)])
def test_a_run_that_goes_on_for_longer_than_any_should_is_named(run, minutes, status):
    began = datetime.now(UTC) - timedelta(minutes=minutes)
    with closing(sqlite3.connect(run.folder / "steelyard.db")) as raw, raw:
        raw.execute("UPDATE runs SET outcome = NULL, finished_at = NULL, started_at = ?", (stamp(began),))
    with run_lock(run.folder) as mine:
        assert mine
        done = run("run", "--if-due")
        assert done.returncode == status
        assert ("error[run-stuck]" in done.stderr) is (status == 5)
        told = [c for c in json.loads(run("doctor", "--json").stdout)["checks"] if c["part"] == "last run"]
    assert any("going on since" in c["text"] for c in told) is (status == 5)
