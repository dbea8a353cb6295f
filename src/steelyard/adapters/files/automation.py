"""`automation.toml` beside the portfolio file: what the owner decides about prices and alerts.

The file is optional and every key has a default. It holds no secret: addresses of services come from
the environment, `.env` or the keyring.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.adapters.files import settings_text
from steelyard.adapters.files.toml_reader import Reader
from steelyard.adapters.files.toml_text import bytes_of, tree_to_read
from steelyard.adapters.machine import plugins
from steelyard.domain.automation.quiet_hours import QuietHours
from steelyard.domain.automation.settings import (
    ALERT_KINDS,
    DIGESTS,
    LANGUAGES,
    AlertSettings,
    AutomationSettings,
)
from steelyard.domain.market.prices import PriceLimits, PriceSettings
from steelyard.domain.money import ZERO
from steelyard.errors import PortfolioProblems
from steelyard.words import say

NAME = "automation.toml"
SOURCES = ("folder", "yahoo", "krx", "ecb", "eximbank", "yfinance", "fdr")
PRICE_KEYS = (
    "sources", "folder", "max_age_days", "max_jump", "disagreement", "compare", "last_good", "history_days",
    "timeout_seconds", "attempts", "backoff_seconds",
)  # fmt: skip
ALERT_KEYS = (
    "kinds", "language", "again_step", "again_days", "quiet", "timezone", "digest", "new_cash", "templates",
    "attempts", "picture", "timeout_seconds",
)  # fmt: skip
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def zone_named(path: Path) -> str:
    """Return the zone that a settings file names, empty when it names none or cannot be read."""
    try:
        tree = tree_to_read(bytes_of(path).decode("utf-8-sig"))
        return ZoneInfo(tree["alerts"]["timezone"]).key
    except (OSError, ValueError, KeyError, TypeError):
        # Whoever works with the settings is told what is wrong with them.
        return ""


def read(path: Path, name: str | None = None, *, home: str = "Asia/Seoul") -> AutomationSettings:
    """Read the settings, all defaults when there is no file.

    Args:
        path: The file.
        home: IANA zone of alerts and days where the file names none.
        name: What its owner calls it, for messages; `path` unless given.

    Raises:
        PortfolioProblems: With every problem of the file.
    """
    found = settings_text.read(path, name or str(path))
    if found is None:
        return AutomationSettings(alerts=AlertSettings(timezone=home))
    text, tree = found
    reader = Reader(text, name or str(path))
    reader.refuse_hidden(tree)
    reader.unknown_keys(tree, ("prices", "alerts"), ())
    settings = AutomationSettings(
        _prices(reader, reader.table(tree, "prices")), _alerts(reader, reader.table(tree, "alerts"), home)
    )
    if reader.problems:
        raise PortfolioProblems(reader.problems)
    return settings


def _prices(reader: Reader, table: Mapping[str, Any]) -> PriceSettings:
    reader.unknown_keys(table, PRICE_KEYS, ("prices",))
    fields: dict[str, Any] = {}
    if "sources" in table:
        named = table["sources"] if isinstance(table["sources"], list) else []
        unknown = next((name for name in named if name not in SOURCES), "folder")
        known = plugins.allowed(unknown, SOURCES, plugins.PRICE_SOURCES)
        fields["sources"] = _words(reader, table["sources"], ("prices", "sources"), known)
    if "folder" in table:
        fields["folder"] = reader.text(table["folder"], ("prices", "folder"))
    for key in ("compare", "last_good"):
        if key in table:
            fields[key] = reader.flag(table[key], ("prices", key))
    for key in ("history_days", "timeout_seconds", "attempts", "backoff_seconds"):
        if key in table:
            fields[key] = reader.days(table[key], ("prices", key))
    if fields.get("attempts") == 0 or fields.get("timeout_seconds") == 0:
        key = "attempts" if fields.get("attempts") == 0 else "timeout_seconds"
        reader.problem(
            "zero", say("{key} must be at least 1", key=key), say("write {key} = 3", key=key), ("prices", key)
        )
    limits: dict[str, Any] = {}
    for key in ("max_jump", "disagreement"):
        if key in table:
            limits[key] = reader.fraction(table[key], ("prices", key), above=True, example='"25%"')
    if "max_age_days" in table:
        raw = table["max_age_days"]
        ages = raw if isinstance(raw, dict) else {"": raw}
        limits["max_age_days"] = {
            name: days
            for name, value in ages.items()
            if (days := reader.days(value, ("prices", "max_age_days"))) is not None
        }
    return PriceSettings(limits=PriceLimits(**_given(limits)), **_given(fields))


def _alerts(reader: Reader, table: Mapping[str, Any], home: str) -> AlertSettings:
    reader.unknown_keys(table, ALERT_KEYS, ("alerts",))
    fields: dict[str, Any] = {"timezone": home}
    if "kinds" in table:
        fields["kinds"] = _words(reader, table["kinds"], ("alerts", "kinds"), ALERT_KINDS)
    for key, allowed in (("language", LANGUAGES), ("digest", DIGESTS)):
        if key in table:
            fields[key] = reader.word(table[key], ("alerts", key), allowed)
    if "again_step" in table:
        fields["again_step"] = reader.fraction(table["again_step"], ("alerts", "again_step"), example='"1%"')
    if "picture" in table:
        fields["picture"] = reader.flag(table["picture"], ("alerts", "picture"))
    for key in ("again_days", "attempts", "timeout_seconds"):
        if key in table:
            fields[key] = reader.days(table[key], ("alerts", key))
    if fields.get("timeout_seconds") == 0:
        reader.problem(
            "zero",
            say("{key} must be at least 1", key="timeout_seconds"),
            say("write {key} = 3", key="timeout_seconds"),
            ("alerts", "timeout_seconds"),
        )
    if "new_cash" in table:
        fields["new_cash"] = reader.number(
            table["new_cash"], ("alerts", "new_cash"), above=ZERO, example='"1000000"'
        )
    if "timezone" in table:
        fields["timezone"] = _timezone(reader, table["timezone"])
    if "quiet" in table:
        fields["quiet"] = _quiet(reader, table["quiet"])
    templates = reader.table(table, "templates", ("alerts",))
    reader.unknown_keys(templates, ALERT_KINDS, ("alerts", "templates"))
    fields["templates"] = {
        kind: text
        for kind, raw in templates.items()
        if (text := reader.text(raw, ("alerts", "templates", kind))) is not None
    }
    return AlertSettings(**_given(fields))


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _words(
    reader: Reader, raw: object, path: tuple[str, ...], allowed: tuple[str, ...]
) -> tuple[str, ...] | None:
    if not isinstance(raw, list):
        hint = say('write {path} = ["{allowed}"]', path=path[-1], allowed=allowed[0])
        reader.problem("not-a-list", say("{path} must be a list", path=path[-1]), hint, path)
        return None
    return tuple(word for value in raw if (word := reader.word(value, path, allowed)) is not None)


def _timezone(reader: Reader, raw: object) -> str | None:
    try:
        return ZoneInfo(str(raw)).key
    except (OSError, ValueError, KeyError):
        path = ("alerts", "timezone")
        reader.problem(
            "timezone", say("{raw!r} is no time zone", raw=raw), say('write timezone = "Asia/Seoul"'), path
        )
        return None


def _quiet(reader: Reader, raw: object) -> QuietHours | None:
    match = _QUIET.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        path = ("alerts", "quiet")
        reader.problem(
            "quiet-hours",
            say("{raw!r} is not a span of time", raw=raw),
            say('write quiet = "22:00-07:00"'),
            path,
        )
        return None
    a, b, c, d = map(int, match.groups())
    return QuietHours(time(a, b), time(c, d))
