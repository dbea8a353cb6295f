"""What the columns of a file of prices are, by the names that people and programs give them.

English and Korean headings are known, and an instrument by its symbol, by the other ways its code is written
(`A069500`, `069500.KS`, `69500` of a spreadsheet that took it for a number) and by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from steelyard.domain.market.catalogue import folded, korean_code

DAYS = (
    "date", "datetime", "timestamp", "observation_date", "trade date", "날짜", "일자", "기준일", "기준일자",
    "거래일", "거래일자", "영업일", "일시", "", "__index_level_0__",
)  # fmt: skip
"""What a column of dates is called; the last two are a frame's unnamed index in CSV and in Parquet."""
_SYMBOLS = ("symbol", "ticker", "종목코드", "단축코드", "표준코드", "티커", "심볼", "코드", "종목", "종목명")
_RATES = {
    "dexkous": "usdkrw", "krw=x": "usdkrw", "원/달러": "usdkrw", "달러/원": "usdkrw", "원달러": "usdkrw",
    "원/미국달러(매매기준율)": "usdkrw", "원/미국달러": "usdkrw", "미국달러": "usdkrw", "미국 달러": "usdkrw",
}  # fmt: skip
"""Names of rates that their letters do not tell, of the Federal Reserve, Yahoo and the Bank of Korea."""
_A_NAME = 6
"""Letters from which on a name inside the name of a file is no chance."""
_PLACE = re.compile(r"[.\s](?:ks|kq|krx|us|n|o|nys|nasdaq|arca)$|^[a-z]+:", re.IGNORECASE)
_ENDING = re.compile(r"[\s_]+(?:adj[\s_.]?close|close|price|수정종가|종가)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Names:
    """What is wanted, and by what it may go.

    Attributes:
        wanted: Symbols and currency pairs.
        called: Symbol to the name of its instrument.
    """

    wanted: Sequence[str]
    called: Mapping[str, str] = field(default_factory=dict)

    def keys(self) -> dict[str, str]:
        """Return the spellings that `find` looks up, to the symbol."""
        known = {folded(name): symbol for symbol, name in self.called.items() if symbol in self.wanted}
        known.pop("", None)
        return known | {symbol.lower(): symbol for symbol in self.wanted}


def find(text: str, keys: Mapping[str, str]) -> str | None:
    """Return which symbol or pair a text means, None for none of them.

    >>> keys = Names(("069500", "VOO", "USDKRW"), {"069500": "KODEX 200"}).keys()
    >>> [find(text, keys) for text in ("A069500", "69500", "069500.KS", "Kodex200", "NYSE:VOO", "USD/KRW")]
    ['069500', '069500', '069500', '069500', 'VOO', 'USDKRW']
    """
    bare = text.strip()
    for spelled in dict.fromkeys((bare, _ENDING.sub("", bare))):
        plain = _PLACE.sub("", spelled)
        for tried in (
            spelled.lower(),
            plain.lower(),
            korean_code(plain.upper()).lower(),
            _RATES.get(spelled.lower(), ""),
            re.sub(r"[/_\-\s]|=x$", "", spelled.lower()),
            folded(spelled),
        ):
            if tried in keys:
                return keys[tried]
    return None


def find_in_name(path: PurePath, keys: Mapping[str, str]) -> str | None:
    """Return the one symbol or pair that a file's name tells, None where it tells none or several."""
    whole = find(path.stem, keys)
    if whole is not None:
        return whole
    found = {find(part, keys) for part in re.split(r"[^0-9A-Za-z가-힣]+", path.stem) if part} - {None}
    if not found:
        # A name of several words, in which that of another fund may be a part: KODEX 200 of KODEX 200 TR.
        text = folded(path.stem)
        longest = max((key for key in keys if len(key) >= _A_NAME and key in text), key=len, default=None)
        return None if longest is None else keys[longest]
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a row.

    Attributes:
        day: The date.
        symbol: The instrument of the row, None where the columns are instruments or the file has one.
        value: The value of a long row, or of the file's one instrument, None where there is none.
        wide: Symbol or pair to its column, where columns are instruments.
        twice: Those that more than one column is of.
    """

    day: int | None
    symbol: int | None
    value: int | None
    wide: Mapping[str, int]
    twice: tuple[str, ...]


def columns_of(header: Sequence[str], keys: Mapping[str, str], values: Sequence[str]) -> Columns:
    """Return what the columns of a header are.

    Args:
        header: As the file has it.
        keys: From `Names.keys`.
        values: What a column of values is called, the one to be taken first.
    """
    named = {name.strip().lower(): n for n, name in reversed(list(enumerate(header)))}
    day = next((named[name] for name in DAYS if name in named), None)
    symbol = next((named[name] for name in _SYMBOLS if name in named), None)
    value = next((named[name] for name in values if name in named), None)
    places: dict[str, list[int]] = {}
    for n, name in enumerate(header):
        found = find(name, keys) if n != day else None
        if found is not None:
            places.setdefault(found, []).append(n)
    if symbol is not None and value is not None:
        return Columns(day, symbol, value, {}, ())
    twice = tuple(name for name, at in places.items() if len(at) > 1)
    return Columns(day, None, None if places else value, {name: at[0] for name, at in places.items()}, twice)
