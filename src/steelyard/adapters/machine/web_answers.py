"""What other machines answer, for whoever reads it: the answer, the two ways to have none, JSON and numbers.

Apart from the calls themselves (`web`), since many commands know how to read an answer and few ask.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from steelyard.domain.money import FINEST

_LARGEST_EXPONENT = 40
"""Of a number in an answer, either way. No price, amount or time has more digits; arithmetic with
`1e999999` overflows."""


_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,60})?(?:[eE][+-]?[0-9]{1,2})?")


class Answer(NamedTuple):
    """What came back: status, body, and the headers by lower-case name."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Unreachable(Exception):
    """No connection came about, so that nothing was sent. Its text says why."""


class Unanswered(Exception):
    """Something may have been sent, and no whole answer came back. Its text says why."""


def read_json(text: str | bytes) -> Any:
    """Return what a JSON text says, its fractions as Decimals, all its numbers of a size to compute with.

    Raises:
        ValueError: It is none, lies too deep, or has a number beyond all bounds.
    """
    try:
        return json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("too deep") from None


def decimal_of(raw: object) -> Decimal:
    """Return the number that another machine wrote, as a number or as text, within the bound of all numbers.

    Raises:
        ValueError: It is none, or beyond the bound.
    """
    text = str(raw)
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    number = Decimal(text)
    # More decimals than of one's own numbers: an average price has as many as a division gives.
    if number and not -_LARGEST_EXPONENT < number.adjusted() < FINEST:
        raise ValueError("a number beyond all bounds")
    return number


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("a number beyond all bounds")
    return number


def _integer(text: str) -> int:
    if len(text) > _LARGEST_EXPONENT:
        raise ValueError("a number beyond all bounds")
    return int(text)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
