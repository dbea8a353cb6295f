"""How much a short command loads: modules are counted, since a time in a test would only say how busy it is.

What a command waits for is measured by `benchmarks/startup.py`. A count that has to grow is raised here, by
whoever measured that the goals there still hold.
"""

import json
import subprocess
import sys

import pytest

from builders import account, portfolio, position
from processes import run_command

FILE = portfolio(
    {"VOO": "60%", "TLT": "40%"},
    account(position("VOO", 10, "600 USD"), position("TLT", 30, "90 USD"), cash={"USD": "500"}),
    base_currency="USD",
)

# Modules beyond those of `import click`, on a folder with a portfolio file and a database; the second figure
# with a journal in it.
LOADED = {
    ("check", "--json"): (106, 115),
    ("plan", "--json"): (138, 153),
    ("run", "--if-due"): (162, 171),
    ("holdings", "--json"): (106, 114),
    ("orders", "--json"): (103, 103),
}
CODE = """
import sys, json
import click
before = set(sys.modules)
import dataclasses
decorated = []
process = dataclasses.dataclass
def dataclass(cls=None, /, **options):
    def decorate(cls):
        decorated.append(f"{cls.__module__}.{cls.__qualname__}")
        return process(cls, **options)
    return decorate if cls is None else decorate(cls)
dataclasses.dataclass = dataclass
from steelyard.interfaces.cli.main import main
try:
    main()
finally:
    mine = [name for name in decorated if name.startswith("steelyard.")]
    print(json.dumps([sorted(set(sys.modules) - before), mine]), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A portfolio with a database of automation beside it, and one with a journal as well."""
    made = []
    for name in ("automated", "journal"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "portfolio.toml").write_text(FILE)
        assert run_command(folder, "run", "--if-due").returncode == 0
        made.append(folder)
    assert run_command(folder, "init", "--journal").returncode == 0
    return made


@pytest.mark.parametrize(
    ("words", "journal"), [(words, journal) for words in LOADED for journal in (False, True)]
)
def test_a_short_command_loads_no_more_than_it_did(folders, words, journal):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=folders[journal],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded, decorated = json.loads(done.stderr.splitlines()[-1])
    assert len(loaded) <= LOADED[words][journal], loaded
    # Every class of these commands is made by `steelyard.records` (decision 0016).
    assert decorated == []
    for name in ("rich", "numpy", "highspy", "apprise", "httpx2", "logging", "email", "difflib"):
        assert name not in loaded
