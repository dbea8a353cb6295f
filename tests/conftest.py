"""What all tests share: one Hypothesis profile, one way to write a portfolio, the shared folder."""

import os
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import both_languages
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.domain.portfolio import Portfolio

both_languages.watch()
settings.register_profile("steelyard", deadline=None, derandomize=True)
settings.load_profile("steelyard")

ROOT = Path(__file__).parent.parent

# What a test expects is English unless it asks for another language, whatever its developer reads.
os.environ["STEELYARD_LANG"] = "en"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-golden", action="store_true", help="Write the kept reports anew; read the diff."
    )


COMPILING = re.compile(
    r"/(engines/lab|app/batch|engines/test_compilation|engines/planning/test_compiled|app/lab|interfaces/lab|examples)"
    r"|tools/test_attack|_backtests?\.py|test_ten_years|test_schemas|test_pictures|guides/(backtest|bands|deposits|batch|library)\.md|explanation/literature\.md|test_batch"
    r"|test_values\.py::\w+\[(backtest|compare)|test_classes\.py::test_a_backtest|README\.md"
)
"""Tests that compile kernels. In a fresh checkout two workers would compile the same ones side by side."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep what compiles in one worker: a group by marker is a change of ids that pytest 9.2 does not see."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "compiling" if COMPILING.search(nodeid) else nodeid

    return Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: many a test waits for a process, a clock or a server of its own."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test of the long lane carry its reason to the end."""
    for item in items:
        for mark in item.iter_markers("long"):
            reason = mark.args[0] if len(mark.args) == 1 and not mark.kwargs else None
            if not isinstance(reason, str) or not reason.strip():
                raise pytest.UsageError(f'{item.nodeid}: write @pytest.mark.long("the reason")')
            item.user_properties.append(("long", reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show why the tests of the long lane are there, and what each reason took."""
    took: dict[str, list[float]] = defaultdict(list)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for reason in {text for key, text in report.user_properties if key == "long"}:
                    took[reason].append(report.duration)
    if took:
        terminalreporter.section("long lane: tests, seconds, why")
    for reason, seconds in sorted(took.items(), key=lambda entry: -sum(entry[1])):
        terminalreporter.write_line(f"{len(seconds):4} {sum(seconds):6.0f} s  {reason}")


@pytest.fixture
def read() -> Callable[[str], Portfolio]:
    """Reads the text of a portfolio file."""
    return lambda text: parse(text, "portfolio.toml", load_catalogue())


@pytest.fixture
def office(tmp_path: Path) -> Any:
    """A desk with paper brokers, a book and a clock, before anything was sent; files go on from there."""
    from acceptance.desks import Office

    return Office(tmp_path)


@pytest.fixture
def shared() -> Path:
    """The folder of reference data beside the checkout; a test that asks for it skips without it."""
    folder = Path(os.environ.get("STEELYARD_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("needs the shared reference data beside the checkout")
    return folder
