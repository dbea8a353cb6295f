"""The notebooks of `examples/` are carried out, cell by cell, as a reader would, and hold what they say.

A cell's last expression is shown by a notebook: here it is evaluated and written as text, without a kernel.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))

RUNNER = """
import ast, json, sys
names = {"__name__": "__main__"}
for number, cell in enumerate(json.load(open(sys.argv[1], encoding="utf-8"))["cells"]):
    if cell["cell_type"] != "code":
        continue
    tree = ast.parse("".join(cell["source"]), f"cell {number}")
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, f"cell {number}", "exec"), names)
    if last is not None:
        shown = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)
        print(repr(shown) if shown is not None else "", flush=True)
"""


def run(notebook, folder):
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(notebook)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "POLARS_FMT_MAX_COLS": "20", "COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_has_the_format_and_no_kept_outputs(notebook):
    """Source: the notebook format 4.5: cells with unique ids, sources as lines; outputs would go stale."""
    kept = json.loads(notebook.read_text(encoding="utf-8"))
    assert (kept["nbformat"], kept["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in kept["cells"]]
    assert len(ids) == len(set(ids)) > 2
    for cell in kept["cells"]:
        assert cell["cell_type"] in ("code", "markdown")
        assert isinstance(cell["source"], list)
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_names_only_pages_that_are_there(notebook):
    text = notebook.read_text(encoding="utf-8")
    for part in text.split("](")[1:]:
        assert (notebook.parent / part.split(")")[0]).is_file()


def test_the_policy_lab_runs_and_says_what_it_found(tmp_path):
    """By construction of its prices: four like assets, so monthly against a band is no evidence."""
    pytest.importorskip("polars")
    said = run(ROOT / "examples" / "policy_lab.ipynb", tmp_path)
    assert "calendar monthly" in said
    assert said.count("do not differ") >= 1
    assert "evident: False" in said
    # Selling is what deposits make needless: the second study's frame has all four policies again.
    assert said.count("hybrid quarterly 5% 180d") >= 2


@pytest.mark.long("a corner of the band map is computed")
def test_the_band_map_runs_and_tells_what_the_map_says(tmp_path):
    """The cube-root law without tax; a wider band with it; never selling as good where a fifth is paid in."""
    shutil.copytree(ROOT / "examples" / "band_map", tmp_path / "band_map")
    said = run(ROOT / "examples" / "band_map.ipynb", tmp_path).splitlines()
    assert said[0] == "960"
    trigger = float(ast.literal_eval(said[1])[0])
    assert 2.0 <= trigger <= 3.0
    triggers = {regime: trigger for regime, trigger, _ in ast.literal_eval(said[3])}
    assert all(triggers[r] == "never" or float(triggers[r]) > 5 for r in ("us", "kr-overseas", "kr-other"))
    assert said[-1].endswith("True)")
