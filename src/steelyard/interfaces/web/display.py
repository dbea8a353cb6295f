"""How one reader sees figures: language, signs and whether amounts are hidden.

Amounts are hidden here, by the server, so that a page whose reader hides them does not hold them at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any

from steelyard.domain.money import ONE, currency_sign, minor_digits
from steelyard.domain.shown import shown
from steelyard.records import dataclass
from steelyard.words import Language, Text, render

HIDDEN = "•••••"
MINUS = "−"
_NARROW = "\u202f"
_WIDE = Context(prec=1000)
_TENTH, _MILLIONTH = Decimal("0.1"), Decimal("0.000001")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AMOUNTS = re.compile(
    r"[₩$€£¥]\s?[\d,]*\d(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?|\b\d{4,}\b(?!-)|[\d.]+ (?=[A-Z]{3}\b)"
)
"""What may be an amount in a sentence that was made elsewhere. A day of the year 2026 is none."""


@dataclass(frozen=True, slots=True)
class Display:
    """A reader's language and whether amounts are hidden from whoever looks over their shoulder.

    Attributes:
        language: What everything is said in.
        private: Amounts and shares are hidden.
        theme: light | dark, empty for what the system says.
    """

    language: Language
    private: bool = False
    theme: str = ""

    @property
    def _korean(self) -> bool:
        return self.language.code == "ko"

    def say(self, template: str, /, **facts: object) -> str:
        """Return a message of a page; amounts in its facts went through `money` already."""
        return shown(render(Text(template, facts), self.language))

    def tell(self, text: str | None) -> str:
        """Return a message that the library made, its amounts hidden where they are to be."""
        if not text:
            return ""
        told = shown(render(text, self.language))
        return _AMOUNTS.sub(HIDDEN, told) if self.private else told

    def money(self, amount: Decimal | None, currency: str) -> str:
        """Return an amount in its currency's own decimals: `₩4,800,000`, in Korean `4,800,000원`."""
        if amount is None:
            return "–"
        if self.private:
            return HIDDEN
        rounded = _WIDE.quantize(amount, ONE.scaleb(-minor_digits(currency)))
        sign = MINUS if rounded < 0 else ""
        figures = f"{abs(rounded):,f}"
        if self._korean and currency == "KRW":
            return f"{sign}{figures}원"
        return f"{sign}{currency_sign(currency)}{figures}"

    def price(self, price: Decimal | None, currency: str) -> str:
        """Return a price, which is no secret: it is the same for everybody."""
        return Display(self.language).money(price, currency)

    def rate(self, rate: Decimal, currency: str) -> str:
        """Return a rate of exchange with two decimals, of whatever currency: `₩1,392.10`."""
        figures = f"{_WIDE.quantize(rate, Decimal('0.01')):,f}"
        return f"{figures}원" if self._korean and currency == "KRW" else f"{currency_sign(currency)}{figures}"

    def shares(self, count: Decimal | None) -> str:
        """Return a number of shares, fractions to 6 decimals."""
        if count is None:
            return "–"
        if self.private:
            return HIDDEN
        text = f"{_WIDE.quantize(abs(count), _MILLIONTH):,f}".rstrip("0").rstrip(".")
        return f"{MINUS if count < 0 else ''}{text or '0'}"

    def percent(self, fraction: Decimal | None, *, digits: int = 1) -> str:
        """Return a fraction as percent: `41.6 %`, in Korean `41.6%`."""
        if fraction is None:
            return "–"
        value = _WIDE.quantize(fraction * 100, ONE.scaleb(-digits))
        return self._per_cent(f"{MINUS if value < 0 else ''}{abs(value):,f}")

    def part(self, tenths: Decimal | None) -> str:
        """Return a percentage that is rounded already (`hundred`)."""
        return "–" if tenths is None else self._per_cent(f"{MINUS if tenths < 0 else ''}{abs(tenths):f}")

    def _per_cent(self, figures: str) -> str:
        return f"{figures}%" if self._korean else f"{figures}{_NARROW}%"

    def points(self, fraction: Decimal, *, sign: bool = True, digits: int = 1) -> str:
        """Return a difference of weights in points: `+6.6`, `−0.7`; without a sign its size, `5`."""
        value = _WIDE.quantize(fraction * 100, ONE.scaleb(-digits))
        if not sign:
            return f"{abs(value):f}".removesuffix(".0")
        return f"{'+' if value > 0 else MINUS if value < 0 else '±'}{abs(value):f}"

    def day(self, day: date | None) -> str:
        """Return a day: `1 Jul 2026`, in Korean `2026. 7. 1.`."""
        if day is None:
            return "–"
        if self._korean:
            return f"{day.year}. {day.month}. {day.day}."
        if self.language.code == "en":
            return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        return day.isoformat()

    def facts(self) -> Mapping[str, Any]:
        """Return what every template has of it."""
        names = ("say", "tell", "money", "price", "rate", "shares", "percent", "part", "points", "day")
        return {name: getattr(self, name) for name in names} | {
            "lang": self.language.code,
            "private": self.private,
            "theme": self.theme,
        }


def hundred(fractions: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Return percentages with one decimal that add up to what their sum rounds to: 100.0 of a whole.

    What is cut off is given back to those that lost most of it, the first of equals first.

    >>> [str(p) for p in hundred([Decimal(1) / 3] * 3)]
    ['33.4', '33.3', '33.3']
    """
    exact = [_WIDE.multiply(f, Decimal(1000)) for f in fractions]
    floors = [e.to_integral_value(ROUND_FLOOR) for e in exact]
    whole = _WIDE.quantize(sum(exact, Decimal(0)), ONE)
    missing = int(whole - sum(floors, Decimal(0)))
    order = sorted(range(len(exact)), key=lambda n: (floors[n] - exact[n], n))
    for n in order[:missing]:
        floors[n] += 1
    return tuple(_WIDE.quantize(f / 10, _TENTH) for f in floors)
