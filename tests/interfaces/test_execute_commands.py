"""Plans, orders and the audit record as commands, on the paper broker."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import steelyard

SAMPLE = Path(steelyard.__file__).parent / "data" / "sample.toml"


@pytest.fixture
def run(tmp_path):
    (tmp_path / "portfolio.toml").write_text(SAMPLE.read_text())

    def call(*words):
        code = "from steelyard.interfaces.cli.main import main; main()"
        env = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=env,
            check=False,
        )

    call.folder = tmp_path
    return call


def test_a_saved_plan_is_rehearsed_sent_once_and_audited(run):
    saved = run("plan", "--save")
    assert saved.returncode == 0, saved.stderr
    assert "saved as" in saved.stderr
    dry = run("execute", "latest", "--json")
    assert dry.returncode == 0, dry.stderr
    document = json.loads(dry.stdout)
    assert document["outcome"] == "dry-run"
    assert document["orders"][0]["side"] == "sell"
    assert json.loads(run("orders", "--json").stdout)["orders"] == []
    live = run("execute", "latest", "--live", "--who", "min", "--json")
    assert live.returncode == 0, live.stderr
    done = json.loads(live.stdout)
    assert done["outcome"] == "done"
    assert {o["state"] for o in done["orders"]} <= {"filled", "cancelled"}
    again = run("execute", "latest", "--live")
    assert again.returncode == 4
    assert "error[duplicate-plan]" in again.stderr
    assert len(json.loads(run("orders", "--json").stdout)["orders"]) == len(document["orders"])
    assert run("audit", "verify").stdout.startswith("whole:")
    story = run("audit", "show", "latest").stdout
    assert "approval" in story
    assert "plan-done" in story
    assert "min" in story
    differs = json.loads(run("sync", "--json").stdout)
    assert differs["new_fills"] >= 2
    assert {d["what"] for d in differs["differences"]} >= {
        o["symbol"] for o in done["orders"] if o["filled"] != "0"
    }


def test_halt_refuses_everything_until_resume(run):
    run("plan", "--save")
    assert run("halt", "prices look wrong").returncode == 0
    refused = run("execute", "latest", "--live")
    assert refused.returncode == 4
    assert "error[halted]" in refused.stderr
    assert "prices look wrong" in refused.stderr
    assert run("resume").returncode == 0
    assert run("execute", "latest", "--live").returncode == 0


def test_unattended_execution_needs_arming(run):
    run("plan", "--save")
    assert "error[not-armed]" in run("execute", "latest", "--live", "--unattended").stderr
    assert run("arm", "--until", "2000-01-01", "--max-amount", "5").returncode == 2
    assert run("arm", "--until", "2999-01-01", "--max-amount", "99000000").returncode == 0
    assert run("execute", "latest", "--live", "--unattended").returncode == 0


def test_limits_of_the_settings_file_are_kept(run):
    run("plan", "--save")
    (run.folder / "execution.toml").write_text('[limits]\nmax_order = "1000"\n')
    refused = run("execute", "latest", "--live")
    assert refused.returncode == 4
    assert "error[max-order]" in refused.stderr
    (run.folder / "execution.toml").write_text("[limits]\nmax_ordr = 1\n")
    wrong = run("execute", "latest")
    assert wrong.returncode == 2
    assert "did you mean `max_order`?" in wrong.stderr


def test_a_changed_record_is_named(run):
    run("plan", "--save")
    run("execute", "latest", "--live")
    with sqlite3.connect(run.folder / "steelyard.db") as raw:
        raw.execute("DROP TRIGGER audit_stays")
        raw.execute("UPDATE audit SET text = replace(text, 'approval', 'x') WHERE number = 2")
    broken = run("audit", "verify")
    assert broken.returncode == 4
    assert "error[audit-broken]: link 2" in broken.stderr


def test_check_and_plan_import_nothing_of_brokers(run):
    code = (
        "import sys; from steelyard.interfaces.cli.main import cli\n"
        "try: cli.main(['check', '--json'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "bad = [m for m in sys.modules if 'broker' in m or 'order_' in m or m == 'httpx']\n"
        "print(bad, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=run.folder, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip().endswith("[]")


def test_an_account_on_alpaca_needs_its_keys(run):
    run("plan", "--save")
    (run.folder / "execution.toml").write_text('[accounts]\nmain = "alpaca-paper"\n')
    refused = run("execute", "latest")
    assert refused.returncode == 2
    assert "error[broker-keys]" in refused.stderr
    assert "STEELYARD_ALPACA_KEY" in refused.stderr
