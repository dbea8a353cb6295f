"""Targets changed in the text of a portfolio file, and written back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.policy_keys import with_policy
from steelyard.adapters.files.portfolio import load, parse
from steelyard.adapters.files.targets_text import with_targets
from steelyard.adapters.files.toml_text import bytes_of, tree_of
from steelyard.adapters.machine.private import write_over
from steelyard.bootstrap.folder import Folder
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import parse_fraction, whole_number
from steelyard.domain.policy.policy_edit import PolicyEdit
from steelyard.domain.policy.targets_edit import TargetsEdit
from steelyard.errors import InputError
from steelyard.words import say

_MARK = "\ufeff"
"""What some editors put in front of UTF-8; it stays."""


def edited_targets(folder: Folder, wanted: Mapping[str, Decimal]) -> TargetsEdit:
    """Return a portfolio file with some targets changed, without writing it.

    Args:
        folder: Of the file.
        wanted: By symbol, catalogue name or class; a name that is no target yet becomes one.

    Raises:
        PortfolioProblems: The file cannot be read, or would have problems, such as targets that do not
            add up.
        InputError: The targets stand in it in a way that is not understood (`targets-layout`).
    """
    catalogue = load_catalogue()
    original, tree = _read(folder, catalogue)
    table = tree.get("targets")
    written = table if isinstance(table, dict) else {}
    changes = {_written(name, written, catalogue): weight for name, weight in wanted.items()}
    mark = _MARK if original.startswith(_MARK) else ""
    text = mark + with_targets(original.removeprefix(_MARK), changes)
    parse(text.removeprefix(_MARK), str(folder.said), catalogue, need_accounts=False, need_prices=False)
    before = {}
    for name, raw in written.items():
        try:
            before[name] = parse_fraction(raw)
        except ValueError:
            continue
    after = tree_of(text.removeprefix(_MARK))["targets"]
    targets = {name: parse_fraction(raw) for name, raw in after.items()}
    return TargetsEdit(str(folder.said), targets, before, original, text)


def edited_policy(folder: Folder, wanted: Mapping[str, str]) -> PolicyEdit:
    """Return a portfolio file with some keys of its policy changed, without writing it.

    Args:
        folder: Of the file.
        wanted: By key, as somebody types it; empty for a key that is left out.

    Raises:
        PortfolioProblems: The file would have problems, such as a threshold that is none.
        InputError: The policy stands in it in a way that is not understood (`policy-layout`).
    """
    catalogue = load_catalogue()
    original, tree = _read(folder, catalogue)
    table = tree.get("policy")
    now = policy_keys(folder, table if isinstance(table, dict) else {})
    changes: dict[str, str | int | None] = {
        key: ((whole_number(value) if key.endswith("_days") else None) or value) if value else None
        for key, value in wanted.items()
        if value != now.get(key, "")
    }
    mark = _MARK if original.startswith(_MARK) else ""
    text = mark + with_policy(original.removeprefix(_MARK), changes)
    found = parse(
        text.removeprefix(_MARK), str(folder.said), catalogue, need_accounts=False, need_prices=False
    )
    return PolicyEdit(found.policy, tuple(changes), original, text)


def policy_keys(folder: Folder, table: Mapping[str, object] | None = None) -> dict[str, str]:
    """Return what [policy] of a portfolio file says, key by key, as it is written."""
    if table is None:
        _, tree = _read(folder, load_catalogue())
        raw = tree.get("policy")
        table = raw if isinstance(raw, dict) else {}
    return {key: str(value) for key, value in table.items()}


def write_edited(folder: Folder, edit: TargetsEdit | PolicyEdit) -> None:
    """Write a portfolio file as it was edited, unless somebody else changed it meanwhile.

    Raises:
        InputError: It is not what was read any more (`file-changed`), or cannot be written (`unwritable`).
    """
    try:
        if bytes_of(folder.file) != edit.original.encode("utf-8"):
            raise InputError(
                "file-changed",
                say("{file} has changed since it was read", file=folder.said),
                say("look at the difference again, then write it"),
            )
        write_over(folder.file, edit.text)
    except OSError as error:
        raise InputError(
            "unwritable",
            say("{path} cannot be written: {why}", path=folder.said, why=error.strerror),
            say("check the folder"),
        ) from None


def _read(folder: Folder, catalogue: Catalogue) -> tuple[str, Mapping[str, Any]]:
    try:
        original = bytes_of(folder.file).decode("utf-8")
        return original, tree_of(original.removeprefix(_MARK))
    except (OSError, ValueError):
        # Whatever it is, the reader of files says it with its place.
        load(folder.file, catalogue, name=str(folder.said), need_accounts=False, need_prices=False)
        raise


def _written(name: str, written: Mapping[str, object], catalogue: Catalogue) -> str:
    """Return the name by which a file has a target, or would have it."""
    if name in written:
        return name
    symbol = catalogue.resolve(name) or name
    return next((known for known in written if (catalogue.resolve(known) or known) == symbol), symbol)
