"""Closing prices as sources give them, and what makes one unfit to be used.

A source is believed in nothing: its answer is kept raw and then judged. `refused` closes are never
used; `flagged` ones are used and pointed out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.money import EXACT, ONE, ZERO, plain
from steelyard.records import dataclass, field, replace
from steelyard.words import say

HALF, DOUBLE, TEN, HUNDRED = Decimal("0.525"), Decimal("1.9"), Decimal(10), Decimal(100)
"""A close outside of half to double the one before, with room for that day's own move, is no mere move."""
NEAR = Decimal("0.05")
"""How far a ratio may be from a whole one, the day's own move, to look like it."""
SPLITS = tuple(
    (new, old) for many in (2, 3, 4, 5, 6, 8, 10, 15, 20, 25, 50) for new, old in ((many, 1), (1, many))
)
"""New shares for old ones, as funds split and merge them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a source is asked for: an instrument, or a rate (`USDKRW`, currency KRW, no exchange)."""

    symbol: str
    currency: str
    exchange: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether it is an exchange rate."""
        return not self.exchange


@dataclass(frozen=True, slots=True)
class Close:
    """One closing price as a source gave it.

    Attributes:
        day: Session it belongs to.
        price: As given, of any sign.
        currency: As the source says, None when it says nothing.
        split: New shares for one old one on that day, 1 for no split.
    """

    day: date
    price: Decimal
    currency: str | None = None
    split: Decimal = ONE


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """What a close must keep to.

    Attributes:
        max_age_days: Calendar days a newest close may be old, by source name; `""` for all others.
        max_jump: Largest move between two closes, fraction of the earlier, without a split.
        disagreement: Largest difference of two sources on one day, fraction of the smaller.
    """

    max_age_days: Mapping[str, int] = field(default_factory=lambda: {"": 7})
    max_jump: Decimal = Decimal("0.25")
    disagreement: Decimal = Decimal("0.02")

    def age(self, source: str) -> int:
        """Days a close of this source may be old."""
        return self.max_age_days.get(source, self.max_age_days.get("", 7))


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """Where prices come from.

    Attributes:
        sources: Names in the order they are asked.
        folder: Folder of the CSV files, relative to the portfolio file.
        limits: What a close must keep to.
        compare: Ask a second source as well and hold the two against each other.
        last_good: Evaluate on the last good price when no fresh one comes; said in the alert.
        history_days: How far back a fetch asks.
        timeout_seconds: For one request.
        attempts: How often a failing request is made at most.
        backoff_seconds: Wait before the second attempt; doubles, at most a minute.
    """

    sources: tuple[str, ...] = ("folder",)
    folder: str = "prices"
    limits: PriceLimits = field(default_factory=PriceLimits)
    compare: bool = False
    last_good: bool = True
    history_days: int = 14
    timeout_seconds: int = 10
    attempts: int = 3
    backoff_seconds: int = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a close or with a whole answer.

    Attributes:
        code: price-empty | price-stale | price-not-positive | price-jump | price-currency |
            price-future | price-no-session | price-disagree | price-source.
        symbol: What was asked for.
        source: Who answered.
        text: One sentence for the owner.
        refused: True when the close is not used.
        day: The session meant, None for the whole answer.
        split: New shares and old ones of the split that a jump looks like, None where it looks like none.
        price: The price meant, with `split`.
    """

    code: str
    symbol: str
    source: str
    text: str
    refused: bool
    day: date | None = None
    split: tuple[int, int] | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What the newest answers of price sources suggest has happened to an instrument.

    Attributes:
        symbol: Which.
        day: First session at a price that looks like after a split; None where no source has it any longer.
        split: New shares and old ones, with `day`.
        price: Of that session.
    """

    symbol: str
    day: date | None = None
    split: tuple[int, int] | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The closes that may be used, by day, and everything found on the way."""

    good: tuple[Close, ...]
    findings: tuple[Finding, ...]


