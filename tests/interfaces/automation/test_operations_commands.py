"""What goes wrong on a machine that is left alone for years: clear words, and nothing lost."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date
from functools import partial

import pytest

from builders import one_fund
from processes import run_command

CODE = "from steelyard.interfaces.cli.main import main; main()"


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
    return {**env, "NO_COLOR": "1", **more}


def run(folder, *words, **more):
    return run_command(folder, *words, env=environment(**more))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(one_fund())
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "VOO.csv").write_text(f"date,close\n{date.today()},400\n")
    return tmp_path


def query(path, sql):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def checks(folder, **more):
    done = run(folder, "doctor", "--json", **more)
    return done.returncode, {c["part"]: c for c in json.loads(done.stdout)["checks"]}


def test_a_backup_restores_what_was_there(folder):
    run(folder, "run")
    assert run(folder, "backup", "copy.db").returncode == 0
    (folder / "steelyard.db").unlink()
    for left in folder.glob("steelyard.db-*"):
        left.unlink()
    assert run(folder, "restore", "copy.db").returncode == 0
    assert [f.name for f in folder.glob("copy.db*")] == ["copy.db"]
    assert query(folder / "steelyard.db", "SELECT total FROM valuations") == [("9800000",)]
    assert json.loads(run(folder, "run", "--if-due", "--json").stdout)["outcome"] == "not-due"


def test_a_backup_is_whole_while_another_process_is_writing(folder):
    run(folder, "run")
    writer = sqlite3.connect(folder / "steelyard.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM valuations")
    assert run(folder, "backup", "copy.db").returncode == 0
    writer.execute("ROLLBACK")
    writer.close()
    assert query(folder / "copy.db", "PRAGMA integrity_check") == [("ok",)]
    assert query(folder / "copy.db", "SELECT count(*) FROM valuations") == [(1,)]


def test_restoring_keeps_what_is_replaced(folder):
    run(folder, "run")
    run(folder, "backup", "copy.db")
    connection = sqlite3.connect(folder / "steelyard.db")
    connection.execute("UPDATE valuations SET total = '1'")
    connection.commit()
    connection.close()
    run(folder, "restore", "copy.db")
    assert query(folder / "steelyard.db", "SELECT total FROM valuations") == [("9800000",)]
    assert query(folder / "steelyard.db.before-restore.1", "SELECT total FROM valuations") == [("1",)]


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_what_is_no_copy_is_refused_and_nothing_is_touched(folder, content):
    run(folder, "run")
    (folder / "copy.db").write_bytes(content)
    assert run(folder, "restore", "copy.db").returncode == 2
    assert query(folder / "steelyard.db", "SELECT count(*) FROM valuations") == [(1,)]


def test_a_backup_overwrites_nothing(folder):
    run(folder, "run")
    (folder / "copy.db").write_text("mine")
    assert run(folder, "backup", "copy.db").returncode == 2
    assert (folder / "copy.db").read_text() == "mine"


@pytest.mark.long("waits the ten seconds in which another process may end")
def test_a_locked_database_is_named_and_the_next_run_does_the_work(folder):
    run(folder, "run")
    holder = sqlite3.connect(folder / "steelyard.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    locked = run(folder, "run")
    holder.execute("ROLLBACK")
    holder.close()
    assert locked.returncode == 5
    assert "error[database-locked]" in locked.stderr
    assert run(folder, "run").returncode == 0


def test_a_folder_that_cannot_be_written_is_named(folder):
    # A name that a file takes cannot become a folder for anybody, root included.
    (folder / "steelyard.lock").mkdir()
    done = run(folder, "run")
    assert done.returncode == 2
    assert "error[unwritable]" in done.stderr


@contextmanager
def read_only(folder):
    """Let nobody make a file in a folder: by its rights, and for root, whom they do not bind, by a flag."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        undo = partial(folder.chmod, 0o700)
    else:
        flag = ["chattr", "+i", str(folder)]
        if (
            shutil.which("chattr") is None
            or subprocess.run(flag, capture_output=True, check=False).returncode
        ):
            pytest.skip("root may write anywhere, and this file system has no flag against it")
        undo = partial(subprocess.run, ["chattr", "-i", str(folder)], check=True)
    try:
        yield
    finally:
        undo()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs rights of files as Unix has them")
@pytest.mark.parametrize("used", [False, True], ids=["before the first run", "after one"])
def test_a_read_only_folder_is_named_and_nothing_is_lost(folder, used):
    if used:
        run(folder, "run")
    with read_only(folder):
        done = run(folder, "run")
    assert done.returncode in (2, 5), done.stderr
    assert done.stderr.startswith("error[")
    assert "Traceback" not in done.stderr
    assert "hint:" in done.stderr
    assert run(folder, "run").returncode == 0
    assert query(folder / "steelyard.db", "PRAGMA integrity_check") == [("ok",)]
    assert query(folder / "steelyard.db", "SELECT count(*) FROM valuations") == [(1,)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_FSIZE as Linux has it")
def test_a_full_disk_is_an_error_and_what_was_recorded_stays(folder):
    run(folder, "run")
    size = (folder / "steelyard.db").stat().st_size
    # A limit on the size of files answers writes as a full disk does: with an error, not a signal.
    limited = (
        f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size // 4}, {size // 4}));" + CODE
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "run"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode in (2, 5), done.stderr
    assert done.stderr.startswith("error[")
    assert query(folder / "steelyard.db", "PRAGMA integrity_check") == [("ok",)]
    assert query(folder / "steelyard.db", "SELECT count(*) FROM valuations") == [(1,)]
    assert run(folder, "run").returncode == 0


def test_doctor_names_what_is_wrong_and_what_to_do(folder):
    status, found = checks(folder)
    assert (status, found["prices"]["state"], found["services"]["state"]) == (2, "bad", "warning")
    assert "prices fetch" in found["prices"]["hint"]
    run(folder, "run")
    status, found = checks(folder, STEELYARD_NOTIFY_A="json://127.0.0.1:9")
    assert status == 0
    states = {found[p]["state"] for p in ("file", "prices", "services", "database", "clock", "last run")}
    assert states == {"good"}
    status, found = checks(folder, STEELYARD_NOTIFY_A="nonsense")
    assert (status, found["services"]["state"]) == (2, "bad")


def test_doctor_sees_a_clock_that_was_set_back(folder):
    run(folder, "run")
    connection = sqlite3.connect(folder / "steelyard.db")
    connection.execute("UPDATE runs SET started_at = '2099-01-01T00:00:00.000000Z'")
    connection.commit()
    connection.close()
    status, found = checks(folder)
    assert (status, found["clock"]["state"]) == (2, "bad")


def test_doctor_names_a_secret_file_that_others_can_read(folder):
    (folder / ".env").write_text("STEELYARD_NOTIFY_A=json://127.0.0.1:9\n")
    (folder / ".env").chmod(0o644)
    status, found = checks(folder)
    assert status == 2
    assert "chmod 600" in found["permissions"]["hint"]


def test_watch_works_until_it_is_told_to_stop_and_keeps_its_health_file(folder):
    words = ["watch", "--every", "1", "--health-file", "health", "--log", "json"]
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *words],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        for _ in range(300):
            if (folder / "health").exists():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    lines = [json.loads(line) for line in said.splitlines()]
    assert process.returncode == 0
    assert (lines[0]["outcome"], lines[-1]["outcome"]) == ("done", "stopped")
    assert {"time", "event", "outcome"} <= set(lines[0])
