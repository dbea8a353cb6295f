"""The limits of an owner who wrote nothing, and what it takes to loosen them; approval by two people."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from processes import run_command

SECRETS = {"MIN": "m" * 40, "JUN": "j" * 40}
FILE = """\
base_currency = "USD"
priced_on = {day}
[targets]
VOO = "{voo}%"
TLT = "{tlt}%"
[policy]
threshold = "1%"
[[accounts]]
name = "main"
cash = {{ USD = "{cash}" }}
positions = [
  {{ symbol = "VOO", shares = 10, price = "100 USD" }},
  {{ symbol = "TLT", shares = 10, price = "100 USD" }},
]
"""


@pytest.fixture
def run(tmp_path):
    def call(*words, **env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
        return run_command(tmp_path, *words, env={**clean, "NO_COLOR": "1", "STEELYARD_LANG": "en", **env})

    call.folder = tmp_path
    call.write = lambda name, text: (tmp_path / name).write_text(text)
    return call


def portfolio(run, *, voo=50, cash=0, days=0):
    """10 VOO and 10 TLT at 100 dollars, priced so many days ago."""
    day = (datetime.now(UTC) - timedelta(days=days)).date()
    run.write("portfolio.toml", FILE.format(day=day, voo=voo, tlt=100 - voo, cash=cash))
    assert run("plan", "--save", "--as-of", str(day)).returncode == 0


def limits_told(run):
    """The rules that a dry run names, without those that the hour of the day decides."""
    done = run("execute", "latest", "--json")
    return {r["rule"] for r in json.loads(done.stdout)["refusals"]} - {"market-closed"}


@pytest.mark.parametrize(
    ("how", "settings", "loosened", "rule"),
    [
        # 20 % to 80 %: 6 of 20 shares move, 30 % of the portfolio in one order.
        ({"voo": 80}, "", 'max_order = "none"', "max-order"),
        ({"voo": 80}, "", 'max_order = "35%"', "max-order"),
        ({"voo": 80}, "", "max_order = 1000", "max-order"),
        ({"days": 6, "voo": 60}, "", 'max_price_age_hours = "none"', "stale-price"),
        ({"voo": 60}, '[terms]\nlimit_distance = "6%"\n', 'collar = "none"', "price-collar"),
    ],
)
def test_limits_hold_without_a_word_and_are_loosened_in_writing(run, how, settings, loosened, rule):
    run.write("execution.toml", settings)
    portfolio(run, **how)
    assert rule in limits_told(run)
    run.write("execution.toml", f"[limits]\n{loosened}\n{settings}")
    assert rule not in limits_told(run)


def test_doctor_shows_the_limits_that_hold_and_those_that_are_off(run):
    portfolio(run)
    told = {c["part"]: c for c in json.loads(run("doctor", "--json").stdout)["checks"]}["limits"]
    assert told["state"] == "good"
    assert "an order at most 25 %" in told["text"]
    assert "a day at most 100 % of the portfolio" in told["text"]
    assert "a limit at most 5 % off" in told["text"]
    assert "prices of 96 hours at most" in told["text"]
    run.write("execution.toml", '[limits]\ncollar = "none"\n')
    told = {c["part"]: c for c in json.loads(run("doctor", "--json").stdout)["checks"]}["limits"]
    assert (told["state"], "off" in told["hint"]) == ("warning", True)


def approvers():
    hashes = {n.lower(): hashlib.sha256(s.encode()).hexdigest() for n, s in SECRETS.items()}
    lines = "\n".join(f'{name} = "sha256:{digest}"' for name, digest in hashes.items())
    return f"[limits]\nsecond_approval_above = 1\n[approvers]\n{lines}\n"


def test_two_names_typed_by_one_person_are_no_two_approvals(run):
    """The attack: any text after `--who` counted."""
    run.write("execution.toml", approvers())
    portfolio(run, voo=60)
    for who in ("anybody", "somebody"):
        assert run("approve", "latest", "--who", who).returncode == 0
    assert "second-approval" in limits_told(run)
    stolen = run("approve", "latest", "--who", "jun")
    assert stolen.returncode == 2
    assert "error[approver-secret]" in stolen.stderr
    wrong = run("approve", "latest", "--who", "jun", STEELYARD_APPROVER_JUN="x" * 40)
    assert "error[approver-secret]" in wrong.stderr
    assert "x" * 40 not in wrong.stderr


def test_two_approvers_with_their_secrets_are_two(run):
    run.write("execution.toml", approvers())
    portfolio(run, voo=60)
    for name, secret in SECRETS.items():
        assert "second-approval" in limits_told(run)
        done = run("approve", "latest", "--who", name.lower(), **{f"STEELYARD_APPROVER_{name}": secret})
        assert done.returncode == 0, done.stderr
    assert "second-approval" not in limits_told(run)


@pytest.mark.parametrize("line", ['jun = "secret"', 'jun = "sha256:12"', "jun = 1"])
def test_an_approver_without_the_hash_of_a_secret_is_refused(run, line):
    portfolio(run)
    run.write("execution.toml", f"[approvers]\n{line}\n")
    assert "error[approver]" in run("execute", "latest").stderr
