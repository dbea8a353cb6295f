"""The list of rules in ARCHITECTURE.md names a function or a class in a file: both are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED = re.findall(r"\[`(\w+)` in ([\w/]+)\]\(([^)]+)\)", PAGE)


def test_the_list_is_read():
    assert len(NAMED) > 80


@pytest.mark.parametrize(("name", "said", "path"), NAMED, ids=lambda value: value if "/" in value else None)
def test_a_named_rule_is_defined_in_its_file(name, said, path):
    assert path == f"src/steelyard/{said}.py"
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:(?:def|class) {name}\b|{name}(?::[^=]+)? = )", text, re.MULTILINE)
