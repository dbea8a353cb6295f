"""What all tests share: one Hypothesis profile, one way to write a portfolio, the shared folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.domain.portfolio import Portfolio

settings.register_profile("steelyard", deadline=None, derandomize=True)
settings.load_profile("steelyard")

ROOT = Path(__file__).parent.parent

# What a test expects is English unless it asks for another language, whatever its developer reads.
os.environ["STEELYARD_LANG"] = "en"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-golden", action="store_true", help="Write the kept reports anew; read the diff."
    )


@pytest.fixture
def read() -> Callable[[str], Portfolio]:
    """Reads the text of a portfolio file."""
    return lambda text: parse(text, "portfolio.toml", load_catalogue())


@pytest.fixture
def shared() -> Path:
    """The folder of reference data beside the checkout; a test that asks for it skips without it."""
    folder = Path(os.environ.get("STEELYARD_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("needs the shared reference data beside the checkout")
    return folder
