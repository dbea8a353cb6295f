"""Words of a command line that hold an amount and a file, in either order."""

from __future__ import annotations

from pathlib import Path

from steelyard.domain.money import parse_amount
from steelyard.errors import InputError
from steelyard.words import say


def perhaps_amount(words: tuple[str, ...]) -> tuple[str | None, Path | None]:
    """Tell AMOUNT from FILE where either may be missing: one word that is a file is no amount."""
    if not words:
        return None, None
    if len(words) == 1 and (words[0].endswith(".toml") or _is_there(words[0])):
        return None, Path(words[0])
    return amount_and_path(words)


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        # Too long for a name, or no name at all: whatever it is, it is no file.
        return False


def amount_and_path(words: tuple[str, ...]) -> tuple[str, Path | None]:
    """Tell AMOUNT from FILE whichever comes first; an amount may stand as two words (`500 USD`)."""

    def is_amount(text: str) -> bool:
        try:
            parse_amount(text)
        except ValueError:
            return False
        return True

    for start in range(len(words)):
        for end in (start + 2, start + 1):
            text = " ".join(words[start:end])
            rest = words[:start] + words[end:]
            if end <= len(words) and is_amount(text) and len(rest) <= 1:
                return text, Path(rest[0]) if rest else None
    raise InputError(
        "amount",
        say("no amount in {words!r}", words=" ".join(words)[:100]),
        say("write: steelyard invest 1000000 portfolio.toml"),
    )
