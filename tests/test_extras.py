"""Without the parts that only some install, everybody's commands work and the others say what to do.

Absence is made by refusing the import, in a process of its own; `make light` does the same in an environment
that really lacks them.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "src" / "steelyard" / "data" / "sample.toml"
MODULES = {"lab": "numba matplotlib", "parquet": "pyarrow", "excel": "openpyxl", "yahoo": "yfinance",
           "krx": "FinanceDataReader", "keyring": "keyring", "serve": "jinja2 starlette uvicorn",
           "mcp": "mcp", "batch": "numba pyarrow"}  # fmt: skip
WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent!r}.split():
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Absent())
{code}
"""
MAIN = "from steelyard.interfaces.cli.main import main; main()"


def run(code, *args, absent, cwd):
    script = WITHOUT.format(absent=absent, code=code)
    return subprocess.run(
        [sys.executable, "-c", script, *args], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ["check", "--json"],
        ["plan", "--json"],
        ["invest", "1000000", "--json"],
        ["run", "--if-due"],
        ["doctor"],
    ],
    ids=lambda c: c[0],
)
def test_the_commands_of_every_day_need_no_extra_and_answer_the_same(folder, command):
    absent = " ".join([*MODULES.values(), "babel holidays pandas polars"])
    day = ["--as-of", "2026-11-23"] if command[-1] == "--json" else []
    alone = run(MAIN, *command, *day, absent=absent, cwd=folder)
    assert alone.returncode == 0, alone.stderr
    if day:
        assert alone.stdout == run(MAIN, *command, *day, absent="", cwd=folder).stdout


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ("lab", "import steelyard.engines.compilation"),
        ("lab", "import steelyard.interfaces.pictures.figures"),
        ("parquet", "from pathlib import Path; from steelyard.adapters.prices import parquet;"
         " parquet.read(Path('p.parquet'))"),
        ("yahoo", "from datetime import date; from steelyard.domain.market.prices import Wanted;"
         " from steelyard.adapters.prices.yfinance import BrowserLikeYahooPrices as P;"
         " P().ask(Wanted('VOO', 'USD'), date.min, date.max)"),
        ("batch", "from datetime import date; from steelyard import batch;"
         " batch.plan([], [], [], base_currency='USD', as_of=date.min)"),
        ("krx", "from datetime import date; from steelyard.domain.market.prices import Wanted;"
         " from steelyard.adapters.prices.fdr import FinanceDataReaderPrices as P;"
         " P().ask(Wanted('069500', 'KRW'), date.min, date.max)"),
        ("serve", "import steelyard.interfaces.web.server"),
        ("mcp", "import steelyard.interfaces.mcp.server"),
    ],
)  # fmt: skip
def test_what_needs_an_extra_names_the_line_that_installs_it(tmp_path, extra, code):
    done = run(code, absent=MODULES[extra], cwd=tmp_path)
    assert "ExtraMissing" in done.stderr
    caught = code.replace("; ", "\n").replace(";", "\n")
    told = "from steelyard.errors import SteelyardError\ntry:\n"
    told += f"    exec({caught!r})\nexcept SteelyardError as e:\n    print(e.code, e.exit_status, e.hint)"
    said = run(told, absent=MODULES[extra], cwd=tmp_path).stdout
    assert said == f"extra-missing 2 run: pip install 'steelyard[{extra}]'\n"


CLUSTERS = {"dask", "ray"}
"""Engines of other machines, 240 MiB the one: a platform asks for the one it runs, nobody for both."""


def test_all_brings_every_extra_of_one_machine_and_the_base_brings_none():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    (everything,) = extras["all"]
    brought = set(everything.removeprefix("steelyard[").rstrip("]").split(","))
    assert brought == set(extras) - {"all", *CLUSTERS}
    base = {line.split(">")[0].split("<")[0].lower() for line in project["dependencies"]}
    heavy = {line.split(">")[0].lower() for name, lines in extras.items() if name != "all" for line in lines}
    assert not base & heavy
    assert not base & {"babel", "holidays", "pandas"}
