"""Which countries there are and what their accounts are: what a file's reader asks before it imports any.

A portfolio file is read in every command, and most of them have no use for a country's law.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from steelyard.domain.accounts import UNRESTRICTED, AccountKind, HoldingRules

MODULES = {"KR": "korea.country", "US": "united_states.country", "JP": "japan.country"}
"""ISO 3166 code to the module of its `COUNTRY` in this folder."""
ACCOUNT_KINDS: dict[str, tuple[AccountKind, ...]] = {
    "KR": ("taxable", "isa", "pension", "irp", "ria"),
    "US": (
        "taxable", "joint", "ira", "roth", "401k", "roth_401k", "403b", "sep_ira", "simple_ira", "hsa", "529",
    ),
    "JP": ("taxable", "nisa"),
}  # fmt: skip
"""Code to the kinds an account may have, `taxable` first."""

TAXED_KINDS = frozenset({"taxable", "joint"})
"""Kinds without a wrapper of the law: what is sold in them is taxed, and anything may be paid in."""

JOINT = {"US": "mfj"}
"""Code to the filing status in which spouses file one return, where a country has one."""


def account_kinds(code: str | None) -> tuple[AccountKind, ...]:
    """Return the kinds an account may have in a country, in any of them where none is named."""
    codes = ACCOUNT_KINDS if code is None else (code,)
    return tuple(dict.fromkeys(kind for one in codes for kind in ACCOUNT_KINDS[one]))


def holding_rules(kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
    """Return what accounts of a kind may hold, as its `Country` says, importing no more of that than this.

    Args:
        kind: Of ACCOUNT_KINDS.
        figures: The data file of a country's code.
    """
    for code, kinds in ACCOUNT_KINDS.items():
        if kind in kinds[1:]:
            folder = MODULES[code].partition(".")[0]
            rules: HoldingRules = import_module(f"steelyard.domain.tax.{folder}.holding_rules").holding_rules(
                kind, figures
            )
            return rules
    return UNRESTRICTED
