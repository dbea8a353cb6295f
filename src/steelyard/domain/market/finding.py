"""Finding an instrument by what somebody remembers of it: part of a name, an ISIN, a class, in two languages.

Every word of what was asked must be somewhere in an entry. Names as people spell brands (`타이거`) and
classes as people call them (`미국 채권`) are search words, not messages: they are found, never printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from steelyard.domain.market.catalogue import Catalogue, Entry, folded, korean_code
from steelyard.domain.money import plain
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

_CLASS_WORDS = {
    "us": "미국", "kr": "한국 국내 korea korean", "gold": "금 골드", "silver": "은", "platinum": "백금",
    "equity": "주식 stock stocks shares", "bond": "채권 bonds", "treasury": "국채 미국채 treasuries",
    "cash": "현금 단기자금 머니마켓 파킹 mmf money market", "estate": "부동산 리츠 reit reits",
    "leveraged": "레버리지", "inverse": "인버스", "emerging": "신흥국 이머징", "developed": "선진국",
    "global": "글로벌 전세계 world", "intl": "해외 international", "corporate": "회사채",
    "municipal": "지방채", "mortgage": "모기지", "inflation": "물가연동 물가채 tips",
    "commodities": "원자재 commodity", "crypto": "비트코인 가상자산 코인 bitcoin",
    "currency": "통화 환율", "volatility": "변동성 vix", "preferred": "우선주",
    "convertible": "전환사채", "mixed": "혼합 자산배분 tdf", "palladium": "팔라듐",
}  # fmt: skip
_BRANDS = {
    "코덱스": "kodex", "타이거": "tiger", "에이스": "ace", "라이즈": "rise", "쏠": "sol",
    "플러스": "plus", "하나로": "hanaro", "키움": "kiwoom", "뱅가드": "vanguard",
    "아이셰어즈": "ishares", "아이쉐어즈": "ishares", "인베스코": "invesco",
    "슈왑": "schwab", "스파이더": "spdr", "피델리티": "fidelity",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """An instrument that was found.

    Attributes:
        symbol, name: As the catalogue has them.
        other_names: Its name in the other language, and what else it is called.
        asset_class, currency, exchange, tax_class, us_class, index, isin: None where not recorded.
        expense_ratio: Cost of the fund a year, a fraction; None where not recorded.
        expense_as_of: Of the cost, ISO 8601.
        source, checked_on: Where the entry comes from, and when it was taken from there.
        from_memory: Fields that nobody looked up; all of them where it is `name`.
        held: Shares in all accounts, None where nobody asked.
    """

    symbol: str
    name: str
    other_names: tuple[str, ...] = ()
    asset_class: str | None = None
    currency: str | None = None
    exchange: str | None = None
    tax_class: str | None = None
    us_class: str | None = None
    index: str | None = None
    isin: str | None = None
    expense_ratio: Decimal | None = None
    expense_as_of: str | None = None
    source: str | None = None
    checked_on: str | None = None
    from_memory: tuple[str, ...] = ()
    held: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in the document."""
        texts = ("symbol", "name", "asset_class", "currency", "exchange", "tax_class", "us_class", "index",
                 "isin", "expense_as_of", "source", "checked_on")  # fmt: skip
        return {
            **{name: getattr(self, name) for name in texts},
            "other_names": list(self.other_names),
            "expense_ratio": None if self.expense_ratio is None else plain(self.expense_ratio),
            "from_memory": list(self.from_memory),
            "held": None if self.held is None else plain(self.held),
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found.

    Attributes:
        text: What was asked for.
        found: Best first.
        more: How many more there are.
        near: Symbols that come near where nothing was found.
    """

    text: str
    found: tuple[Finding, ...]
    more: int = 0
    near: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `find --json` (`steelyard/find/1`)."""
        return {
            "schema": "steelyard/find/1",
            "text": self.text,
            "found": [one.to_dict() for one in self.found],
            "more": self.more,
            "near": list(self.near),
        }


def find(
    text: str, catalogue: Catalogue, *, limit: int = 20, held: Mapping[str, Decimal] | None = None
) -> Findings:
    """Return the instruments that a text may mean.

    First the one of that symbol or ISIN, then names that are the text, names that have all of its words, and
    entries that have them elsewhere (class, index, issuer, tax class); what is held before what is not.

    Args:
        text: Words of a name, a class, a symbol or an ISIN.
        catalogue: What is known.
        limit: At most so many.
        held: Symbol to shares, None where it is not known what is held.

    Raises:
        InputError: The text has no word in it (`find-empty`).
    """
    words = [folded(word) for word in text.split() if folded(word)]
    if not words:
        raise InputError(
            "find-empty",
            say("there is nothing to look for in {text!r}", text=text),
            say("write a part of a name, a symbol, an ISIN or a class"),
        )
    whole, code = folded(text), korean_code(text.strip().upper())
    ranked = []
    for place, (symbol, entry) in enumerate(_entries(catalogue)):
        rank = _rank(symbol, entry, words, whole, code)
        if rank is not None:
            ranked.append((rank, not (held and held.get(symbol)), place, symbol, entry))
    ranked.sort(key=lambda hit: hit[:3])
    found = tuple(_finding(symbol, entry, held) for _, _, _, symbol, entry in ranked[:limit])
    return Findings(text, found, max(0, len(ranked) - limit), () if found else catalogue.suggest(text))


def _entries(catalogue: Catalogue) -> Iterator[tuple[str, Entry]]:
    """Return every instrument once: the catalogue's own first, with what the wider list adds to it."""
    wider = dict(catalogue.wider.rows()) if catalogue.wider is not None else {}
    for symbol, entry in catalogue.entries.items():
        yield symbol, {**wider.pop(symbol, {}), **entry}
    yield from wider.items()


def _rank(symbol: str, entry: Entry, words: list[str], whole: str, code: str) -> int | None:
    if code == symbol or folded(symbol) == whole or folded(entry.get("isin", "")) == whole:
        return 0
    names = [folded(name) for name in _names(entry)]
    if whole in names:
        return 1
    names.append(folded(symbol))
    if all(_within(word, names) for word in words):
        return 2
    parts = entry.get("asset_class", "").split("_")
    rest = [*parts, *(word for part in parts for word in _CLASS_WORDS.get(part, "").split())]
    rest += [folded(entry.get(key) or "") for key in ("tax_class", "us_class", "issuer", "index")]
    return 3 if all(_within(word, names) or _within(word, rest) for word in words) else None


def _within(word: str, texts: list[str]) -> bool:
    """Say whether a word, or what it is called abroad, is in a text; one letter must be all of it."""
    for spelling in (word, _BRANDS.get(word, word)):
        if any(spelling == text or (len(spelling) > 1 and spelling in text) for text in texts):
            return True
    return False


def _names(entry: Entry) -> list[str]:
    names = (entry["name"], entry.get("name_en"), entry.get("name_ko"), *entry.get("aliases", ()))
    return [name for name in dict.fromkeys(names) if name]


def _finding(symbol: str, entry: Entry, held: Mapping[str, Decimal] | None) -> Finding:
    cost = entry.get("expense_ratio")
    memory = ("name",) if entry.get("verified") == "memory" else tuple(entry.get("from_memory", ()))
    return Finding(
        symbol=symbol,
        name=entry["name"],
        other_names=tuple(name for name in _names(entry) if name != entry["name"]),
        **{
            key: entry.get(key)
            for key in (
                "asset_class", "currency", "exchange", "tax_class", "us_class", "index", "isin",
                "expense_as_of", "source", "checked_on",
            )
        },
        expense_ratio=None if cost is None else Decimal(cost),
        from_memory=memory,
        held=None if held is None else held.get(symbol, Decimal(0)),
    )  # fmt: skip