def judge(
    wanted: Wanted,
    source: str,
    closes: Sequence[Close],
    limits: PriceLimits,
    *,
    as_of: date,
    before: Close | None = None,
    known: Sequence[Close] = (),
    is_session: Callable[[date], bool] | None = None,
) -> Judgement:
    """Judge one source's answer.

    Refused: no close at all, a price that is not above zero, another currency than the
    instrument's, a day in the future, a move of more than `max_jump` from the close before without
    a split that explains it. A newest close older than the source's age limit is flagged: it is
    good for history and alerts, and `is_stale` says so to whoever would trade on it.

    A second close that confirms the new level lets the first one stand: what stays at its new level
    is a move, what returns is a slip. The very newest has no successor and is refused. Nothing confirms a
    price of half or double or beyond: a wrong row stands two days running as easily as one, so such a close
    waits for a split or for its owner's word, and the text proposes what it looks like.

    A close of a day that was judged good before is held against that one too, and every other against the
    last good one before it: a correction is a claim as any other.

    Args:
        wanted: What was asked for.
        source: Name of the source.
        closes: In any order.
        limits: The owner's.
        as_of: Today.
        before: The newest good close known from earlier, None when there is none.
        known: All of those, of one day the one judged last first, where more than the newest is at hand.
        is_session: Says whether the instrument's exchange has a session on a day; None where it has none.
    """
    held: dict[date, Close] = {}
    for one in known:
        held.setdefault(one.day, one)
    if before is not None:
        held.setdefault(before.day, before)
    findings: list[Finding] = []

    def found(
        code: str,
        text: str,
        day: date | None = None,
        *,
        refused: bool = True,
        like: tuple[Close, Close] | None = None,
    ) -> None:
        split = None if like is None or not refused else _split_of(*like)
        price = like[1].price if like is not None and split is not None else None
        findings.append(
            Finding(code, wanted.symbol, source, f"{wanted.symbol}: {text}", refused, day, split, price)
        )

    usable: list[Close] = []
    for close in sorted(closes, key=lambda c: c.day):
        if not close.price.is_finite() or close.price <= ZERO:
            found(
                "price-not-positive",
                say("{price} on {day} is no price", price=close.price, day=close.day),
                close.day,
            )
        elif close.currency not in (None, wanted.currency):
            found(
                "price-currency",
                say(
                    "{source} answers in {currency}, the instrument is quoted in {wanted_currency}",
                    source=source,
                    currency=close.currency,
                    wanted_currency=wanted.currency,
                ),
                close.day,
            )
        elif close.day > as_of:
            found("price-future", say("{day} lies after {as_of}", day=close.day, as_of=as_of), close.day)
        elif is_session is not None and not is_session(close.day):
            found(
                "price-no-session",
                say(
                    "{day} is not a session of {exchange}; date the close of the session it is of",
                    day=close.day,
                    exchange=wanted.exchange,
                ),
                close.day,
            )
        else:
            usable.append(close)
    if not closes:
        found("price-empty", say("{source} has no price", source=source))
    good: list[Close] = []
    for index, close in enumerate(usable):
        there = held.get(close.day)
        if there is not None and _jumps(there, _restated(close, usable), limits.max_jump):
            text = say(
                "{price} on {day} where {before} was good before{looks}",
                price=plain(close.price),
                day=close.day,
                before=plain(there.price),
                looks=_looks_like(wanted.symbol, there, close),
            )
            found("price-jump", text, close.day, like=(there, close))
            continue
        last = max((day for day in held if day < close.day), default=None)
        earlier, seen = None if last is None else held[last], _restated(close, usable)
        if good and (earlier is None or good[-1].day >= earlier.day):
            earlier, seen = good[-1], close
        if earlier is None or not _jumps(earlier, seen, limits.max_jump):
            good.append(close)
            continue
        after = usable[index + 1] if index + 1 < len(usable) else None
        move = EXACT.divide(close.price, earlier.price) - ONE
        text = say(
            "{move} % from {before} on {earlier} to {price} on {day} without a split{looks}",
            move=_percent(move),
            before=plain(earlier.price),
            earlier=earlier.day,
            price=plain(close.price),
            day=close.day,
            looks=_looks_like(wanted.symbol, earlier, close),
        )
        stays = after is not None and not _jumps(close, after, limits.max_jump)
        stays = stays and HALF < EXACT.divide(close.price, earlier.price) < DOUBLE
        found("price-jump", text, close.day, refused=not stays, like=(earlier, close))
        if stays:
            good.append(close)
    if good and is_stale(good[-1], source, limits, as_of):
        days = (as_of - good[-1].day).days
        text = say(
            "the newest close of {source} is dated {day}, {days} days old; the limit is {limit}",
            source=source,
            day=good[-1].day,
            days=days,
            limit=limits.age(source),
        )
        found("price-stale", text, good[-1].day, refused=False)
    return Judgement(tuple(good), tuple(findings))


