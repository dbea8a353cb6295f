"""What is typed on the command line as a day or a count: digits of ASCII, within bounds.

Python itself reads the digits of every script, so that `٢٠٢٦` would be a year and `３` a number of days.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import click

from steelyard.domain.money import whole_number
from steelyard.interfaces.language import tell
from steelyard.words import say


class Day(click.ParamType[date]):
    """A day on the command line, as ISO 8601 or as people in Korea and the US write it."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day that a text is, or let click refuse it."""
        if isinstance(value, date):
            return value
        from steelyard.domain.days import read_day

        try:
            return read_day(value)
        except ValueError:
            text = say("{text!r} is not a date; write it as 2026-11-23", text=value)
            self.fail(tell(text), param, ctx)


class Count(click.ParamType[int]):
    """A whole number within bounds, both of which it may be."""

    name = "integer"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,19}", value):
            self.fail(tell(say("{raw!r} is not a whole number", raw=value)), param, ctx)
        number = int(value)
        if not self.least <= number <= self.most:
            text = say(
                "{number} is not between {least} and {most}", number=number, least=self.least, most=self.most
            )
            self.fail(tell(text), param, ctx)
        return number


MOST_LINES = 1_000_000
"""Of a range of lines."""


def lines_of(text: str) -> list[int]:
    """Return the numbers of lines of a file, apart by commas or spaces, or let click refuse them."""
    found: list[int] = []
    for word in text.replace(",", " ").split():
        first, sign, last = word.partition("-")
        begin = whole_number(first)
        end = whole_number(last) if sign else begin
        if begin is None or end is None or not begin <= end < begin + MOST_LINES:
            said = say("{text!r} is not a list of lines such as 7,12 or 20-85", text=text)
            raise click.BadParameter(tell(said), param_hint="--leave")
        found += range(begin, end + 1)
    return found
