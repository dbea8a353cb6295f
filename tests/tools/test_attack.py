"""The attack of `tools/attack` on the product: no traceback, hang or bloat, nothing unclear, nothing hidden.

Each lane has seeds of its own; `python tools/attack --seed N` runs any other.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "attack"
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts work by /proc")


CASES = [
    pytest.param(5, 0, 500, (), id="500"),
    pytest.param(5, 0, 6, ("sizes",), id="6 sizes"),
    *(
        pytest.param(
            43, first, 5000, (), id=f"20000-{first}", marks=pytest.mark.long("20,000 hostile inputs")
        )
        for first in range(0, 20_000, 5000)
    ),
    pytest.param(
        5,
        6,
        74,
        ("sizes",),
        id="74 sizes",
        marks=pytest.mark.long("households of silly sizes: a second each"),
    ),
]
"""Seed, first case, how many, and of which kinds: 20,000 of one seed are four pieces, so that two cores share
them; households of silly sizes take a second each, so they have numbers of their own."""


@pytest.mark.parametrize(("seed", "first", "count", "kinds"), CASES)
def test_no_hostile_input_ends_in_anything_but_an_answer_or_a_refusal(seed, first, count, kinds):
    words = ["--seed", str(seed), "--first", str(first), "--count", str(count), "--workers", "1"]
    words += [word for kind in kinds for word in ("--kind", kind)]
    done = subprocess.run([sys.executable, str(TOOL), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (tried, refused, accepted) = map(
        int, re.search(r"tried (\d+), refused clearly (\d+), accepted (\d+)", done.stdout).groups()
    )
    assert tried == count == refused + accepted
    # An attack that is only refused, or only let through, tries nothing.
    assert min(refused, accepted) > count // 20


def test_a_case_is_the_same_whenever_it_is_made():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from cases import case_of;"
        "print([(c.kind, sorted(c.files.items()), c.commands) for c in (case_of(7, n) for n in range(60))])"
    )
    made = {
        subprocess.run([sys.executable, "-c", code, str(TOOL)], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(made) == 1


WATCHDOG = """
import sys
sys.path.insert(0, sys.argv[1])
import cases, driver
driver.HANG_SECONDS = 0.5
driver._warm = lambda studies: None
kinds = {
    "loops": lambda: [None for _ in iter(int, 1)],
    "fills": lambda: bytearray(8 << 30),
    "raises": lambda: 1 // 0,
    "dies": lambda: driver.os._exit(9),
    "fine": lambda: ("accepted", ""),
}
names = list(kinds)
driver.case_of = lambda seed, number, only: cases.Case(names[number])
driver.run = lambda case: kinds[case.kind]()
for found in driver.attack(1, range(len(names)), (), 2):
    print(found["kind"], found["outcome"])
"""


def test_the_watchdog_sees_each_kind_of_bad_end_and_goes_on():
    done = subprocess.run(
        [sys.executable, "-c", WATCHDOG, str(TOOL)], capture_output=True, text=True, check=False
    )
    found = dict(line.split() for line in done.stdout.splitlines())
    assert found == {
        "loops": "hang", "fills": "bloat", "raises": "traceback", "dies": "traceback", "fine": "accepted",
    }  # fmt: skip
