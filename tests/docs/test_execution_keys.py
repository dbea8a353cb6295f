"""The page of the execution file lists every key there is, and none that there is not."""

import re
from pathlib import Path

import pytest

from steelyard.adapters.files import execution as execution_file
from steelyard.domain.money import plain
from steelyard.domain.trading.execution import ExecutionSettings, ExecutionTerms
from steelyard.domain.trading.guardrails import OrderLimits

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "reference" / "execution-file.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `\[(\w+)\]`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def rows(section):
    """Key to default, as the page has them."""
    return dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|", SECTIONS[section], re.MULTILINE))


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("limits", execution_file.LIMIT_KEYS),
        ("terms", execution_file.TERM_KEYS),
        ("paper", execution_file.PAPER_KEYS),
        ("kis", execution_file.KIS_KEYS),
    ],
)
def test_a_section_lists_exactly_the_keys_that_are_read(section, keys):
    assert sorted(rows(section)) == sorted(keys)


def test_every_broker_is_named():
    assert set(re.findall(r"`([a-z-]+)`", SECTIONS["accounts"])) == set(execution_file.BROKERS)


def test_the_defaults_of_the_page_are_those_of_the_program():
    for section, made in (("limits", OrderLimits()), ("terms", ExecutionTerms())):
        for key, shown in rows(section).items():
            value = getattr(made, "max_order_part" if key == "max_order" else key)
            if value is None:
                assert shown in ("none", "all of it"), key
            elif isinstance(value, bool):
                assert shown == str(value).lower(), key
            elif isinstance(value, int):
                assert shown == str(value), key
            else:
                assert shown == f'`"{plain(value * 100)}%"`', key


def test_limits_made_in_python_are_those_of_a_file_that_says_nothing(tmp_path):
    """Every field, whichever comes: `OrderLimits()` had none, and a program traded without any."""
    (tmp_path / "execution.toml").write_text('[accounts]\nmain = "paper"\n')
    read = execution_file.read(tmp_path / "execution.toml", "execution.toml")
    nothing = execution_file.read(tmp_path / "none.toml", "none.toml")
    assert read.terms == nothing.terms == ExecutionTerms() == ExecutionSettings().terms
    assert OrderLimits() == read.terms.limits
    assert None not in (OrderLimits().max_order_part, OrderLimits().max_turnover, OrderLimits().collar)
