"""Machine code kept on disk belongs to the sources it was made from."""

import ast
from pathlib import Path

import steelyard.engines
from steelyard.engines import compilation

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
            assert "steelyard.engines.compilation" not in set(imported(module)), module


def test_the_kernels_are_cached_in_the_folder_of_their_hash():
    from steelyard.engines.backtest.walk_kernel import walk

    folder = compilation.cache_folder()
    assert folder is not None
    assert folder.name == f"compiled-{compilation.sources_hash()}"
    assert Path(walk.stats.cache_path).is_relative_to(folder)
