"""What a layout says about one row: which column is which field, what its numbers, days and words mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from steelyard.domain.days import day_at, zone_by_name
from steelyard.domain.market.catalogue import korean_code
from steelyard.domain.money import ZERO, exact_sum, plain
from steelyard.domain.numerals import POINT, read_numeral

Layout = Mapping[str, Any]
"""A table of a preset, as its TOML has it."""
Fields = dict[str, str]

NUMBERS = frozenset({
    "shares", "price", "amount", "fee", "tax", "fx_rate", "interest", "cost", "unit_cost", "value", "gross",
    "settled_amount", "tax1", "tax2",
})  # fmt: skip
_USUAL = re.compile(r"-?\$?([1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?")
SIGNS = ("+", "-", "0", "!0")


@lru_cache(maxsize=512)
def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern of a preset, compiled once."""
    return re.compile(text, flags)


def number(text: str, layout: Layout) -> Decimal | None:
    """Return a number of a row, None where it is blank.

    Raises:
        ValueError: It is no number with the decimal sign of the file.
    """
    stripped = text.strip()
    if not stripped or ("numbers" in layout and stripped in layout["numbers"].get("blank", ())):
        return None
    return _number(stripped, layout.get("decimal", POINT))


@lru_cache(maxsize=20_000)
def _number(text: str, decimal: str) -> Decimal:
    # What nearly all numbers of nearly all files look like, and what `read_numeral` makes of it.
    if decimal == POINT and (found := _USUAL.fullmatch(text)):
        whole, part = found.groups()
        value = Decimal(whole.replace(",", "") + (part or ""))
        return value.copy_negate() if text[0] == "-" and value else value
    return read_numeral(text, decimal).value


def day(text: str, layout: Layout) -> str | None:
    """Return a day as ISO 8601, None where a cell is none in any of the layout's forms."""
    return _day(text.strip(), tuple(layout.get("dates", ())), layout.get("timezone"))


@lru_cache(maxsize=4096)
def _day(text: str, forms: tuple[str, ...], timezone: str | None) -> str | None:
    for form in forms:
        try:
            if form == "iso":
                if "T" not in text:
                    continue
                at = datetime.fromisoformat(text)
                return day_at(at, None if timezone is None else zone_by_name(timezone)).isoformat()
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return None


def holds(when: Mapping[str, str] | None, fields: Fields, layout: Layout) -> bool:
    """Say whether the fields of a row are as a rule wants them: by a pattern, or by the sign of a number."""
    for key, want in (when or {}).items():
        value = fields.get(key, "")
        if want in SIGNS:
            try:
                found = number(value, layout) or ZERO
            except ValueError:  # whoever reads the row says so
                return False
            fits = {"+": found > 0, "-": found < 0, "0": found == 0, "!0": found != 0}[want]
        else:
            fits = pattern(want).search(value) is not None
        if not fits:
            return False
    return True


def read_fields(get: Callable[[str], str | None], layout: Layout, columns: Mapping[str, Any]) -> Fields:
    """Return the fields of a row by its columns, extracted and added ones included."""
    fields: Fields = {}
    for key, source in columns.items():
        if source.__class__ is str:
            value = get(source)
        elif isinstance(source, list):
            value = next((v for name in source if (v := get(name)) is not None), None)
        else:
            value = _combined(key, source, get, layout)
        if value is not None:
            fields[key] = value
    return fields


def _combined(key: str, source: Mapping[str, Any], get: Callable[[str], str | None], layout: Layout) -> str:
    how, names = next(iter(source.items()))
    values = [v for name in names if (v := get(name)) is not None]
    if how == "sum":
        return plain(exact_sum(abs(number(v, layout) or ZERO) for v in values))
    filled = (v for v in values if v.strip() and (key not in NUMBERS or number(v, layout)))
    return next(filled, values[0] if values else "")


def extract(fields: Fields, layout: Layout) -> None:
    """Take fields out of others by the layout's patterns, and join groups into fields."""
    for rule in layout.get("extract", ()):
        found = pattern(rule["regex"]).search(fields.get(rule["from"], ""))
        if found is None:
            continue
        blank = rule.get("blank")
        if blank:
            fields[blank] = ""
        fields.update((k, v) for k, v in found.groupdict().items() if v is not None and k != blank)
    for key, parts in layout.get("add", {}).items():
        if key == "tax":
            fields[key] = plain(exact_sum(number(fields.get(p, ""), layout) or ZERO for p in parts))
        else:
            fields[key] = next((fields[p] for p in parts if fields.get(p)), fields.get(key, ""))


def rule_of(fields: Fields, layout: Layout) -> Mapping[str, Any] | None:
    """Return the first rule that fits the type of a row."""
    kind = fields.get("type", "")
    known = _RULES.get((id(layout), kind))
    if known is None or known[0] is not layout:
        if len(_RULES) > 1000:
            _RULES.clear()
        known = _RULES[id(layout), kind] = layout, _rules_for(kind, layout)
    for rule in known[1]:
        if "when" not in rule or holds(rule["when"], fields, layout):
            return rule
    return None


_RULES: dict[tuple[int, str], tuple[Layout, tuple[Mapping[str, Any], ...]]] = {}
"""The rules of a layout that a word may fall under; files have few words and many rows."""


def _rules_for(kind: str, layout: Layout) -> tuple[Mapping[str, Any], ...]:
    nocase = layout.get("nocase", False)
    said = kind.lower() if nocase else kind
    found = []
    for rule in layout.get("types", ()):
        words, heads = rule.get("is"), rule.get("prefix")
        if nocase:
            words, heads = (w and [x.lower() for x in w] for w in (words, heads))
        if words is not None and said not in words:
            continue
        if heads is not None and not said.startswith(tuple(heads)):
            continue
        if "regex" in rule and not pattern(rule["regex"], re.IGNORECASE if nocase else 0).search(kind):
            continue
        found.append(rule)
    return tuple(found)


def symbol_of(text: str, layout: Layout) -> str:
    """Return a symbol as this program writes it."""
    return korean_code(text) if layout.get("symbols") == "kr" else text


def one_line(text: str) -> str:
    """Return a name without the spaces that fill it up."""
    return " ".join(text.split())
