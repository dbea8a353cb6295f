"""The TOML files beside a portfolio file, each of which may be missing: the text and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steelyard.adapters.files.toml_text import bytes_of, tree_of
from steelyard.errors import PortfolioProblems, Problem
from steelyard.words import Text, say


def read(path: Path, name: str) -> tuple[str, dict[str, Any]] | None:
    """Return the text and its tree with exact numbers, None when there is no such file.

    Args:
        path: The file.
        name: What its owner calls it, for messages.

    Raises:
        PortfolioProblems: It cannot be read, or is not TOML.
    """

    def refuse(code: str, message: str, hint: str) -> PortfolioProblems:
        return PortfolioProblems((Problem(code, message, hint, name),))

    try:
        text = bytes_of(path).decode("utf-8-sig")
        return text, tree_of(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        text = say("it cannot be read: {why}", why=error.strerror or str(error))
        raise refuse("unreadable", text, say("check its rights")) from None
    except ValueError as error:
        why = error.args[0] if len(error.args) == 1 else str(error)
        raise refuse(
            "toml-syntax",
            why if isinstance(why, Text) else say("not valid TOML: {why}", why=why),
            say("correct the line; text needs quotes"),
        ) from None
