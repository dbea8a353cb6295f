"""The long lane: a test in it says why, and the reason is shown with what it took."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CASES = """
import pytest
from lanes import given_in_lanes, sizes
from hypothesis import strategies as st

@pytest.mark.parametrize("cases", sizes(2, 5, "five cases"))
def test_cases(cases):
    assert cases

@given_in_lanes(st.integers(), few=3, many=7, reason="seven examples")
def test_property(number):
    assert number == number
"""


def run(folder, text, *words):
    """Run a file as a test of this suite, in a process of its own."""
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (folder / "test_made.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml"]
    command += ["--rootdir", folder, "--override-ini", f"pythonpath={ROOT / 'tests'}", folder, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.stdout + done.stderr


def test_each_lane_has_its_own_size(tmp_path):
    fast = run(tmp_path, CASES, "-m", "not long")
    assert "test_cases[2] PASSED" in fast
    assert "test_property[3] PASSED" in fast
    assert "2 passed, 2 deselected" in fast
    assert "long lane" not in fast
    slow = run(tmp_path, CASES, "-m", "long")
    assert "test_cases[5] PASSED" in slow
    assert "test_property[7] PASSED" in slow
    assert "five cases" in slow.split("long lane")[1]
    assert "seven examples" in slow.split("long lane")[1]


@pytest.mark.parametrize("mark", ["long", "long()", "long('')", "long(5)", "long(reason='named')"])
def test_a_long_test_without_a_reason_is_refused(tmp_path, mark):
    told = run(tmp_path, f"import pytest\n@pytest.mark.{mark}\ndef test_it():\n    pass\n")
    assert 'write @pytest.mark.long("the reason")' in told
