"""A new portfolio file as `init` and the page write it: never over one that is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import steelyard
from steelyard.api.market import Begun
from steelyard.errors import InputError, SteelyardError, unwritable
from steelyard.words import say

CURRENCIES = {"KR": "KRW", "US": "USD", "JP": "JPY"}
"""Country whose tax can be counted, to its currency."""


def write_new(target: Path, text: str, country: str | None) -> None:
    """Write a new file, with the tax of a country where one is named; one that is there stays as it is.

    Raises:
        InputError: There is one already (`file-exists`), or it cannot be written (`unwritable`).
    """
    if country is not None:
        text = re.sub(
            r'^# \[tax\]\n# jurisdiction = "[A-Z]+" ', f'[tax]\njurisdiction = "{country}" ', text, flags=re.M
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise InputError(
            "file-exists",
            say("{path} is there already", path=target),
            say("choose another folder, or move it"),
        ) from None
    except OSError as error:
        raise unwritable(target, error) from None


def begin_from(
    target: Path,
    broker_file: Path,
    tell: Callable[[str], str],
    *,
    model: str | None = None,
    currency: str | None = None,
    country: str | None = None,
    symbols: Mapping[str, str] | None = None,
    leave: Sequence[int] = (),
    name: str | None = None,
) -> tuple[Begun, int | None]:
    """Write a file that begins with what a broker's file holds, and the journal where trades say it.

    Args:
        target: The portfolio file.
        broker_file: Positions, lots or trades.
        tell: Says a message in the language of the file.
        model, currency, country, symbols, leave: As `init` has them.
        name: What the broker's file is called in messages.

    Returns:
        What was begun, and how many entries the journal got; None where there is none.

    Raises:
        SteelyardError: As `template_from` and `import_` do; nothing is left behind.
    """
    currency = currency or (CURRENCIES[country] if country else None)
    begun = steelyard.template_from(
        broker_file, model=model, base_currency=currency, symbols=symbols or {}, leave=leave
    )
    write_new(target, tell(begun.text), country)
    if not begun.recorded:
        return begun, None
    try:
        done = steelyard.import_(target, broker_file, symbols=symbols or {}, leave=leave, name=name)
    except SteelyardError:
        target.unlink()  # without its journal the file says nothing of what is held
        raise
    return begun, done.counts.added
