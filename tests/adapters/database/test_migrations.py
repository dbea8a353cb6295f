"""A database of an earlier version: a backup first, then every step or none."""

import errno
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from unittest.mock import Mock

import pytest

from steelyard.adapters.database import migrations
from steelyard.adapters.database.automation_schema import STEPS
from steelyard.adapters.database.migrations import Part, bring_up_to_date
from steelyard.errors import InputError

FIRST = """
    CREATE TABLE a (x INTEGER) STRICT;
    CREATE TRIGGER keep BEFORE DELETE ON a BEGIN SELECT 1; SELECT 2; END;
"""
SECOND = "ALTER TABLE a ADD COLUMN y TEXT; CREATE TABLE b (z INTEGER) STRICT;"


def opened(path):
    return closing(sqlite3.connect(path, isolation_level=None))


def query(path, sql):
    with opened(path) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "steelyard.db"


def test_a_new_database_needs_no_backup(path):
    with opened(path) as connection:
        bring_up_to_date(
            connection,
            path,
            Part(
                "part",
                (
                    FIRST,
                    SECOND,
                ),
            ),
        )
    assert query(path, "SELECT name, version FROM parts") == [("part", 2)]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_later_step_is_preceded_by_a_backup_only_its_owner_can_read(path):
    with opened(path) as connection:
        bring_up_to_date(connection, path, Part("part", (FIRST,)))
        connection.execute("INSERT INTO a VALUES (7)")
        bring_up_to_date(
            connection,
            path,
            Part(
                "part",
                (
                    FIRST,
                    SECOND,
                ),
            ),
        )
    assert query(path, "SELECT x, y FROM a") == [(7, None)]
    copy = path.with_name("steelyard.db.part-v1.backup")
    assert query(copy, "SELECT * FROM a") == [(7,)]
    assert query(copy, "SELECT version FROM parts") == [(1,)]
    assert query(copy, "PRAGMA integrity_check") == [("ok",)]
    if os.name == "posix":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_step_that_fails_leaves_everything_as_it_was(path):
    with opened(path) as connection:
        bring_up_to_date(connection, path, Part("part", (FIRST,)))
        with pytest.raises(sqlite3.OperationalError):
            bring_up_to_date(
                connection,
                path,
                Part(
                    "part",
                    (
                        FIRST,
                        SECOND + "CREATE TABLE a (x INTEGER);",
                    ),
                ),
            )
    assert query(path, "SELECT version FROM parts") == [(1,)]
    assert query(path, "SELECT count(*) FROM sqlite_master WHERE name = 'b'") == [(0,)]


def test_parts_count_for_themselves(path):
    with opened(path) as connection:
        bring_up_to_date(connection, path, Part("one", (FIRST,)))
        bring_up_to_date(connection, path, Part("two", ("CREATE TABLE b (z INTEGER) STRICT;",)))
    assert query(path, "SELECT name, version FROM parts ORDER BY name") == [("one", 1), ("two", 1)]


def test_a_part_of_a_newer_version_is_refused_and_not_touched(path):
    with opened(path) as connection:
        bring_up_to_date(
            connection,
            path,
            Part(
                "part",
                (
                    FIRST,
                    SECOND,
                ),
            ),
        )
        with pytest.raises(InputError) as caught:
            bring_up_to_date(connection, path, Part("part", (FIRST,)))
    assert caught.value.code == "database-newer"


def test_a_backup_that_cannot_be_written_stops_the_upgrade(path, monkeypatch):
    with opened(path) as connection:
        bring_up_to_date(connection, path, Part("part", (FIRST,)))
        full = OSError(errno.ENOSPC, "No space left on device")
        monkeypatch.setattr(migrations, "fresh_beside", Mock(side_effect=full))
        with pytest.raises(InputError) as caught:
            bring_up_to_date(
                connection,
                path,
                Part(
                    "part",
                    (
                        FIRST,
                        SECOND,
                    ),
                ),
            )
    assert caught.value.code == "unwritable"
    assert query(path, "SELECT version FROM parts") == [(1,)]


PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "100%"
[[accounts]]
name = "main"
positions = [ { symbol = "VOO", shares = 8, price = "600000 KRW" } ]
"""


def test_a_run_upgrades_what_the_first_version_wrote_and_repeats_nothing(path):
    """Its tables are the first step as it was released; the waiting message is one of that version."""
    folder = path.parent
    (folder / "portfolio.toml").write_text(PORTFOLIO)
    with opened(path) as connection:
        bring_up_to_date(connection, path, Part("automation", STEPS[:1]))
        connection.execute(
            "INSERT INTO messages VALUES (1, 'portfolio.toml', 'digest', 'digest', 'old', 'text', '2026')"
        )
        connection.execute("INSERT INTO deliveries VALUES (1, 'a', 'waiting', 0, '2026', '')")
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
    env["STEELYARD_NOTIFY_A"] = "json://127.0.0.1:9"
    code = "from steelyard.interfaces.cli.main import main; main()"
    words = [sys.executable, "-c", code, "run", "--json"]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert query(path, "SELECT state, attempts FROM deliveries WHERE message = 1") == [("waiting", 1)]
    assert query(path, "SELECT version FROM parts WHERE name = 'automation'") == [(len(STEPS),)]
    copy = folder / "steelyard.db.automation-v1.backup"
    assert query(copy, "SELECT count(*) FROM valuations") == [(0,)]
    restored = subprocess.run(
        [sys.executable, "-c", code, "restore", copy.name],
        cwd=folder,
        env=env,
        capture_output=True,
        check=False,
    )
    assert restored.returncode == 0
    assert query(path, "SELECT count(*) FROM valuations") == [(0,)]
