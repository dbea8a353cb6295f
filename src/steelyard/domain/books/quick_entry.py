"""An entry as one says it: `buy VOO 3 @600.20`, `매수 VOO 3주 600.2달러 어제`.

The words become the fields of `entry_text`. What could be meant in two ways is not guessed: it is refused,
and `field=value` says it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Sequence
from datetime import date, timedelta

from steelyard.domain.books.entry_text import COLUMNS
from steelyard.domain.books.ledger import CASH_KINDS, KINDS, PAYMENT_KINDS
from steelyard.domain.days import read_day
from steelyard.domain.money import is_currency, plain
from steelyard.domain.numerals import Numeral, read_numeral
from steelyard.errors import InputError
from steelyard.words import say

TYPES = {
    "bought": "buy", "매수": "buy", "sold": "sell", "매도": "sell", "배당": "dividend", "배당금": "dividend",
    "분배금": "dividend", "입금": "deposit", "withdraw": "withdrawal", "출금": "withdrawal",
    "이자": "interest", "수수료": "fee", "세금": "tax", "분할": "split",
    "대체": "transfer", "rename": "rename", "gift": "gift", "증여": "gift",
}  # fmt: skip
"""Words for types beside the types themselves."""
_DAYS = {"today": 0, "오늘": 0, "yesterday": 1, "어제": 1, "그저께": 2, "그제": 2}
_LATER = frozenset({"tomorrow", "내일", "모레"})
_LIKE_A_DAY = re.compile(r"\d{1,4}([-./])\d{1,2}(\1\d{1,4})?|\d{4}년.*|\d{1,2}월.*")
"""What is written as a day is, though there is none like it: no instrument is called 2026-02-30."""
_BETWEEN = frozenset({"of", "at", "on", "for", "shares", "share", "주", "에"})


def is_quick(words: Sequence[str]) -> bool:
    """Say whether words are an entry as one says it, and not fields only."""
    return bool(words) and "=" not in words[0]


def refuse_options(words: Iterable[str]) -> None:
    """Refuse words that look like an option: what an entry says is no option.

    Raises:
        InputError: There is no such option (`entry-words`).
    """
    for word in words:
        option = word.partition("=")[0]
        name = option.removeprefix("--")
        if option == name:
            continue
        text = say("there is no option {option}", option=option)
        if name in ("date", "day", "on"):
            hint = say("write the day among the words, as 2026-11-23, or as date=2026-11-23")
        elif name in COLUMNS:
            hint = say("say it as {name}=…", name=name)
        else:
            hint = say("see `steelyard record --help`")
        raise InputError("entry-words", text, hint)


def quick_fields(
    words: Sequence[str], today: date, accounts: Collection[str] = (), known: Container[str] = ()
) -> dict[str, str]:
    """Return the fields of an entry that is said in words.

    The type stands first. Then, in any order: the instrument, by symbol or name; how many (`3`, `3주`); the
    price (`@600.20`, or an amount with its currency, or the second number); a day with its separators, or
    `yesterday`; the account, by its name; and any `field=value`. Of money the number is the amount; so is
    an amount with its currency of a payment on shares that are not said: it stands as one share at it.

    Args:
        words: Type first.
        today: What `yesterday` is reckoned from.
        accounts: Names of accounts.
        known: Symbols, which tell 360750 from a number.

    Raises:
        InputError: A word has no meaning, or one thing is said twice (`entry-words`).

    >>> quick_fields(["buy", "VOO", "3", "@600.20"], date(2026, 11, 23))
    {'type': 'buy', 'shares': '3', 'price': '600.20', 'symbol': 'VOO'}
    """
    refuse_options(words)
    kind = words[0].lower().replace("-", "_")
    kind = TYPES.get(kind, kind)
    if kind not in KINDS and kind not in TYPES.values():
        raise _unclear(words[0], say("begin with one of {types}", types=", ".join(KINDS)))
    fields = {"type": kind}
    symbol: list[str] = []
    apart = {word for word in words[1:] if word in accounts}
    code = _code([word for word in words[1:] if word not in apart], kind, today, known)
    for word in words[1:]:
        if word in apart:
            name, value = "account", word
        elif word == code:
            name, value = "symbol", word
        else:
            name, value = _meaning(word, kind, fields, today)
        paid = bool(symbol) and kind in PAYMENT_KINDS and "shares" in fields and is_currency(value)
        if name == "symbol" and "currency" not in fields and (paid or _is_money(value, kind, fields)):
            fields["currency"] = value.upper()
        elif name == "symbol":
            symbol.append(value)
        elif name in fields:
            raise _unclear(word, say("say it as {name}=…", name=name))
        elif name:
            fields[name] = value
    if symbol:
        fields["symbol"] = " ".join(symbol)
    if kind in PAYMENT_KINDS:
        _as_amount(words, fields)
    return fields


def _code(words: Sequence[str], kind: str, today: date, known: Container[str]) -> str:
    """Return the listing among words that could be numbers, "" where none is one or several may be.

    Six digits are a listing where no other word is the instrument, another word says how many, and they are
    known or there is a price as well.
    """
    digits = {word for word in words if len(word) == 6 and word.isdecimal() and word.isascii()}
    if not digits or kind in ("deposit", "withdrawal"):
        return ""
    if kind not in CASH_KINDS and any(map(_is_code, digits)):
        return ""
    said = [_meaning(word, kind, (), today) for word in words if word not in digits]
    money = kind in (*CASH_KINDS, *PAYMENT_KINDS)
    others = {value for name, value in said if name == "symbol"}
    if any(not money or value in known or not is_currency(value) for value in others):
        return ""
    numbers = [name for name, _ in said if name in ("shares", "price")]
    found = [word for word in digits if word in known]
    if not found and kind not in CASH_KINDS and "price" in numbers and "shares" in numbers:
        found = list(digits)
    if len(found) != 1 or words.count(found[0]) > 1 or len(digits) + len(numbers) < 2:
        return ""
    return found[0]


def _as_amount(words: Sequence[str], fields: dict[str, str]) -> None:
    """Take money that is paid, and nobody says on how many shares, as paid on one."""
    said = [word.lower() for word in words[1:]]
    if any(w.endswith(("주", "shares", "share")) or w.startswith(("shares=", "price=")) for w in said):
        return
    if "shares" not in fields and " " in fields.get("price", ""):
        fields["shares"] = "1"
    elif "price" not in fields and "shares" in fields and fields.get("currency", "-").lower() in said:
        fields["shares"], fields["price"] = "1", fields["shares"]


def _meaning(word: str, kind: str, fields: Iterable[str], today: date) -> tuple[str, str]:
    """Return the field that a word says and its text; no field for a word that only joins others."""
    name, sign, value = word.partition("=")
    if sign and name in COLUMNS:
        return name, value
    if word.lower() in _BETWEEN:
        return "", ""
    if word.lower() in _DAYS:
        return "date", (today - timedelta(_DAYS[word.lower()])).isoformat()
    if word.startswith("@"):
        return "price", word[1:]
    if not word.isdigit():
        try:
            return "date", read_day(word).isoformat()
        except ValueError:
            pass
    if kind in ("split", "merger", "rename") and word[:1].isdigit() and any(c in word for c in "/:"):
        return "shares", word
    text = word[:-1] if word.endswith("주") else word
    try:
        found = read_numeral(text)
    except ValueError:
        if _LIKE_A_DAY.fullmatch(word) or word in _LATER:
            raise InputError(
                "entry-date", say("{word!r} is no day of the past", word=word), say("write it as 2026-11-23")
            ) from None
        return "symbol", word
    return _amount(text, found, kind, fields, shares=text != word, symbol=word)


def _amount(
    text: str, found: Numeral, kind: str, fields: Iterable[str], *, shares: bool, symbol: str
) -> tuple[str, str]:
    if not shares and kind not in CASH_KINDS and _is_code(text) and "symbol" not in fields:
        # 069500 is a listing and no number of shares: nobody writes a number with a zero before it.
        return "symbol", symbol
    number = plain(found.value)
    if found.currency is None:
        return ("price" if "shares" in fields and not shares else "shares"), text if "." in text else number
    money = f"{number} {found.currency}"
    return ("shares" if kind in CASH_KINDS else "price"), money


def _is_money(word: str, kind: str, fields: Iterable[str]) -> bool:
    """Say whether a word is the currency of an amount: money paid in or out is of no instrument."""
    if kind in ("deposit", "withdrawal"):
        return is_currency(word.upper())
    return kind in CASH_KINDS and "shares" in fields and is_currency(word)


def _is_code(text: str) -> bool:
    return len(text) == 6 and text.isdigit() and text[0] == "0"


def _unclear(word: str, hint: str) -> InputError:
    return InputError("entry-words", say("{word!r} is not clear", word=word), hint)
