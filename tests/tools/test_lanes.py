"""The long lane: a test in it says why, and the reason is shown with what it took."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from xdist.remote import Producer

ROOT = Path(__file__).parents[2]
LONG = pytest.mark.long


def conftest():
    """Return what all tests share, apart from the one that is at work."""
    spec = importlib.util.spec_from_file_location("conftest_again", ROOT / "tests" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@pytest.mark.parametrize(
    "mark", [LONG.mark, LONG().mark, LONG("").mark, LONG(5).mark, LONG(reason="named").mark]
)
def test_a_long_test_without_a_reason_is_refused(mark):
    item = SimpleNamespace(nodeid="test_it", iter_markers=lambda name: [mark], user_properties=[])
    with pytest.raises(pytest.UsageError, match=r'write @pytest\.mark\.long\("the reason"\)'):
        conftest().pytest_collection_modifyitems([item])


class Worker:
    """What the scheduler asks of a worker process; it does each test at once."""

    shutting_down = False

    def __init__(self, name):
        self.gateway = SimpleNamespace(id=name)
        self.given = []

    def send_runtest_some(self, indices):
        self.given += indices

    def shutdown(self):
        self.shutting_down = True


def test_all_tests_that_compile_go_to_one_worker():
    config = pytest.Config.fromdictargs(
        {"dist": "loadgroup", "numprocesses": 2, "tx": ["2*popen"], "looponfail": False}, []
    )
    scheduler = conftest().pytest_xdist_make_scheduler(config, Producer("test", enabled=False))
    tests = [f"tests/domain/test_{n}.py::test_it" for n in range(20)]
    tests += [f"tests/engines/lab/backtest/test_{n}.py::test_it[{n}]" for n in range(20)]
    workers = [Worker("one"), Worker("two")]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    done = dict.fromkeys(workers, 0)
    while not scheduler.tests_finished or any(done[w] < len(w.given) for w in workers):
        for worker in workers:
            if done[worker] < len(worker.given):
                scheduler.mark_test_complete(worker, worker.given[done[worker]])
                done[worker] += 1
    assert sorted(workers[0].given + workers[1].given) == list(range(40))
    assert sum(any(n >= 20 for n in worker.given) for worker in workers) == 1
