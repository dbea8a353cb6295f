"""`execution.toml` beside the portfolio file: which broker serves an account, and what it may do.

The file is optional: without it every account is on paper. It holds no secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.adapters.files import settings_text
from steelyard.adapters.files.toml_reader import Reader
from steelyard.adapters.machine import plugins
from steelyard.domain.trading.execution import ExecutionSettings, ExecutionTerms
from steelyard.domain.trading.guardrails import OrderLimits
from steelyard.errors import PortfolioProblems
from steelyard.records import replace
from steelyard.words import say

NAME = "execution.toml"
BROKERS = ("paper", "alpaca-paper", "alpaca-live", "kis-paper", "kis-live", "ticket")
_AMOUNTS = ("max_order", "max_day", "second_approval_above")
_FRACTIONS = ("max_turnover", "max_position_sold", "collar")
_COUNTS = ("max_price_age_hours", "max_positions_age_minutes")
_TERM_COUNTS = ("max_plan_age_hours", "polls", "poll_seconds")
_TERM_FRACTIONS = ("limit_distance", "max_price_move")
NONE = "none"
"""What takes a limit away that is set by default."""
LOOSENED = {
    "max_order": ("max_order_part",),
    "max_turnover": ("max_turnover",),
    "collar": ("collar",),
    "max_price_age_hours": ("max_price_age_hours",),
}
"""Keys that take `none`, with what they set."""
_SECRET_HASH = re.compile(r"sha256:[0-9a-f]{64}")
LIMIT_KEYS = (*_AMOUNTS, *_FRACTIONS, *_COUNTS, "market_orders")
TERM_KEYS = (*_TERM_COUNTS, *_TERM_FRACTIONS, "settled_only")
PAPER_KEYS = ("commission", "fill_at_most")
KIS_KEYS = ("integrated_margin",)


def read(path: Path, name: str | None = None) -> ExecutionSettings:
    """Read the settings, all defaults when there is no file.

    Args:
        path: The file.
        name: What its owner calls it, for messages; `path` unless given.

    Raises:
        PortfolioProblems: With every problem of the file.
    """
    found = settings_text.read(path, name or str(path))
    if found is None:
        return ExecutionSettings()
    text, tree = found
    reader = Reader(text, name or str(path))
    reader.refuse_hidden(tree)
    reader.unknown_keys(tree, ("limits", "terms", "accounts", "approvers", "paper", "kis"), ())
    limits = _limits(reader, reader.table(tree, "limits"))
    terms = _terms(reader, reader.table(tree, "terms"), limits)
    brokers = {}
    accounts = reader.table(tree, "accounts")
    for name, raw in accounts.items():
        word = reader.word(raw, ("accounts", name), plugins.allowed(raw, BROKERS, plugins.BROKERS))
        if word is not None:
            brokers[name] = word
    approvers = _approvers(reader, reader.table(tree, "approvers"))
    paper = reader.table(tree, "paper")
    reader.unknown_keys(paper, PAPER_KEYS, ("paper",))
    more: dict[str, Any] = {}
    if "commission" in paper:
        more["paper_commission"] = reader.fraction(
            paper["commission"], ("paper", "commission"), example='"0.1%"'
        )
    if "fill_at_most" in paper:
        place = ("paper", "fill_at_most")
        more["paper_fill_at_most"] = reader.number(
            paper["fill_at_most"], place, above=Decimal(0), example="5"
        )
    kis = reader.table(tree, "kis")
    reader.unknown_keys(kis, KIS_KEYS, ("kis",))
    if "integrated_margin" in kis:
        more["integrated_margin"] = (
            reader.flag(kis["integrated_margin"], ("kis", "integrated_margin")) is True
        )
    if reader.problems:
        raise PortfolioProblems(reader.problems)
    return ExecutionSettings(terms, brokers, **more, approvers=approvers)


def _approvers(reader: Reader, table: Mapping[str, Any]) -> dict[str, str]:
    """Return who may approve: name to the hash of a secret, which nobody shares with another."""
    found: dict[str, str] = {}
    for name, raw in table.items():
        place = ("approvers", name)
        if not isinstance(raw, str) or not _SECRET_HASH.fullmatch(raw):
            text = say("{name} has no hash of a secret", name=name)
            reader.problem("approver", text, say('write {name} = "sha256:" and 64 digits', name=name), place)
        elif raw in found.values():
            text = say("{name} has the secret of another approver", name=name)
            reader.problem("approver", text, say("let each approver have a secret of their own"), place)
        else:
            found[name] = raw
    return {name: raw.removeprefix("sha256:") for name, raw in found.items()}


def _limits(reader: Reader, table: Mapping[str, Any]) -> OrderLimits:
    reader.unknown_keys(table, LIMIT_KEYS, ("limits",))
    found: dict[str, Any] = {}
    loosened: dict[str, Any] = {}
    for key, raw in table.items():
        place = ("limits", key)
        if raw == NONE and key in LOOSENED:
            loosened |= dict.fromkeys(LOOSENED[key])
        elif key == "max_order" and isinstance(raw, str) and raw.strip().endswith("%"):
            found["max_order_part"] = reader.fraction(
                raw, place, above=True, below_one=False, example='"25%"'
            )
        elif key in _AMOUNTS:
            found[key] = reader.number(raw, place, above=Decimal(0), example='"5000000"')
        elif key in _FRACTIONS:
            found[key] = reader.fraction(raw, place, above=True, below_one=False, example='"50%"')
        elif key in _COUNTS:
            found[key] = reader.days(raw, place)
        elif key == "market_orders":
            found[key] = reader.flag(raw, place)
    given = {k: v for k, v in found.items() if v is not None}
    if "max_order" in given:
        given["max_order_part"] = None
    if "collar" in given:
        given["second_needed"] = True
    return replace(OrderLimits(), **loosened, **given)


def _terms(reader: Reader, table: Mapping[str, Any], limits: OrderLimits) -> ExecutionTerms:
    reader.unknown_keys(table, TERM_KEYS, ("terms",))
    found: dict[str, Any] = {}
    for key, raw in table.items():
        place = ("terms", key)
        if key in _TERM_COUNTS:
            found[key] = reader.days(raw, place)
        elif key in _TERM_FRACTIONS:
            found[key] = reader.fraction(raw, place, example='"0.5%"')
        elif key == "settled_only":
            found[key] = reader.flag(raw, place)
    given = {k: v for k, v in found.items() if v is not None}
    if limits.market_orders:
        given["limit_distance"] = None
    return ExecutionTerms(limits=limits, **given)
