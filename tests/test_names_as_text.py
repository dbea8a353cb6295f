"""A module that is named in a string is looked for when somebody uses it: here each such name is.

Every table of names has a test of its own, and a module that imports by name without being listed here fails.
"""

import ast
import re
import tomllib
from importlib import import_module
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

import steelyard
from steelyard import bootstrap
from steelyard.adapters.alerts import courier
from steelyard.adapters.files.automation import SOURCES
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.importers.choice import CODED
from steelyard.adapters.prices import fdr, yfinance
from steelyard.app.lab import look_sessions
from steelyard.bootstrap import prices
from steelyard.domain.market.rates import EXIMBANK
from steelyard.domain.tax import codes
from steelyard.domain.tax import country as countries
from steelyard.engines.lab.backtest import walks
from steelyard.engines.market import intake
from steelyard.interfaces.cli.command_table import LATER

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# What imports by name, and so has a table that is tested below.
BY_NAME = {
    "steelyard/__init__.py",
    "steelyard/adapters/importers/choice.py",
    "steelyard/adapters/machine/apart.py",
    "steelyard/bootstrap/__init__.py",
    "steelyard/bootstrap/prices.py",
    "steelyard/domain/tax/codes.py",
    "steelyard/domain/tax/country.py",
    "steelyard/engines/loading.py",
    "steelyard/interfaces/cli/command_table.py",
}

NAME = re.compile(r"(?<![\w./-])steelyard(?:\.[A-Za-z_]\w*)+")


def modules():
    return [(path.relative_to(SOURCE).as_posix(), path) for path in sorted(SOURCE.rglob("*.py"))]


@pytest.mark.parametrize("name", steelyard.__all__)
def test_every_name_of_the_library_is_there(name):
    assert getattr(steelyard, name) is not None


@pytest.mark.parametrize("name", bootstrap.__all__)
def test_every_name_of_the_composition_root_is_there(name):
    assert callable(getattr(bootstrap, name))


@pytest.mark.parametrize("name", LATER)
def test_every_command_of_the_table_is_in_its_module(name):
    assert isinstance(getattr(import_module(LATER[name]), name), click.Command)


@pytest.mark.parametrize("function", [courier.deliver, yfinance.fetch, fdr.fetch])
def test_what_runs_in_a_process_apart_is_found_there_by_its_name(function):
    assert getattr(import_module(function.__module__), function.__name__) is function


@pytest.mark.parametrize("module", CODED.values())
def test_every_format_with_a_reader_has_its_importer(module):
    assert callable(import_module(f"steelyard.adapters.importers.{module}").read)


@pytest.mark.parametrize(("module", "maker"), prices._REMOTE_PRICES.values())
def test_every_price_source_is_opened_with_a_time_limit(module, maker):
    assert getattr(import_module(f"steelyard.adapters.prices.{module}"), maker)(1).name


def test_the_settings_know_the_price_sources_that_can_be_opened():
    assert set(SOURCES) == {"folder", EXIMBANK, *prices._REMOTE_PRICES}


@pytest.mark.parametrize("code", countries.MODULES)
def test_every_country_is_in_its_module(code):
    assert countries.country(code).code == code


@pytest.mark.parametrize(("code", "kinds"), codes.ACCOUNT_KINDS.items())
def test_every_country_has_a_module_of_what_accounts_may_hold(code, kinds):
    assert all(codes.holding_rules(kind, lambda c: load_tax_rules(c)[0]) for kind in kinds)


@pytest.mark.parametrize(("name", "value"), PROJECT["project"]["scripts"].items())
def test_every_script_of_the_package_can_be_called(name, value):
    assert callable(EntryPoint(name, value, "console_scripts").load())


@pytest.mark.parametrize(
    ("kernels", "function"),
    [(intake._KERNELS, "take_columns"), (walks._COMPILED, "run"), (look_sessions._KERNELS, "mark")],
)
def test_every_module_of_kernels_has_what_is_called_of_it(kernels, function):
    assert callable(getattr(import_module(kernels._name), function))


def test_what_imports_by_name_has_a_test_here():
    found = {
        name
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__")
    }
    assert found == BY_NAME


def texts():
    """Every string of the package, docstrings too, and every page."""
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{name}:{node.lineno}", node.value
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        yield page.name, page.read_text(encoding="utf-8")


def test_every_name_of_ours_that_stands_in_a_text_exists():
    """Groups of entry points, and the files beside a portfolio, look alike."""
    others = {"brokers", "price_sources", "db", "lock", "log", "toml", "exe"}
    for place, text in texts():
        for dotted in NAME.findall(text):
            if dotted.split(".")[1] not in others:
                assert exists(dotted), f"{place}: {dotted}"


def exists(dotted):
    """Whether it is a module, or a name in a module or class that exists."""
    home, _, last = dotted.rpartition(".")
    try:
        return find_spec(dotted) is not None or hasattr(import_module(home), last)
    except ModuleNotFoundError:
        thing = steelyard
        for part in dotted.split(".")[1:]:
            thing = getattr(thing, part, None)
        return thing is not None
