"""A broker and a price source of somebody else's package, found by their entry points and really used."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "write-your-own-broker.md"
PORTFOLIO = """
base_currency = "USD"
[targets]
VOO = "50%"
TLT = "50%"
[[accounts]]
name = "main"
cash = { USD = "1000" }
positions = [{ symbol = "VOO", shares = 4, price = 500 }, { symbol = "TLT", shares = 5, price = 100 }]
"""
SOURCE = """
class Fixed:
    name, remote = "fixed", False

    def offers(self, wanted):
        return wanted.symbol == "GLD"

    def ask(self, wanted, first, last):
        return "123.45"

    def read(self, wanted, answer):
        from decimal import Decimal
        from datetime import date
        from steelyard.domain.market.prices import Close

        return (Close(date(2026, 11, 20), Decimal(answer), "USD"),)


def open_source(folder, seconds):
    return Fixed()
"""


@pytest.fixture
def run(tmp_path):
    """Install a package into a folder of its own, as pip would, and run commands that see it."""
    site = tmp_path / "site"
    info = site / "stranger-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[steelyard.brokers]\nmemory = memory_broker:open_broker\nbroken = nowhere:open_broker\n"
        "[steelyard.price_sources]\nfixed = fixed_prices:open_source\n"
    )
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S)
    (site / "memory_broker.py").write_text("\n\n".join(blocks))
    (site / "fixed_prices.py").write_text(SOURCE)
    folder = tmp_path / "money"
    folder.mkdir()
    (folder / "portfolio.toml").write_text("priced_on = 2026-11-23\n" + PORTFOLIO)

    def call(*words):
        paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
        return subprocess.run(
            [sys.executable, "-c", "from steelyard.interfaces.cli.main import main; main()", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "NO_COLOR": "1"},
            check=False,
        )

    call.folder = folder
    return call


def test_the_broker_of_the_guide_is_installed_and_carries_a_plan_out(run):
    (run.folder / "execution.toml").write_text(
        '[accounts]\nmain = "memory"\n[limits]\nmax_order = "none"\nmax_price_age_hours = "none"\n'
    )
    saved = run("plan", "--as-of", "2026-11-24", "--save")
    assert saved.returncode == 0, saved.stderr
    rehearsed = run("execute", "latest")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "buy" in rehearsed.stdout


def test_a_broker_that_does_not_say_what_kind_it_is_is_refused_before_anything_is_sent(run):
    """A broker of an earlier version: whether its trades are real is nothing to guess."""
    site = run.folder.parent / "site"
    text = (site / "memory_broker.py").read_text()
    (site / "memory_broker.py").write_text(text.replace("MemoryBroker(BrokerHabits)", "MemoryBroker"))
    (run.folder / "execution.toml").write_text('[accounts]\nmain = "memory"\n')
    run("plan", "--as-of", "2026-11-24", "--save")
    answer = run("execute", "latest")
    assert answer.returncode == 2
    assert "error[plugin]: the broker 'memory' does not say its trades_as_quoted" in answer.stderr
    assert "BrokerHabits" in answer.stderr


def test_a_broker_that_cannot_be_imported_is_named(run):
    (run.folder / "execution.toml").write_text('[accounts]\nmain = "broken"\n')
    run("plan", "--as-of", "2026-11-24", "--save")
    answer = run("execute", "latest")
    assert answer.returncode == 2
    assert "error[plugin]: 'broken' (nowhere:open_broker) cannot be imported" in answer.stderr


def test_a_broker_that_nobody_brings_along_is_refused_with_the_names_there_are(run):
    (run.folder / "execution.toml").write_text('[accounts]\nmain = "mystery"\n')
    run("plan", "--as-of", "2026-11-24", "--save")
    answer = run("execute", "latest")
    assert answer.returncode == 2
    assert "error[unknown-word]" in answer.stderr
    assert "memory" in answer.stderr


def test_an_installed_price_source_is_asked(run):
    text = PORTFOLIO.replace('TLT = "50%"', 'GLD = "50%"').replace(
        '"TLT", shares = 5, price = 100', '"GLD", shares = 5'
    )
    (run.folder / "portfolio.toml").write_text(text)
    (run.folder / "automation.toml").write_text('[prices]\nsources = ["fixed"]\nmax_age_days = 10000\n')
    fetched = run("prices", "fetch")
    assert fetched.returncode == 0, fetched.stderr
    shown = run("prices", "show")
    assert "123.45" in shown.stdout
    assert "fixed" in shown.stdout
