"""The TOML files beside a portfolio file, each of which may be missing: the text and what it says."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.errors import PortfolioProblems, Problem
from steelyard.words import say


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
        text = path.read_bytes().decode("utf-8-sig")
        return text, tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refuse("unreadable", str(error.strerror), say("check its rights")) from None
    except (ValueError, RecursionError) as error:
        raise refuse("toml-syntax", str(error), say("correct the line; text needs quotes")) from None
