"""Targets changed in the text of a portfolio file, and written back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import load, parse
from steelyard.adapters.files.targets_text import with_targets
from steelyard.adapters.files.toml_text import bytes_of, tree_of
from steelyard.adapters.machine.private import write_over
from steelyard.bootstrap.folder import Folder
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import parse_fraction
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
    try:
        original = bytes_of(folder.file).decode("utf-8")
        tree = tree_of(original.removeprefix(_MARK))
    except (OSError, ValueError):
        # Whatever it is, the reader of files says it with its place.
        load(folder.file, catalogue, name=str(folder.said), need_accounts=False, need_prices=False)
        raise
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


def write_edited(folder: Folder, edit: TargetsEdit) -> None:
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


def _written(name: str, written: Mapping[str, object], catalogue: Catalogue) -> str:
    """Return the name by which a file has a target, or would have it."""
    if name in written:
        return name
    symbol = catalogue.resolve(name) or name
    return next((known for known in written if (catalogue.resolve(known) or known) == symbol), symbol)
