"""What Korean needs beside its words: particles that go with the last sound of the word before them."""

from __future__ import annotations

import re
from datetime import date

PARTICLES = {
    "은는": ("은", "는"),
    "이가": ("이", "가"),
    "을를": ("을", "를"),
    "과와": ("과", "와"),
    "으로로": ("으로", "로"),
    "이라라": ("이라", "라"),
    "이나나": ("이나", "나"),
    "이며며": ("이며", "며"),
    "이었였": ("이었", "였"),
    "아야": ("아", "야"),
}
"""Name of a pair in a template to its forms: after a final consonant, after a vowel."""

NONE, OTHER, RIEUL = 0, 1, 8
"""The final of a syllable: none, one, or ㄹ, after which 로 stands and not 으로."""

# Letters of the Latin alphabet by their Korean names: 엘, 엠, 엔, 알 end in a consonant.
_LETTERS = {"L": RIEUL, "R": RIEUL, "M": OTHER, "N": OTHER}
# 영 일 이 삼 사 오 육 칠 팔 구
_DIGITS = (OTHER, RIEUL, NONE, OTHER, NONE, NONE, OTHER, RIEUL, RIEUL, NONE)
_UNITS = {"KRW": OTHER, "USD": NONE, "EUR": NONE, "JPY": OTHER, "GBP": NONE, "CNY": OTHER, "HKD": NONE}
_SIGNS = {"₩": OTHER, "$": NONE, "€": NONE, "¥": OTHER, "£": NONE}
_MONEY = re.compile(r"([₩$€¥£])\s?[\d,]+(\.\d+)?|[\d.]\s?([A-Z]{3})")
_CLOSING = "\"'`”’»)]}>.,:;!?… "
_PERCENT = re.compile(r"%p?$")


def inflect(word: str, pair: str) -> str | None:
    """Return a word with the particle of a pair that goes with it, None when there is no such pair.

    >>> inflect("VOO", "은는"), inflect("KODEX 200", "을를"), inflect("서울", "으로로")
    ('VOO는', 'KODEX 200을', '서울로')
    """
    forms = PARTICLES.get(pair)
    if forms is None:
        return None
    last = final(word)
    return word + forms[last == NONE or (last == RIEUL and pair == "으로로")]


def final(word: str) -> int:
    """Return the final consonant with which a word ends when it is read aloud: NONE, RIEUL or OTHER.

    A remark in brackets at the end is not read: 삼성전자(005930)는. Capitals are read letter by letter,
    small Latin letters as a word; money by its unit, other numbers as they are counted.
    """
    read = re.sub(r"(?<=\S)\s?\([^()]*\)$", "", word.rstrip()) or word
    read = read.rstrip(_CLOSING)
    if not read:
        return NONE
    last = read[-1]
    if "가" <= last <= "힣":
        jong = (ord(last) - ord("가")) % 28
        return jong if jong in (NONE, RIEUL) else OTHER
    if last == "%" or _PERCENT.search(read):
        return NONE  # 퍼센트, 퍼센트포인트
    tail = read.split()[-1]
    money = list(_MONEY.finditer(read))
    if money and money[-1].end() == len(read):
        sign, _, unit = money[-1].groups()
        return _SIGNS[sign] if sign else _UNITS.get(unit, _LETTERS.get(last, NONE))
    if last.isascii() and last.isdigit():
        return _number(tail)
    return _latin(re.split(r"[^A-Za-z]", tail)[-1])


def _number(text: str) -> int:
    """Return the final of a number: 10 십, 100 백, 1,000 천, 10,000 만 all end in one, 10**12 조 does not."""
    digits = text.replace(",", "")
    zeros = len(digits) - len(digits.rstrip("0"))
    if digits.isascii() and digits.isdigit() and 12 <= zeros < 16:
        return NONE
    return _DIGITS[int(digits[-1])]


def _latin(word: str) -> int:
    """Return the final of a Latin word: spelled out in capitals or without a vowel, else read as a word."""
    if not word:
        return NONE
    if word.isupper() or not re.search(r"[aeiouy]", word):
        return _LETTERS.get(word[-1].upper(), NONE)
    sound = re.sub(r"(?<=[aeiou])([lmn])e$", r"\1", word.lower())  # name 네임, file 파일
    if sound.endswith("l"):
        return RIEUL
    if sound.endswith(("m", "n", "ng")) or re.search(r"[aeiou][pkt]$|ck$", sound):
        return OTHER
    return NONE


def show_date(day: date, style: str) -> str | None:
    """Return a date in a style: `long` is 11월 30일 (월), `full` has the year in front."""
    if style not in ("long", "full"):
        return None
    year = f"{day.year}년 " if style == "full" else ""
    return f"{year}{day.month}월 {day.day}일 ({'월화수목금토일'[day.weekday()]})"


def unfit_particle(text: str) -> str | None:
    """Return the first particle of a template that cannot go with every word, or None.

    That is one in both forms, such as 이(가), or one written out after a placeholder.
    """
    found = re.search(r"[은는이가을를과와]\([은는이가을를과와]\)|\(으\)로|\(이\)", text) or re.search(
        r"(?<!라})(?<=})(은|는|이|가|을|를|과|와|으로|로)(?=[\s,.)]|$)", text
    )
    return None if found is None else found[0]
