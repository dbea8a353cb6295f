"""An import inside a function has a reason that was written down or is measured here, see decision 0015."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import steelyard

SOURCES = Path(steelyard.__file__).parent
LAYERS = ("domain", "app", "adapters", "engines")
FRONT = ("api", "bootstrap", "interfaces")
TABLE = Path(__file__).parents[1] / "docs/decisions/measurements/0015-imports-inside-functions.md"
# What people wait for every day, and what prints in a terminal.
SHORT = (
    "check --json", "check", "plan --json", "plan", "invest 1000 --json", "withdraw 100 --json",
    "holdings --json", "holdings", "--help", "--version", "record deposit 100 USD --open", "run --if-due",
    "orders --json", "doctor --json",
    # The list of commands loads none of them; the help of each loads its own file.
    "audit --help", "backtest --help", "bands --help", "batch --help", "execute --help", "find --help",
    "history --help", "holdings --help", "init --help", "lab --help", "record --help", "run --help",
    "targets --help", "tax --help", "values --help",
)  # fmt: skip
PORTFOLIO = """
base_currency = "USD"
[targets]
VOO = "60%"
BND = "40%"
[[accounts]]
name = "main"
cash = { USD = "500" }
[[accounts.positions]]
symbol = "VOO"
shares = 10
price = "500 USD"
[[accounts.positions]]
symbol = "BND"
shares = 30
price = "70 USD"
"""
CODE = """
import contextlib, io, json, sys
from steelyard.interfaces.cli.main import main
status = 0
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
print(json.dumps([status, said.getvalue(), sorted(sys.modules)]))
"""


def put_off(path):
    """Yield the modules that a file imports inside functions."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom):
                    named = [f"{node.module}.{n.name}" for n in node.names]
                    yield next((n for n in named if is_module(n)), node.module)
                elif isinstance(node, ast.Import):
                    yield from (name.name for name in node.names)


def is_module(name):
    path = SOURCES.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def reasons():
    """Module to why it is imported late; a part of a package (`pyarrow.parquet`) has that of the package."""
    text = TABLE.read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(.+?)` \|.*\| (.+?) \|$", text, re.MULTILINE))


def row_of(module):
    return next((r for r in reasons() if f"{module}.".startswith(f"{r}.")), None)


def files(layers):
    return [path for layer in layers for path in sorted((SOURCES / layer).rglob("*.py"))]


def test_every_import_inside_a_function_is_in_the_table_and_no_row_is_idle():
    used = {row_of(module) for path in files(FRONT) for module in put_off(path)}
    for path in files(LAYERS):
        for module in put_off(path):
            row = row_of(module)
            where = path.relative_to(SOURCES)
            assert row, f"{where}: import {module} at the head, or say why not in {TABLE.name}"
            used.add(row)
    assert set(reasons()) <= used


def test_the_front_puts_off_only_what_spares_a_short_command_something(tmp_path):
    """A command that imports the file and not the module is the reason; without one the head is the place."""
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO, encoding="utf-8")
    loaded = {}
    # The look of the first day is made by the first run: from then on there is nothing to do.
    for words in (*SHORT, "run --if-due"):
        done = subprocess.run(
            [sys.executable, "-c", CODE, *words.split()],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        status, said, modules = json.loads(done.stdout.splitlines()[-1])
        assert status == 0, (words, said)
        loaded[words] = set(modules)
    idle = []
    for path in files(FRONT):
        name = ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts).removesuffix(".__init__")
        for module in put_off(path):
            spared = any(name in modules and module not in modules for modules in loaded.values())
            if not spared and row_of(module) is None:
                idle.append(f"{name}: import {module} at the head")
    assert not idle, "\n".join(idle)
