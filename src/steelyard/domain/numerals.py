"""Numbers as people and brokers write them: `2,000.50`, `1.234,56`, `(250)`, `₩3,000,000`, `1.2억`.

One reader for what is typed, for files of entries and for files of prices. A text that reads two ways is not
read: in a file its other numbers decide (`decimal_sign`), elsewhere the decimal sign is a point and commas
stand between thousands. Patterns are compiled when they are first needed: `check` needs none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal

from steelyard.errors import Problem
from steelyard.records import dataclass
from steelyard.words import say

POINT, COMMA = ".", ","
_WIDE = Context(prec=60)

# Digits are those of ASCII: `\d` would take Arabic and full-width ones as well.
_PLAIN = r"[0-9]+(?:\.[0-9]+)?"
# Nobody parts the thousands of nothing: `0,125` is an eighth with a decimal comma, and no number here.
_POINT = r"(?:[1-9][0-9]{0,2}(?:[,_][0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?|[0-9]+\."
# What can be read with one decimal sign only; the other sign parts groups of three of what is no nothing.
_TELLING = (
    r"-?(?:[0-9]{1,30}%(own)s(?:[0-9]{1,2}|[0-9]{4,30})|[1-9][0-9]{0,2}(?:%(other)s[0-9]{3}){1,9}%(own)s[0-9]{1,30}"
    r"|[1-9][0-9]{0,2}(?:%(other)s[0-9]{3}){2,9})"
)
_SPACES = {ord(c): " " for c in "\u00a0\u2007\u2009\u202f"} | {ord("\u2212"): "-", ord("’"): "'"}
_PARTED = r"[1-9][0-9]{0,2}(?:[' ][0-9]{3})+(?![0-9])"
_SIGNS = {"$": "USD", "US$": "USD", "₩": "KRW", "￦": "KRW", "€": "EUR", "£": "GBP"}
_WORDS = {"원": "KRW", "달러": "USD", "불": "USD", "엔": "JPY", "유로": "EUR", "파운드": "GBP", "위안": "CNY"}
_SMALL = {"십": 10, "백": 100, "천": 1000}
_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
# Possessive: what is taken is not given back, or a run of digits could be divided in endless ways.
_KOREAN = r"(?:[0-9][0-9,.]*+\s*+|[십백천만억조]\s*+)++"
LONGEST = 200
"""Characters that a number with more than digits may have; looking for spaces in longer texts takes long."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number with the currency its text names (ISO 4217), None where it names none."""

    value: Decimal
    currency: str | None = None


