"""Automation as processes, alerts over real HTTP to a service on this machine."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from acceptance.webhook import webhook
from processes import run_command
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.automation import doctor as doctor_source
from steelyard.interfaces import vocabulary

# Worked by hand: 8 x 600,000 = 4,800,000 is 48 % of 10,000,000, 8 points over a target of 40 %.
PORTFOLIO = """
base_currency = "KRW"
[targets]
"069500" = "30%"
VOO = "40%"
TLT = "20%"
GLD = "10%"
[costs]
commission = "0.1%"
[[accounts]]
name = "main"
cash = { KRW = "0" }
positions = [
  { symbol = "069500", shares = 80, price = "35000" },
  { symbol = "VOO", shares = 8 },
  { symbol = "TLT", shares = 20, price = "80000 KRW" },
  { symbol = "GLD", shares = 4, price = "200000 KRW" },
]
[fx]
USDKRW = "1500"
"""


def today():
    """The date where the default settings say the owner lives."""
    return datetime.now(ZoneInfo("Asia/Seoul")).date()


@pytest.fixture
def service():
    with webhook() as server:
        yield server


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    (tmp_path / "prices").mkdir()
    price(tmp_path, "400")
    # Drawing takes longer than all the rest of a run, and has tests of its own.
    alerts(tmp_path)
    return tmp_path


def alerts(folder, *settings, templates=""):
    """Write how alerts are told, without pictures."""
    lines = ["[alerts]", "picture = false", *settings]
    (folder / "automation.toml").write_text("\n".join([*lines, templates, ""]))


def price(folder, number, days_ago=0):
    day = today() - timedelta(days=days_ago)
    while not ExchangeSessions().is_session("XNYS", day):
        day -= timedelta(days=1)
    (folder / "prices" / "VOO.csv").write_text(f"date,close\n{day},{number}\n")


def run(folder, *words, service=None, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
    if service is not None:
        env["STEELYARD_NOTIFY_HOOK"] = service.url
    env |= {"COLUMNS": "110", "NO_COLOR": "1", **more}
    return run_command(folder, *words, env=env)


def rows(folder, sql):
    with sqlite3.connect(folder / "steelyard.db") as connection:
        return connection.execute(sql).fetchall()


def test_a_run_alerts_once_with_drift_and_plan_and_records_the_day(folder, service):
    (folder / "automation.toml").unlink()
    done = run(folder, "run", "--json", service=service)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["alerts"] == ["rebalance_due"]
    (message,) = service.messages
    assert "VOO: 48.0 % (target 40.0 %, 8.0 points over)" in message["message"]
    assert "sell 1 VOO" in message["message"]
    (day,) = rows(folder, "SELECT day, total, largest_drift, due FROM valuations")
    assert day == (str(today()), "10000000", "0.08", 1)


def test_run_if_due_handles_a_look_once(folder, service):
    first = json.loads(run(folder, "run", "--if-due", "--json", service=service).stdout)
    second = json.loads(run(folder, "run", "--if-due", "--json", service=service).stdout)
    assert (first["outcome"], second["outcome"]) == ("done", "not-due")
    assert len(service.got) == 1


def test_the_same_state_is_not_told_twice_and_a_worse_one_is(folder, service):
    run(folder, "run", service=service)
    run(folder, "run", service=service)
    assert len(service.got) == 1
    # 8 x 450 x 1500 = 5,400,000 of 10,600,000 is 50.9 %: 2.9 points worse than the 8.0 told.
    price(folder, "450")
    run(folder, "run", service=service)
    assert "50.9 %" in service.messages[1]["message"]


def test_a_service_that_is_down_gets_its_message_later_and_blocks_no_other(folder, service):
    with webhook(503) as other:
        address = {"STEELYARD_NOTIFY_A": other.url}
        done = json.loads(run(folder, "run", "--json", service=service, **address).stdout)
        assert (done["sent"], done["failed"]) == (1, 1)
        other.answer = 200
        # The five minutes to the second attempt are put behind us.
        with sqlite3.connect(folder / "steelyard.db") as connection:
            connection.execute("UPDATE deliveries SET next_at = '2020' WHERE state = 'waiting'")
        done = json.loads(run(folder, "run", "--if-due", "--json", service=service, **address).stdout)
        assert (done["outcome"], done["sent"]) == ("not-due", 1)
        assert (len(other.got), len(service.got)) == (2, 1)
    assert rows(folder, "SELECT state, attempts FROM deliveries ORDER BY service") == [
        ("sent", 2),
        ("sent", 1),
    ]


def test_a_second_run_leaves_at_once_saying_so(folder):
    import fcntl

    with (folder / "steelyard.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run(folder, "run")
    assert done.returncode == 0
    assert "another run is under way" in done.stderr
    assert not (folder / "steelyard.db").exists()


def test_without_a_price_the_run_fails_says_so_and_is_taken_up_again(folder, service):
    (folder / "prices" / "VOO.csv").unlink()
    failed = run(folder, "run", "--if-due", service=service)
    assert failed.returncode == 3
    assert "error[price-missing]" in failed.stderr
    assert {m["title"] for m in service.messages} == {
        "No good price: VOO",
        "Steelyard could not finish: price-missing",
    }
    price(folder, "400")
    done = json.loads(run(folder, "run", "--if-due", "--json", service=service).stdout)
    assert done["alerts"] == ["rebalance_due"]


def test_old_prices_alert_without_a_plan_and_say_how_old_they_are(folder, service):
    price(folder, "400", days_ago=10)
    run(folder, "run", service=service)
    due = next(m for m in service.messages if m["title"].startswith("Rebalance due"))
    assert "last good prices" in due["message"]
    assert "sell" not in due["message"]


def test_korean_alerts_and_templates_of_ones_own(folder, service):
    alerts(folder, 'language = "ko"')
    run(folder, "run", service=service)
    assert "VOO: 48.0 % (목표 40.0 %, 8.0%p 초과)" in service.messages[0]["message"]
    (folder / "steelyard.db").unlink()
    alerts(folder, templates='[alerts.templates]\nrebalance_due = "Look: $reasons $unknown"')
    run(folder, "run", service=service)
    assert service.messages[1]["message"].startswith("Look: VOO: 48.0 %")
    assert service.messages[1]["message"].splitlines()[0].endswith("$unknown")


def test_quiet_hours_hold_a_message_back_and_lose_nothing(folder, service):
    alerts(folder, 'quiet = "00:00-23:59"')
    run(folder, "run", service=service)
    assert service.messages == []
    alerts(folder)
    run(folder, "run", "--if-due", service=service)
    assert len(service.got) == 1


def test_prices_set_show_and_check_agree(folder):
    (folder / "prices" / "VOO.csv").unlink()
    assert run(folder, "prices", "check").returncode == 3
    assert run(folder, "prices", "set", "VOO", "412.35").returncode == 0
    assert "412.35 USD" in run(folder, "prices", "show").stdout
    assert run(folder, "prices", "check").returncode == 0


def test_prices_check_says_of_a_rate_whether_the_file_has_it_or_has_no_use_for_it(folder):
    def states():
        found = json.loads(run(folder, "prices", "check", "--json").stdout)["prices"]
        return {row["symbol"]: row["state"] for row in found}

    assert states()["USDKRW"] == "in the portfolio file"
    text = PORTFOLIO.replace('"VOO", shares = 8', '"VOO", shares = 8, price = "600000 KRW"')
    (folder / "portfolio.toml").write_text(text.partition("[fx]")[0])
    assert states() == dict.fromkeys(("069500", "VOO", "TLT", "GLD"), "in the portfolio file") | {
        "USDKRW": "not needed"
    }


def test_prices_fetch_exits_three_when_nothing_good_came(folder):
    assert run(folder, "prices", "fetch").returncode == 0
    price(folder, "-5")
    done = run(folder, "prices", "fetch", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["prices"][0]["findings"][0]["code"] == "price-not-positive"


def test_notify_test_says_which_service_failed(folder, service):
    assert "hook: accepted" in run(folder, "notify", "test", service=service).stdout
    service.answer = 404
    failed = run(folder, "notify", "test", service=service)
    assert failed.returncode == 5
    assert "404" in failed.stderr
    malformed = run(folder, "notify", "test", STEELYARD_NOTIFY_X="nonsense://")
    assert malformed.returncode == 5
    assert "error[notify-address]: x" in malformed.stderr
    assert run(folder, "notify", "test").returncode == 2


def test_a_stored_price_fills_what_the_file_leaves_open_and_reading_it_writes_nothing(folder):
    from steelyard import bootstrap
    from steelyard.domain.portfolio import value
    from steelyard.errors import PortfolioProblems

    with pytest.raises(PortfolioProblems):
        bootstrap.portfolio(bootstrap.Folder.of(folder / "portfolio.toml"))
    run(folder, "prices", "fetch")
    before = (folder / "steelyard.db").read_bytes()
    assert value(bootstrap.portfolio(bootstrap.Folder.of(folder / "portfolio.toml"))).total == 10000000
    assert (folder / "steelyard.db").read_bytes() == before
    (folder / "steelyard.db").unlink()
    sqlite3.connect(folder / "steelyard.db").close()
    with pytest.raises(PortfolioProblems):
        bootstrap.portfolio(bootstrap.Folder.of(folder / "portfolio.toml"))


def test_check_imports_nothing_of_automation(folder):
    code = (
        "import sys; from steelyard.interfaces.cli.main import cli; sys.argv = ['x', 'check', '--json'];"
        "cli.main(['check', '--json'], standalone_mode=False);"
        "names = ('apprise', 'sqlite3', 'steelyard.app.automation.run',"
        " 'steelyard.interfaces.cli.automation.run');"
        "print([n for n in names if n in sys.modules], file=sys.stderr)"
    )
    (folder / "portfolio.toml").write_text(
        PORTFOLIO.replace("shares = 8 }", 'shares = 8, price = "400 USD" }')
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"
    assert json.loads(done.stdout)["total_value"] == "10000000"


def test_a_run_with_nothing_to_do_imports_nothing_that_does_it(folder, service):
    """Every hour cron starts one, and nearly always there is nothing to do."""
    code = (
        "import sys; from steelyard.interfaces.cli.main import cli;"
        "cli.main(['run', '--if-due', '--json'], standalone_mode=False);"
        "names = ('steelyard.app.automation.evaluation', 'steelyard.app.planning.plan',"
        " 'steelyard.domain.trades', 'apprise', 'logging', 'hashlib', 'numpy', 'httpx2', 'babel', 'rich');"
        "print([n for n in names if n in sys.modules], file=sys.stderr)"
    )
    assert run(folder, "run", "--if-due", service=service).returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout)["outcome"] == "not-due"
    assert done.stderr.strip() == "[]"


def test_doctor_has_a_word_for_every_part_it_looks_at():
    """The parts are those that stand in its source; one without a word ended in a traceback."""
    source = Path(doctor_source.__file__).read_text(encoding="utf-8")
    parts = set(re.findall(r"""(?:Symptom|trouble)\(\s*"([a-z ]+)",""", source))
    assert {"file", "journal", "prices"} <= parts
    assert parts <= set(vocabulary.PARTS)
