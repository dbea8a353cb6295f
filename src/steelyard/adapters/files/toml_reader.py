"""Reading a parsed TOML tree while keeping every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from steelyard.adapters.files.toml_places import Path, dotted, line_of, places
from steelyard.domain.days import EARLIEST, LATEST, read_day
from steelyard.domain.money import (
    EXACT,
    ONE,
    Amount,
    OutOfRange,
    bounded,
    parse_amount,
    parse_fraction,
    parse_number,
    plain,
)
from steelyard.domain.numerals import COMMA, read_numeral
from steelyard.domain.shown import hidden_in, written
from steelyard.errors import Problem
from steelyard.words import say

MOST = 100
"""Problems that are told with their place; of more there is only the number. Nobody reads on."""

Word = TypeVar("Word", bound=str)


MOST_GUESSES = 10
"""Unknown symbols for which a known one is suggested: nobody mistypes all of them."""
MOST_DAYS = 100_000
"""Days, hours or seconds that a setting may name: 273 years, 11 years, a day."""


class Reader:
    """Collects problems with their place; hands out values that have the right form, or None."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self.name = name
        self._found: list[tuple[str, str, str, Path, str]] = []
        self._untold: list[str] = []
        self._guesses = 0

    def problem(self, code: str, message: str, hint: str, path: Path, *, family: str = "input") -> None:
        """Note that something is wrong at a path."""
        if len(self._found) < MOST:
            self._found.append((code, message, hint, path, family))
        else:
            self._untold.append(family)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem noted, in the order of the file."""
        if not self._found:
            return ()
        known = places(self._text)
        rows = [
            Problem(code, message, hint, self.name, line_of(known, path), dotted(path) or None, family)
            for code, message, hint, path, family in self._found
        ]
        rows.sort(key=lambda p: p.line or 0)
        if self._untold:
            text = say("there are {count} more problems", count=len(self._untold))
            hint = say("correct these first, then look again")
            rest = "data" if set(self._untold) == {"data"} else "input"
            rows.append(Problem("more-problems", text, hint, self.name, family=rest))
        return tuple(rows)

    def may_guess(self) -> bool:
        """Say whether to guess what was meant, once more: among very many names that takes a while."""
        self._guesses += 1
        return self._guesses <= MOST_GUESSES

    def refuse_hidden(self, tree: object, path: Path = ()) -> None:
        """Note every key and text with a character that nobody sees: it is another one than it looks like."""
        if isinstance(tree, str):
            found = hidden_in(tree, lines=True)
            if found:
                text = say("{raw!r} has an invisible character, {letter}", raw=tree, letter=written(found))
                self.problem("hidden-character", text, say("type it anew"), path)
        elif isinstance(tree, dict):
            for key, value in tree.items():
                self.refuse_hidden(key, (*path, key))
                self.refuse_hidden(value, (*path, key))
        elif isinstance(tree, list):
            for place, value in enumerate(tree):
                self.refuse_hidden(value, (*path, place))

    def unknown_keys(self, table: Mapping[str, Any], known: Iterable[str], path: Path) -> None:
        """Note every key that means nothing here, with the nearest one that does."""
        allowed = tuple(known)
        for key in table:
            if key not in allowed and len(self._found) >= MOST:
                self._untold.append("input")
            elif key not in allowed:
                from difflib import get_close_matches

                near = get_close_matches(key, allowed, n=1)
                hint = (
                    say("did you mean `{near}`?", near=near[0])
                    if near
                    else say("known keys here: {allowed}", allowed=", ".join(allowed))
                )
                self.problem("unknown-key", say("{key!r} means nothing here", key=key), hint, (*path, key))

    def table(self, tree: Mapping[str, Any], key: str, path: Path = ()) -> Mapping[str, Any]:
        """Return a table, empty when it is missing or something else stands there (a problem)."""
        value = tree.get(key, {})
        if isinstance(value, dict):
            return value
        self.problem(
            "not-a-table",
            say("{key} must be a table", key=key),
            say("write it as [{key}]", key=key),
            (*path, key),
        )
        return {}

    def number(
        self,
        raw: object,
        path: Path,
        *,
        read: Callable[[object], Decimal] = parse_number,
        least: Decimal | None = None,
        above: Decimal | None = None,
        below: Decimal | None = None,
        example: str,
    ) -> Decimal | None:
        """Return a number within limits, None after noting a problem."""
        try:
            value = bounded(read(raw))
        except OutOfRange as error:
            self.problem(
                "out-of-range",
                error.args[0],
                say("write {key} = {example}", key=_key(path), example=example),
                path,
            )
            return None
        except ValueError as error:
            self.problem(
                "not-a-number",
                error.args[0] if error.args else str(error),
                say("write {key} = {example}", key=_key(path), example=_meant(raw, example)),
                path,
            )
            return None
        if (least is not None and value < least) or (above is not None and value <= above):
            kind = "negative" if value < 0 else "zero"
            if above is None:
                text = say("{value} is negative, and must be at least 0", value=plain(value))
            elif value < 0:
                text = say("{value} is negative, and must be above 0", value=plain(value))
            else:
                text = say("{value} is zero, and must be above 0", value=plain(value))
            self.problem(kind, text, say("write {key} = {example}", key=_key(path), example=example), path)
            return None
        if below is not None and value >= below:
            text = say(
                "{value} is too much: it must be below {below} %",
                value=plain(value),
                below=plain(below * 100),
            )
            self.problem(
                "out-of-range", text, say("write {key} = {example}", key=_key(path), example=example), path
            )
            return None
        return value

    def fraction(
        self, raw: object, path: Path, *, above: bool = False, below_one: bool = True, example: str = '"5%"'
    ) -> Decimal | None:
        """Return a weight or a band, None after noting a problem."""
        zero = Decimal(0)
        return self.number(
            raw,
            path,
            read=parse_fraction,
            least=None if above else zero,
            above=zero if above else None,
            below=ONE if below_one else None,
            example=example,
        )

    def amount(
        self, raw: object, path: Path, *, above: bool = False, example: str = '"100000"'
    ) -> Amount | None:
        """Return an amount with its currency, if it names one; None after noting a problem."""
        zero = Decimal(0)
        try:
            amount = parse_amount(raw)
        except ValueError:
            self.number(raw, path, example=example)
            return None
        least, over = (None, zero) if above else (zero, None)
        value = self.number(amount.value, path, least=least, above=over, example=example)
        return None if value is None else amount

    def amount_in(self, currency: str, raw: object, path: Path) -> Decimal | None:
        """Return an amount that may name this currency and no other; None after noting a problem."""
        amount = self.amount(raw, path)
        if amount is None or amount.currency in (None, currency):
            return None if amount is None else amount.value
        self.problem(
            "currency",
            say("{raw!r} is an amount in {other}", raw=raw, other=amount.currency),
            say('write it under {other}: cash = {{ {other} = "..." }}', other=amount.currency),
            path,
        )
        return None

    def word(self, raw: object, path: Path, allowed: tuple[Word, ...]) -> Word | None:
        """Return one of the allowed words, None after noting a problem."""
        for word in allowed:
            if raw == word:
                return word
        self.problem(
            "unknown-word",
            say("{raw!r} is not allowed here", raw=raw),
            say("use one of {choices}", choices=", ".join(allowed)),
            path,
        )
        return None

    def text(self, raw: object, path: Path) -> str | None:
        """Return non-empty text, None after noting a problem."""
        if isinstance(raw, str) and raw.strip():
            return raw.strip()
        self.problem(
            "not-text", say("{raw!r} is not text", raw=raw), say('write {key} = "..."', key=_key(path)), path
        )
        return None

    def flag(self, raw: object, path: Path) -> bool:
        """Return true or false; anything else is a problem."""
        if isinstance(raw, bool):
            return raw
        self.problem(
            "not-a-flag",
            say("{raw!r} is not true or false", raw=raw),
            say("write {key} = true", key=_key(path)),
            path,
        )
        return False

    def days(self, raw: object, path: Path) -> int | None:
        """Return a whole number of days, at least 0; None after noting a problem."""
        value = self.number(raw, path, least=Decimal(0), example="180")
        if value is None:
            return None
        if value != value.to_integral_value(context=EXACT):
            self.problem(
                "not-a-number",
                say("{value} is not a whole number of days", value=plain(value)),
                say("write 180"),
                path,
            )
            return None
        if value > MOST_DAYS:
            text = say("{value} is too much: at most {most}", value=plain(value), most=MOST_DAYS)
            self.problem("out-of-range", text, say("write 180"), path)
            return None
        return int(value)

    def count(self, raw: object, path: Path) -> int | None:
        """Return a whole number, at least 1; None after noting a problem."""
        value = self.number(raw, path, least=ONE, example="10")
        if value is not None and value != value.to_integral_value(context=EXACT):
            text = say("{value} is not a whole number", value=plain(value))
            self.problem("not-a-number", text, say("write {key} = 10", key=_key(path)), path)
            return None
        return None if value is None else int(value)

    def day(self, raw: object, path: Path) -> date | None:
        """Return a date, None after noting a problem."""
        if type(raw) is date and EARLIEST <= raw <= LATEST:
            return raw
        if isinstance(raw, str):
            try:
                return read_day(raw)
            except ValueError:
                pass
        self.problem(
            "not-a-date",
            say("{raw} is not a date", raw=str(raw)),
            say("write {key} = 2026-06-01", key=_key(path)),
            path,
        )
        return None


def _key(path: Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    key = names[-1] if names else "it"
    return key if key.replace("_", "").replace("-", "").isalpha() else f'"{key}"'


def _meant(raw: object, example: str) -> str:
    """Return what somebody who wrote a decimal comma is to write, else an example."""
    try:
        found = read_numeral(raw, COMMA) if isinstance(raw, str) else None
    except ValueError:
        return example
    return example if found is None else f'"{plain(found.value)}"'
