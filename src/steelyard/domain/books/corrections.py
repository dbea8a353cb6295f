"""Recorded days put right: what the journal says of a day now, at the prices of then.

A deposit entered after the day's run, a split that a price knew before the journal did: the value that was
recorded is of shares and money that were not those of the day. Prices and rates stay what they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.books.holdings import cash_moves, count
from steelyard.domain.books.ledger import Entry, in_order
from steelyard.domain.books.valuations import DayContent, DayValue
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.records import dataclass, replace

RateOn = Callable[[str, date], Decimal | None]
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A recorded day as it is known now, and its total as it was recorded."""

    value: DayValue
    recorded: Decimal

    @property
    def changed(self) -> bool:
        """Whether the two differ."""
        return self.value.total != self.recorded


def corrected(days: Sequence[DayValue], entries: Iterable[Entry], rate_on: RateOn) -> tuple[Corrected, ...]:
    """Return recorded days with the shares and the money that entries say their accounts held.

    A day of which nobody knows what it rests on stays as it is, and so do drift and whether it was due: that
    is what its owner was told.

    Args:
        days: Oldest first.
        entries: Those that count now.
        rate_on: Of currencies that the day had no rate for; what has none there either is left out.
    """
    shares: dict[_Key, Decimal] = {}
    cash: dict[_Key, Decimal] = {}
    actions: list[Entry] = []
    line = in_order(entries)
    place = 0
    found = []
    for day in days:
        while place < len(line) and line[place].traded_on <= day.day:
            entry = line[place]
            count(shares, entry)
            for currency, amount in cash_moves(entry):
                key = (entry.account, currency)
                cash[key] = EXACT.add(cash.get(key, ZERO), amount)
            if entry.kind in ("split", "merger"):
                actions.append(entry)
            place += 1
        found.append(Corrected(_put_right(day, shares, cash, actions, rate_on), day.total))
    return tuple(found)


def _put_right(
    day: DayValue,
    shares: Mapping[_Key, Decimal],
    cash: Mapping[_Key, Decimal],
    actions: Sequence[Entry],
    rate_on: RateOn,
) -> DayValue:
    content = day.content
    if content is None:
        return day
    worth, money = ZERO, ZERO
    for (account, currency), more in _changes(content.accounts, content.cash, cash):
        del account
        rate = ONE if currency == day.currency else content.rates.get(currency) or rate_on(currency, day.day)
        money = EXACT.add(money, EXACT.multiply(more, rate or ZERO))
    for key in {k for k in (*shares, *content.shares) if k[0] in content.accounts}:
        then, now = content.shares.get(key, ZERO), shares.get(key, ZERO)
        known = content.prices.get(key[1], (ZERO, None))[0]
        price = _price(content, key[1], day.day, actions)
        change = EXACT.subtract(EXACT.multiply(now, price), EXACT.multiply(then, known))
        worth = EXACT.add(worth, change)
    if not worth and not money:
        return day
    total = EXACT.add(day.total, EXACT.add(worth, money))
    return replace(day, total=total, cash=EXACT.add(day.cash, money))


def _changes(
    accounts: frozenset[str], then: Mapping[_Key, Decimal], now: Mapping[_Key, Decimal]
) -> Iterable[tuple[_Key, Decimal]]:
    for key in sorted({k for k in (*then, *now) if k[0] in accounts}):
        change = EXACT.subtract(now.get(key, ZERO), then.get(key, ZERO))
        if change:
            yield key, change


def _price(content: DayContent, symbol: str, day: date, actions: Sequence[Entry]) -> Decimal:
    """Return what one share of the day was worth: a price from before a split is of another share.

    What a merger gave had no price yet: it is worth what went into it.
    """
    if symbol not in content.prices:
        came = next((e for e in actions if e.kind == "merger" and e.other == symbol), None)
        if came is None or came.symbol not in content.prices:
            return ZERO
        before = _price(content, came.symbol, day, [e for e in actions if e.symbol != came.symbol])
        return EXACT.divide(before, came.ratio)
    price, priced_on = content.prices[symbol]
    # The same split is written once an account that holds the fund.
    ratios = {
        e.traded_on: e.ratio
        for e in actions
        if e.kind == "split" and e.symbol == symbol and (priced_on or day) < e.traded_on <= day
    }
    for ratio in ratios.values():
        price = EXACT.divide(price, ratio)
    return price
