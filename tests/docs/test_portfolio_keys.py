"""The page of the portfolio file lists every key there is, and none that there is not."""

import re
from pathlib import Path

import pytest

from steelyard.adapters.files import accounts as portfolio_accounts
from steelyard.adapters.files import lots as portfolio_lots
from steelyard.adapters.files import portfolio as portfolio_file
from steelyard.adapters.files import settings as portfolio_settings
from steelyard.domain.accounts import HOUSEHOLDS
from steelyard.domain.policy import looks, policies

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "reference" / "portfolio-file.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `?([^`\n]+)`?\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TABLES = {
    "[policy]": portfolio_settings.POLICY_KEYS,
    "[bands.NAME]": portfolio_settings.BAND_KEYS,
    "[constraints]": portfolio_settings.CONSTRAINT_KEYS,
    "[costs]": portfolio_settings.COST_KEYS,
    "[[accounts]]": portfolio_accounts.ACCOUNT_KEYS,
    "[[accounts.positions]]": portfolio_accounts.POSITION_KEYS,
    "Lots": portfolio_lots.LOT_KEYS,
    "[instruments.SYMBOL]": portfolio_accounts.INSTRUMENT_KEYS,
}


def keys(section):
    """The first column of the table of a section."""
    return re.findall(r"^\| `(\w+)` \|", SECTIONS[section], re.MULTILINE)


def words(section, key):
    """The words in code type that the second column allows for a key."""
    (row,) = re.findall(rf"^\| `{key}` \| ([^|]*) \|", SECTIONS[section], re.MULTILINE)
    return re.findall(r"`([^`]+)`", row)


@pytest.mark.parametrize("section", TABLES)
def test_a_section_lists_exactly_the_keys_that_are_read(section):
    assert sorted(keys(section)) == sorted(TABLES[section])


def test_every_table_of_the_file_has_a_section():
    found = {re.split(r"[.\]]", title.strip("["))[0] for title in SECTIONS if title.startswith("[")}
    assert found | set(keys("Top level")) == set(portfolio_file.KEYS)


@pytest.mark.parametrize(
    ("section", "key", "allowed"),
    [
        ("[policy]", "kind", policies.KINDS),
        ("[policy]", "look", looks.LOOKS),
        ("[policy]", "look_at", looks.LOOK_ATS),
        ("[policy]", "destination", policies.DESTINATIONS),
        ("[tax]", "jurisdiction", portfolio_settings.JURISDICTIONS),
        ("[owners.NAME]", "jurisdiction", portfolio_settings.JURISDICTIONS),
        ("[owners.NAME]", "household", HOUSEHOLDS),
        ("[[accounts]]", "cost_method", portfolio_accounts.METHODS),
        ("[instruments.SYMBOL]", "exchange", portfolio_accounts.EXCHANGES),
    ],
)
def test_a_key_lists_exactly_the_words_it_takes(section, key, allowed):
    assert tuple(words(section, key)) == tuple(allowed)