def unsplit(closes: Sequence[Close]) -> list[tuple[date, Decimal]]:
    """Return closes by day with splits taken out of those before, the first of a day where there are several.

    Some sources restate what was before a split and some do not: it is taken out where the close before does
    not fit without.
    """
    kept: dict[date, Close] = {}
    for close in closes:
        kept.setdefault(close.day, close)
    days = sorted(kept, reverse=True)
    found, factor = [], ONE
    for n, day in enumerate(days):
        close = kept[day]
        found.append((day, EXACT.divide(close.price, factor)))
        if close.split == ONE or n + 1 == len(days):
            continue
        ratio = EXACT.divide(kept[days[n + 1]].price, close.price)
        plain, split = (abs(EXACT.subtract(EXACT.divide(ratio, r), ONE)) for r in (ONE, close.split))
        if split < plain:
            factor = EXACT.multiply(factor, close.split)
    return found[::-1]


def is_stale(close: Close, source: str, limits: PriceLimits, as_of: date) -> bool:
    """Say whether a close is older than its source's limit; exactly as old is not."""
    return (as_of - close.day).days > limits.age(source)


def disagreement(
    symbol: str, first: tuple[str, Close], second: tuple[str, Close], limits: PriceLimits
) -> Finding | None:
    """Return what is found when two sources give different closes for one day, None when they agree."""
    (name, one), (other, two) = first, second
    if one.day != two.day or min(one.price, two.price) <= ZERO:
        return None
    apart = EXACT.divide(abs(one.price - two.price), min(one.price, two.price))
    if apart <= limits.disagreement:
        return None
    text = say(
        "{symbol}: {name} says {price} and {other} {second} on {day}, {apart} % apart",
        symbol=symbol,
        name=name,
        price=plain(one.price),
        other=other,
        second=plain(two.price),
        day=one.day,
        apart=_percent(apart),
    )
    return Finding("price-disagree", symbol, name, text, True, one.day)


def _restated(close: Close, answer: Sequence[Close]) -> Close:
    """Return a close with the splits of its day and after it, which its source may have taken out already."""
    split = close.split
    for later in answer:
        if later.day > close.day:
            split = EXACT.multiply(split, later.split)
    return replace(close, split=split)


def _jumps(earlier: Close, later: Close, most: Decimal) -> bool:
    """Say whether the price moved too far, both as given and with the split of the later day taken out.

    Some sources restate the closes before a split, some do not, and a close kept from before the split
    never is: either reading that makes the move small explains it.
    """
    allowed = EXACT.multiply(most, earlier.price)
    readings = (later.price, EXACT.multiply(later.price, later.split))
    return all(abs(EXACT.subtract(price, earlier.price)) > allowed for price in readings)


def slip(symbol: str, earlier: Close, typed: Close) -> str:
    """Return why a typed price may be a slip: it is ten times the last one or more, or a tenth; else "".

    An owner's word is how a true move gets in, and no fund moves so much but by a split, which is recorded.
    """
    ratio = EXACT.divide(typed.price, earlier.price)
    if ratio < TEN and EXACT.multiply(ratio, TEN) > ONE:
        return ""
    return say(
        "{price} for {symbol} where {before} was good on {day}{looks}",
        price=plain(typed.price),
        symbol=symbol,
        before=plain(earlier.price),
        day=earlier.day,
        looks=_looks_like(symbol, earlier, typed),
    )


def _looks_like(symbol: str, earlier: Close, later: Close) -> str:
    """Return what a jump looks like and the line that says so, empty where it looks like nothing."""
    ratio = EXACT.divide(later.price, earlier.price)
    for factor in (HUNDRED, EXACT.divide(ONE, HUNDRED)):
        if _near(ratio, factor):
            return say(
                "; it looks a hundredfold off, as pence for pounds: {price} would fit",
                price=plain(EXACT.divide(later.price, factor)),
            )
    split = _split_of(earlier, later)
    if split is None:
        return ""
    return say(
        "; it looks like a split of {new} for {old}: if so, run: steelyard record date={day}"
        " type=split symbol={symbol} shares={new}/{old}; if not: steelyard prices set {symbol} {price}",
        new=split[0],
        old=split[1],
        day=later.day,
        symbol=symbol,
        price=plain(later.price),
    )


def _split_of(earlier: Close, later: Close) -> tuple[int, int] | None:
    """Return new shares and old ones of the split that a jump looks like, None where it looks like none."""
    ratio = EXACT.divide(later.price, earlier.price)
    return next(
        (split for split in SPLITS if _near(ratio, EXACT.divide(Decimal(split[1]), Decimal(split[0])))), None
    )


def _near(ratio: Decimal, factor: Decimal) -> bool:
    return abs(EXACT.subtract(EXACT.divide(ratio, factor), ONE)) <= NEAR


def _percent(fraction: Decimal) -> str:
    return str(fraction.scaleb(2, EXACT).quantize(Decimal("0.1"), context=EXACT))
