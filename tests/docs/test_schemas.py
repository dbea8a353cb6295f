"""Every JSON document is described by a schema, and real output is held to it: no key more, none less.

The schemas let keys be added, as the contract does; here they are closed, so that a new key is described.
"""

import json
import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from steelyard.interfaces.cli.main import cli

ROOT = Path(__file__).parent.parent.parent
sys.path.append(str(ROOT / "examples" / "platform"))
from make import make  # noqa: E402

SCHEMAS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "docs" / "reference" / "schemas").glob("*.json"))
}
FILE = """\
base_currency = "USD"
[targets]
VOO = "60%"
TLT = "40%"
[tax]
jurisdiction = "US"
filing = "single"
ordinary_rate = "24%"
[prices]
VOO = "500"
TLT = "90"
GLD = "200"
[[accounts]]
name = "main"
"""


def closed(schema):
    """The same schema, in which a key that is not described is a fault."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {**more, **{key: closed(part) for key, part in schema.items()}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A portfolio with a journal, prices, a saved plan that was carried out on paper, and a run."""
    folder = tmp_path_factory.mktemp("schemas")
    (folder / "portfolio.toml").write_text(FILE, encoding="utf-8")
    (folder / "prices").mkdir()
    today = datetime.now(UTC).date()
    (folder / "prices" / "VOO.csv").write_text(f"date,close\n{today},500\n", encoding="utf-8")
    days = [date(2023, 1, 2) + timedelta(days=n) for n in range(0, 800, 2)]
    lines = [f"{day},{100 + n % 7},{100 - n % 5}" for n, day in enumerate(d for d in days if d.weekday() < 5)]
    (folder / "broker.csv").write_text("symbol,sold,shares,gain\nVOO,2026-05-04,1,5\n", encoding="utf-8")
    (folder / "closes.csv").write_text("date,VOO,TLT\n" + "\n".join(lines) + "\n", encoding="utf-8")
    long = [date(2010, 1, 4) + timedelta(days=n) for n in range(3710)]
    lines = [f"{day},{100 + n % 7},{100 - n % 5}" for n, day in enumerate(d for d in long if d.weekday() < 5)]
    (folder / "ten_years.csv").write_text("date,VOO,TLT\n" + "\n".join(lines) + "\n", encoding="utf-8")
    make(folder / "tables", 20)
    place = ("--portfolio", str(folder / "portfolio.toml"))
    for words in (
        ("record", "date=2025-02-03", "type=deposit", "shares=13000", "currency=USD", *place),
        ("record", "date=2025-02-03", "type=buy", "symbol=GLD", "shares=1", "price=180", *place),
        ("record", "date=2025-02-03", "type=buy", "symbol=VOO", "shares=22", "price=480", *place),
        ("record", "date=2025-02-03", "type=buy", "symbol=TLT", "shares=10", "price=100", *place),
        ("record", "date=2026-02-03", "type=sell", "symbol=VOO", "shares=2", "price=470", *place),
        ("run", str(folder / "portfolio.toml")),
        ("plan", "--save", *place),
        ("execute", "latest", "--live", "--who", "jun", *place),
    ):
        done = CliRunner().invoke(cli, words)
        assert done.exit_code in (0, 4), (words, done.output)
    return folder


TODAY = date.today()
QUARTER = f"{TODAY.year}Q{(TODAY.month + 2) // 3}"
CLOSES = ("--prices", "closes.csv", "--before-tax")
FILED = ("FILE",)
NAMED = ("--portfolio", "FILE")
COMMANDS = [
    ("check", ("check", *FILED)),
    ("holdings", ("holdings", *FILED)),
    ("plan", ("plan", *FILED)),
    ("plan", ("plan", "--policy-gate", *FILED)),
    ("ways", ("plan", "--ways", *FILED)),
    ("plan", ("invest", "5000", *FILED)),
    ("plan", ("withdraw", "500", *FILED)),
    ("targets", ("targets", "set", "VOO=50%", "GLD=10%", *FILED)),
    ("tax", ("tax", *FILED)),
    ("reconciliation", ("tax", "--reconcile", "broker.csv", *FILED)),
    ("harvest", ("harvest", "--min-loss", "1%", *FILED)),
    ("models", ("models",)),
    ("find", ("find", "vanguard", "bond", "--limit", "3")),
    ("history", ("history", "--all", *NAMED)),
    ("values", ("values", *FILED)),
    ("prices-fetch", ("prices", "fetch", "--all", *FILED)),
    ("prices", ("prices", "show", *FILED)),
    ("prices-check", ("prices", "check", *FILED)),
    ("run", ("run", *FILED)),
    ("doctor", ("doctor", *FILED)),
    ("notify", ("notify", "list", *FILED)),
    ("orders", ("orders", *NAMED)),
    ("execution", ("execute", "latest", *NAMED)),
    ("sync", ("sync", *NAMED)),
    ("audit", ("audit", "show", "latest", *NAMED)),
    ("trade-report", ("audit", "report", "--quarter", QUARTER, *NAMED)),
    ("batch-prepare", ("batch", "prepare", "tables", "--out", "work", "--as-of", "2026-11-23")),
    ("batch-run", ("batch", "check", "work")),
    ("batch-run", ("batch", "plan", "work", "--out", "plans")),
    ("batch-run", ("batch", "reconcile", "work", "plans")),
    ("batch-what-if", ("batch", "what-if", "work", "--models", "tables/models.parquet")),
    ("backtest", ("backtest", *CLOSES, *FILED)),
    ("backtest", ("compare", *CLOSES, "--paths", "2", "--policy", "hold", "--sweep", *FILED)),
    ("backtest", ("compare", *CLOSES, "--paths", "2", "--rolling", "1", *FILED)),
    ("rule", ("lab", "rule", "--prices", "ten_years.csv", "--value", "50000", "--paths", "20", *FILED)),
    ("literature", ("lab", "literature", "--only", "leland", "--only", "rattray")),
    ("deposits", ("deposits", "--paths", "20", "--years", "1", *FILED)),
    ("bands", ("bands", "--value", "50000", "--move-cost", "0.1%", "--paths", "20", "--years", "1", *FILED)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "words"), COMMANDS, ids=[" ".join(w) for _, w in COMMANDS])
def test_what_a_command_prints_is_what_its_schema_says(name, words, folder, monkeypatch):
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, [*(w.replace("FILE", "portfolio.toml") for w in words), "--json"])
    assert done.exit_code in (0, 2, 3, 4), done.output
    faults = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
        for e in Draft202012Validator(closed(SCHEMAS[name])).iter_errors(json.loads(done.stdout))
    ]
    assert faults == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_is_held_to_a_command(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert name in {command for command, _ in COMMANDS}


def test_every_document_that_the_sources_name_has_a_schema():
    named = set()
    for path in (ROOT / "src").rglob("*.py"):
        named |= set(re.findall(r'"steelyard/([a-z-]+)/\d"', path.read_text(encoding="utf-8")))
    # The API describes what only it answers in its contract, to which its own tests hold it.
    contract = (ROOT / "tools" / "openapi.json").read_text(encoding="utf-8")
    own = set(re.findall(r'"steelyard/([a-z-]+)/\d"', contract))
    # What a saved plan is hashed by, and what a batch keeps for itself, is never printed as a document.
    assert named - {"saved-plan", "batch", "batch-report"} - own == set(SCHEMAS)
