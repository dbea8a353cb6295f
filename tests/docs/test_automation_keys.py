"""The pages of the automation file and of the environment list what the program reads, and its defaults."""

import re
from pathlib import Path

import pytest

from steelyard.adapters.files import automation as automation_file
from steelyard.app.automation import alert_texts
from steelyard.domain.automation.settings import ALERT_KINDS, DIGESTS, LANGUAGES, AlertSettings
from steelyard.domain.market.prices import PriceLimits, PriceSettings
from steelyard.domain.money import plain

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGE = (REFERENCE / "automation-file.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `?([^`\n]+)`?\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
LATER = {"quiet", "new_cash", "templates", "timezone", "kinds"}
"""Keys whose default is no text of TOML; each is looked at below."""


def rows(section):
    """Key to value and default, as the page has them."""
    found = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", SECTIONS[section], re.MULTILINE)
    return {key: (value, default) for key, value, default in found}


def as_toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{word}"' for word in value) + "]"
    return f'"{plain(value * 100)}%"'


@pytest.mark.parametrize(
    ("section", "keys"), [("[prices]", automation_file.PRICE_KEYS), ("[alerts]", automation_file.ALERT_KEYS)]
)
def test_a_section_lists_exactly_the_keys_that_are_read(section, keys):
    assert sorted(rows(section)) == sorted(keys)


def test_the_defaults_of_the_page_are_those_of_the_program():
    made = {"[prices]": (PriceSettings(), PriceLimits()), "[alerts]": (AlertSettings(),)}
    for section, records in made.items():
        for key, (_, shown) in rows(section).items():
            if key in LATER:
                continue
            value = next(getattr(one, key) for one in records if hasattr(one, key))
            value = value[""] if key == "max_age_days" else value
            assert shown == f"`{as_toml(value)}`", key
    alerts = AlertSettings()
    assert (alerts.quiet, alerts.new_cash, dict(alerts.templates)) == (None, None, {})
    assert alerts.kinds == ALERT_KINDS


def test_the_zone_without_a_key_is_that_of_the_market(tmp_path):
    for base, zone in (("KRW", "Asia/Seoul"), ("USD", "America/New_York")):
        from steelyard.domain.portfolio import home_zone

        assert f'`"{zone}"`' in rows("[alerts]")["timezone"][1]
        found = automation_file.read(tmp_path / "none.toml", home=home_zone(base))
        assert found.alerts.timezone == zone


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("[prices]", "sources", automation_file.SOURCES),
        ("[alerts]", "kinds", ALERT_KINDS),
        ("[alerts]", "language", LANGUAGES),
        ("[alerts]", "digest", DIGESTS),
    ],
)
def test_a_key_lists_exactly_the_words_it_takes(section, key, words):
    assert tuple(re.findall(r"`([^`]+)`", rows(section)[key][0])) == tuple(words)


def test_the_example_names_every_key_and_is_read(tmp_path):
    (example,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    keys = set(re.findall(r"^(\w+) = ", example, re.MULTILINE))
    assert {*automation_file.PRICE_KEYS, *automation_file.ALERT_KEYS} <= keys | {"templates"}
    (tmp_path / "automation.toml").write_text(example, encoding="utf-8")
    read = automation_file.read(tmp_path / "automation.toml")
    assert read.prices.limits.age("yahoo") == 5
    assert read.alerts.templates == {"new_cash": "$cash to invest in $portfolio"}


@pytest.mark.parametrize("kind", ALERT_KINDS)
def test_a_kind_lists_the_placeholders_of_its_own_text(kind):
    """What the built-in title and body use is what a template may use."""
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", SECTIONS["[alerts.templates]"], re.MULTILINE))
    named = {name.strip("$") for name in re.findall(r"`\$(\w+)`", listed[kind])}
    facts = {name: f"<{name}>" for name in {*named, "portfolio", "since"}}
    title, body = alert_texts.compose(kind, facts, AlertSettings())
    assert {name for name in named if f"<{name}>" not in title + body} <= {"amount"}
    own = AlertSettings(templates={kind: " ".join(f"${name}" for name in facts)})
    assert "$" not in alert_texts.compose(kind, facts, own)[1]


def test_every_variable_that_the_sources_name_is_on_the_page():
    page = (REFERENCE / "environment.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(_?[A-Z][A-Z_]+[A-Z])`", page))
    named = set()
    for path in (ROOT / "src" / "steelyard").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= {n for n in re.findall(r"\bSTEELYARD_[A-Z_]+[A-Z]\b", text) if n != "STEELYARD_SOMETHING"}
        named |= set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", text))
    families = ("STEELYARD_NOTIFY_", "STEELYARD_APPROVER_")
    alone = {name for name in named if not name.startswith(families)}
    # Words that are no secret wherever they stand; nothing reads the second and the third any more.
    assert alone - {"STEELYARD_SHARED", "STEELYARD_LOG"} <= listed
    own = {name for name in listed if name.startswith("STEELYARD_") and not name.startswith(families)}
    assert own <= alone
