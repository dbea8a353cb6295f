"""Each promise of the page on safety names a test that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "safety.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:tests/[a-z_/]+/)?test_[a-z_]+)(?:\.py)?`")
PROMISES = re.findall(r"^\*\*(.+?)\*\*(.*?)(?=^\*\*|^## )", PAGE, re.MULTILINE | re.DOTALL)
TABLES = re.findall(r"^\|[^\n]*held by \|\n\|[-|]+\n((?:\|[^\n]*\n)+)", PAGE, re.MULTILINE)


def named_in(text):
    """The files that a text names."""
    found = []
    for name in NAMED.findall(text):
        files = [ROOT / f"{name}.py"] if "/" in name else list((ROOT / "tests").glob(f"**/{name}.py"))
        assert len(files) == 1, f"{name} is {files}"
        assert files[0].is_file(), f"{name} is not there"
        found += files
    return found


@pytest.mark.parametrize(("promise", "text"), PROMISES, ids=[promise for promise, _ in PROMISES])
def test_a_promise_about_orders_or_files_names_a_test(promise, text):
    assert named_in(text), f"nothing is said to hold: {promise}"


def test_every_row_of_a_table_of_threats_names_a_test_or_the_one_above():
    assert len(TABLES) == 3
    for table in TABLES:
        first, *others = [row.rstrip(" |").rpartition("| ")[2] for row in table.splitlines()]
        assert named_in(first)
        for cell in others:
            assert cell.startswith("the same") or named_in(cell), cell


def test_the_page_promises_as_much_as_it_did():
    """A promise that is taken back is a line of the changelog, not a lost paragraph."""
    assert len(PROMISES) >= 12
