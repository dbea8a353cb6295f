"""The pages that say what programs get are those that the code gives; every number has its unit."""

import importlib.util
import inspect
from pathlib import Path

import pytest

import steelyard

ROOT = Path(__file__).parent.parent.parent
SPEC = importlib.util.spec_from_file_location("reference_pages", ROOT / "tools" / "reference_pages.py")
pages = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pages)
UNITS = (
    "base currency",
    "tax currency",
    "money in ",
    "won",
    "fraction",
    "shares",
    "count",
    "number",
    "day",
    "year",
    "new shares",
    "what one unit",
    "line of",
)


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_generated_page_is_what_the_code_gives(name):
    shown = (pages.REFERENCE / name).read_text(encoding="utf-8")
    assert shown == pages.PAGES[name](), "run: python tools/reference_pages.py"


@pytest.mark.parametrize("name", pages.schemas())
def test_every_number_of_a_document_has_a_unit(name):
    """Decimal text and JSON numbers alike; what a list or an object holds has it where it stands."""
    bare = []
    for path, schema, _ in pages.keys(pages.schemas()[name]):
        words = set(pages.kind(schema).replace(",", "").split())
        numeric = bool(words & {"decimal", "number"}) or "whole number" in pages.kind(schema)
        if numeric and not schema.get("unit", "").startswith(UNITS):
            bare.append(path)
    assert bare == [], "say the unit in the schema, as its neighbours do"


def test_the_python_page_names_every_function_of_the_library():
    page = (pages.REFERENCE / "python.md").read_text(encoding="utf-8")
    for name in steelyard.__all__:
        if name != "__version__":
            assert f"### `{name}`\n" in page
    assert "### `batch.plan`\n" in page


def test_what_a_function_returns_is_told_on_the_python_page():
    """Of its own records; a plain value needs no telling."""
    told = {made.__name__ for made in pages.results()}
    for name in ("check", "plan", "holdings", "tax", "values", "sync"):
        returned = inspect.signature(getattr(steelyard, name)).return_annotation.strip("'")
        assert returned in told, name