class TwoReadings(ValueError):
    """The numbers of a file do not tell which sign is the decimal one.

    Attributes:
        text: A number of the file that reads two ways, or one that contradicts `other`.
        other: The number that contradicts it, "" where none does.
    """

    def __init__(self, text: str, other: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.other = other

    def problem(self, file: str, hint: str = "") -> Problem:
        """Return what to tell the owner of the file."""
        if self.other:
            said = say(
                "{text} has a decimal point, and {other} a decimal comma", text=self.text, other=self.other
            )
            return Problem("numbers-undecided", said, say("write all numbers of the file alike"), file)
        point, comma = self.readings
        said = say(
            "{text} may be {point} or {comma}, and no other number of the file tells",
            text=self.text,
            point=point,
            comma=comma,
        )
        return Problem("numbers-undecided", said, hint or say("write it as {point}", point=point), file)

    @property
    def readings(self) -> tuple[str, str]:
        """What `text` is with a decimal point, and with a decimal comma; "-" where it then is no number."""
        return _reading(self.text, POINT), _reading(self.text, COMMA)


def read_numeral(text: str, decimal: str = POINT) -> Numeral:
    """Return the number that a text is.

    Understood are a currency as sign, code or Korean word before or behind; thousands parted by the other
    sign, by spaces or apostrophes (and `_` beside a decimal point), each group of three digits; brackets or
    a minus behind for negative ones; `300만`, `1억 2천만`; an exponent of two digits at most.

    Args:
        text: One number.
        decimal: `POINT` or `COMMA`.

    Raises:
        ValueError: It is no number, or not with this decimal sign: `1,25` beside a point is none.

    >>> read_numeral("(1,250.50)"), read_numeral("300만원"), read_numeral("568,90 EUR", ",")
    ... # doctest: +NORMALIZE_WHITESPACE
    (Numeral(value=Decimal('-1250.50'), currency=None), Numeral(value=Decimal('3000000'), currency='KRW'),
     Numeral(value=Decimal('568.90'), currency='EUR'))
    """
    if decimal == POINT:
        # As nearly every number is written: 412.30, or 412.30 USD.
        number, space, code = text.rpartition(" ")
        if len(code) == 3 and code.isascii() and code.isupper() and code.isalpha() and space:
            if re.fullmatch(_PLAIN, number):
                return Numeral(Decimal(number), _SIGNS.get(code, code))
        elif re.fullmatch(_PLAIN, text):
            return Numeral(Decimal(text))
    text = text.strip()
    if len(text) > LONGEST:
        raise ValueError(say("{raw!r} is not a number", raw=f"{text[:40]}..."))
    body, currency = _without_currency(text.translate(_SPACES).strip())
    negative = False
    if body[:1] == "(" and body[-1:] == ")":
        body, negative = body[1:-1].strip(), True
        body, inner = _without_currency(body)
        currency = _one(text, currency, inner)
    elif body[-1:] == "-":
        body, negative = body[:-1].rstrip(), True
    if body[:1] in ("+", "-"):
        if negative:
            raise ValueError(say("{raw!r} is not a number", raw=text))
        negative, body = body[0] == "-", body[1:].lstrip()
        body, inner = _without_currency(body)
        currency = _one(text, currency, inner)
    value = _unsigned(body, decimal)
    if value is None:
        raise ValueError(say("{raw!r} is not a number", raw=text))
    if value.adjusted() < _WIDE.prec and value == value.to_integral_value() and "E" in str(value):
        # 80만 is written out, so that nothing ever shows it as 8E+5.
        value = value.quantize(Decimal(1), context=_WIDE)
    return Numeral(value.copy_negate() if negative and value else value, currency)


def _one(text: str, first: str | None, second: str | None) -> str | None:
    if first and second and first != second:
        raise ValueError(say("{text!r} names two currencies", text=text))
    return first or second


def _without_currency(text: str) -> tuple[str, str | None]:
    """Return a text without the currency before or behind it, and the currency."""
    found = None
    if match := re.match(r"(US\$|[$₩￦€£]|[A-Z]{3}(?![A-Za-z]))\s*", text):
        found = _SIGNS.get(match[1], match[1])
        text = text[match.end() :]
    if match := re.search(r"\s*(US\$|[$₩￦€£]|(?<![A-Za-z])[A-Z]{3}|미국\s?달러|[가-힣]+)$", text):
        word = match[1]
        last = "달러" if word.startswith("미국") else word.lstrip("십백천만억조")
        behind = _SIGNS.get(word) or (word if word.isascii() else _WORDS.get(last))
        if behind is not None:
            found = _one(text, found, behind)
            cut = match.start() if word.isascii() or word in _SIGNS or word.startswith("미국") else None
            text = text[: cut if cut is not None else len(text) - len(last)].rstrip()
    return text, found


def _unsigned(text: str, decimal: str) -> Decimal | None:
    """Return a number without sign and currency, None where it is none."""
    if any(c in text for c in "십백천만억조"):
        return _korean(text, decimal)
    if re.fullmatch(_PLAIN, text) and (decimal == POINT or "." not in text):
        return Decimal(text)
    if decimal == COMMA:
        if "_" in text:
            return None
        text = text.translate({ord(","): ".", ord("."): ","})
    if match := re.match(_PARTED, text):
        text = re.sub("[' ]", "", match[0]) + text[match.end() :]
        if "," in text:
            return None
    body, _, exponent = text.replace("E", "e").partition("e")
    if "e" in text.lower() and not re.fullmatch(r"[+-]?[0-9]{1,2}", exponent):
        return None
    if not body or not re.fullmatch(_POINT, body):
        return None
    return Decimal(body.replace(",", "").replace("_", "") + (f"e{exponent}" if exponent else ""))


def _korean(text: str, decimal: str) -> Decimal | None:
    """Return a number with Korean units, `1억 2,500만` or `3천5백만`: each smaller than the one before."""
    if not re.fullmatch(_KOREAN, text):
        return None
    total = section = Decimal(0)
    number: Decimal | None = None
    small, large = 10**4, 10**16  # what the next unit must be below
    for piece in re.findall(r"[0-9][0-9,.]*|[십백천만억조]", text):
        if piece in _SMALL:
            if _SMALL[piece] >= small:
                return None
            small = _SMALL[piece]
            part = _WIDE.multiply(Decimal(1) if number is None else number, Decimal(small))
            section = _WIDE.add(section, part)
            number = None
        elif piece in _LARGE:
            if _LARGE[piece] >= large:
                return None
            large = _LARGE[piece]
            section = _WIDE.add(section, number or Decimal(0))
            total = _WIDE.add(total, _WIDE.multiply(section or Decimal(1), Decimal(large)))
            section, number, small = Decimal(0), None, 10**4
        elif number is not None:
            return None
        else:
            number = _unsigned(piece, decimal)
            if number is None:
                return None
    return _WIDE.add(_WIDE.add(total, section), number or Decimal(0)).normalize(_WIDE)


def decimal_sign(texts: Iterable[str], *, usual: str | None = None) -> str:
    """Return the decimal sign of a file, decided by all of its numbers and by nothing else.

    `1,5`, `1.250,00` and `1.250.000` tell that it is a comma; `1.5`, `1,250.00` and `1,250,000` that it is
    a point; `1,250` and `1.250` tell nothing.

    Args:
        texts: Its numbers, and whatever else: what is no number tells nothing.
        usual: The sign to take where no number tells, as a file that parts its cells with commas implies.

    Raises:
        TwoReadings: Two numbers contradict each other, or no number tells, there is no usual sign and some
            number depends on it.
    """
    doubtful = ""
    tells: dict[str, str] = {}
    point = re.compile(_TELLING % {"own": r"\.", "other": ","}).fullmatch
    comma = re.compile(_TELLING % {"own": ",", "other": r"\."}).fullmatch
    for text in dict.fromkeys(texts):
        if "," not in text and "." not in text:
            continue
        sign = POINT if point(text) else COMMA if comma(text) else _tells(text)
        if sign is None:
            doubtful = doubtful or (text if _reading(text, POINT) != "-" else "")
        else:
            tells.setdefault(sign, text)
    if len(tells) == 2:
        raise TwoReadings(tells[POINT], tells[COMMA])
    if tells:
        return next(iter(tells))
    if usual is None and doubtful:
        raise TwoReadings(doubtful)
    return usual or POINT


def _tells(text: str) -> str | None:
    """Return the only decimal sign with which a text is a number, None where that is neither or both."""
    point, comma = _reading(text, POINT), _reading(text, COMMA)
    if (point == "-") == (comma == "-"):
        return None
    return POINT if comma == "-" else COMMA


def _reading(text: str, decimal: str) -> str:
    try:
        value = read_numeral(text, decimal).value
    except ValueError:
        return "-"
    # A number with a zero before its thousands, `0,125`, is none: nobody parts nothing.
    digits = re.sub(r"^\D+", "", text)
    other = "," if decimal == POINT else r"\."
    if re.match(rf"0[0-9]*{other}", digits):
        return "-"
    return format(value.normalize(), "f")
