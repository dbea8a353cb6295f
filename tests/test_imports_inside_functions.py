"""An import inside a function has a reason that was written down, see decision 0015."""

import ast
import re
from pathlib import Path

import steelyard

SOURCES = Path(steelyard.__file__).parent
LAYERS = ("domain", "app", "adapters", "engines")
TABLE = Path(__file__).parents[1] / "docs/decisions/measurements/0015-imports-inside-functions.md"


def put_off(path):
    """Yield the modules that a file imports inside functions."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom):
                    yield node.module
                elif isinstance(node, ast.Import):
                    yield from (name.name for name in node.names)


def test_every_import_inside_a_function_is_in_the_table_and_no_row_is_idle():
    """A part of a package (`pyarrow.parquet`) has the reason of the package."""
    reasons = dict(
        re.findall(r"^\| `(.+?)` \|.*\| (.+?) \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    )
    used = set()
    for layer in LAYERS:
        for path in sorted((SOURCES / layer).rglob("*.py")):
            for module in put_off(path):
                row = next((r for r in reasons if f"{module}.".startswith(f"{r}.")), None)
                where = path.relative_to(SOURCES)
                assert row, f"{where}: import {module} at the head, or say why not in {TABLE.name}"
                used.add(row)
    assert used == set(reasons)
