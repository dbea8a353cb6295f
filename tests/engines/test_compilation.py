"""Machine code kept on disk belongs to the sources it was made from."""

import ast
import subprocess
import sys
from pathlib import Path

import steelyard.engines
from steelyard.engines import compilation
from steelyard.engines.lab.backtest import ahead, compiled_backtest

ENGINES = Path(steelyard.engines.__file__).parent
KERNELS = sorted(ENGINES.rglob("*_kernel.py"))


def imported(module):
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_a_change_in_any_kernel_file_changes_the_name_of_the_cache_folder(tmp_path):
    for name in ("first_kernel.py", "second_kernel.py", "other.py"):
        (tmp_path / name).write_text("A = 1\n")
    before = compilation.sources_hash(tmp_path)
    (tmp_path / "other.py").write_text("A = 2\n")
    assert compilation.sources_hash(tmp_path) == before
    (tmp_path / "second_kernel.py").write_text("A = 2\n")
    assert compilation.sources_hash(tmp_path) != before


def test_compiled_functions_and_what_they_read_live_in_kernel_files_only():
    """Else the hash would not see a change of them."""
    assert len(KERNELS) > 3
    for module in ENGINES.rglob("*.py"):
        if module in KERNELS:
            ours = [m for m in imported(module) if m and m.startswith("steelyard")]
            assert all(m.endswith("_kernel") or m == "steelyard.engines.compilation" for m in ours), module
        elif module.name != "compilation.py":
            assert "numba" not in set(imported(module)), module
            # `ahead` only asks where machine code is kept.
            if module.name != "ahead.py":
                assert "steelyard.engines.compilation" not in set(imported(module)), module


def test_the_kernels_are_cached_in_the_folder_of_their_hash():
    from steelyard.engines.lab.backtest.walk_kernel import walk

    folder = compilation.cache_folder()
    assert folder is not None
    assert folder.name == f"compiled-{compilation.sources_hash()}"
    assert Path(walk.stats.cache_path).is_relative_to(folder)


def test_what_is_compiled_ahead_is_what_a_comparison_runs():
    """Of another signature it would be compiled for nothing, and nobody would see it."""
    code = """
from steelyard.app.lab import backtest, compare
from steelyard.engines.lab.backtest import ahead, compiled_backtest
from steelyard.engines.simulation import simulate
from decimal import Decimal

compiled_backtest.tallies(ahead.smallest(), seed=0, first=0, count=1, block=1.0)
before = compiled_backtest.walk_together.signatures, compiled_backtest.draw.signatures
assert all(len(s) == 1 for s in before), before
targets = {"VOO": Decimal("0.6"), "BND": Decimal("0.4")}
settings = backtest.BacktestSettings(targets, commission=Decimal("0.001"))
chosen = [backtest.candidate(p) for p in compare.USUAL]
study = backtest.backtest(simulate(tuple(targets), seed=6), chosen, settings)
assert settings.is_plain
compare.resampled(study, paths=2, seed=6)
assert (compiled_backtest.walk_together.signatures, compiled_backtest.draw.signatures) == before
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_started_where_it_is_compiled_already_or_not_wanted():
    compiled_backtest.tallies(ahead.smallest(), seed=0, first=0, count=1, block=1.0)
    for other in (ahead.Ahead(), ahead.Ahead(wanted=False)):
        assert other._process is None
        other.wait()
