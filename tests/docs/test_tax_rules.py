"""The pages of tax rules are what the data says, and it says enough of every rule."""

import importlib.util
import json
from datetime import date
from pathlib import Path

import pytest

from steelyard.domain.tax.codes import MODULES

ROOT = Path(__file__).parent.parent.parent


def data(code):
    path = ROOT / "src" / "steelyard" / "data" / f"tax_{code.lower()}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_pages_are_made_from_the_data():
    spec = importlib.util.spec_from_file_location("tax_rules", ROOT / "tools" / "tax_rules.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert set(tool.COUNTRIES) == set(MODULES)
    for code, path in tool.PAGES.items():
        assert path.read_text(encoding="utf-8") == tool.page(code), "run python tools/tax_rules.py"


@pytest.mark.parametrize("code", MODULES)
def test_every_rule_has_an_id_a_text_a_source_and_the_day_it_was_read(code):
    rules = data(code)["rules"]
    ids = [r["id"] for r in rules]
    assert len(set(ids)) == len(ids)
    for rule in rules:
        assert rule["id"].startswith(f"{code.lower()}.")
        assert rule["text"].endswith(".")
        assert len(rule["source"]) > 3
        assert date.fromisoformat(rule["verified"]) <= date(2026, 12, 31)


@pytest.mark.parametrize("code", MODULES)
def test_a_rule_that_a_note_names_is_there(code):
    """Notes of the year name rules in words: `(rule us.k-1)`."""
    import re

    known = {r["id"] for c in MODULES for r in data(c)["rules"]}
    folder = ROOT / "src" / "steelyard" / "domain" / "tax" / MODULES[code].partition(".")[0]
    named = {
        name
        for file in folder.glob("*.py")
        for name in re.findall(r"rule ((?:kr|us|jp)\.[\w-]+)", file.read_text(encoding="utf-8"))
    }
    assert named <= known
