"""Every console block of the README and the docs is run, and must print what it shows."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"```console\n\$ (steelyard [^\n]*)\n(.*?)```", re.DOTALL)
BLOCKS = [(page.name, *found) for page in PAGES for found in BLOCK.findall(page.read_text(encoding="utf-8"))]


def lines(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.parametrize(("page", "command", "shown"), BLOCKS, ids=lambda x: str(x)[:40])
def test_a_console_block_prints_what_it_shows(page, command, shown, tmp_path):
    """A last line of `...` stands for whatever follows."""
    code = "from steelyard.interfaces.cli.main import main; main()"
    env = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}
    words = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        check=False,
    )
    expected, printed = lines(shown), lines(done.stdout)
    if expected[-1] == "...":
        expected = expected[:-1]
        printed = printed[: len(expected)]
    assert printed == expected


def test_there_are_console_blocks_to_run():
    assert len(BLOCKS) >= 2


def test_the_python_block_of_the_readme_runs(tmp_path, monkeypatch):
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    sample = ROOT / "src" / "steelyard" / "data" / "sample.toml"
    (tmp_path / "portfolio.toml").write_text(sample.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
