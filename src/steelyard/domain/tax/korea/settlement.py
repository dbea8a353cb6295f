"""When the money of a trade is settled in Korea, which decides the tax year.

A sale in New York on the last days of December may belong to the next year. The last trade day is shown
from a table of announced days; a day that only follows from the rule is marked as such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from steelyard.domain.tax.backtest import IsSession
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

_LONGEST_CLOSURE_DAYS = 40
_DAY = timedelta(days=1)
MARKETS = {"USD": "XNYS", "KRW": "XNYS", "": "XNYS", "JPY": "XTKS", "HKD": "XHKG"}
"""Currency to the exchange abroad; won are what a trade in the United States was booked in by the owner."""


@dataclass(frozen=True, slots=True)
class LastTradeDay:
    """The last day on which a US trade still settles in a Korean tax year.

    Attributes:
        confirmed: False when it only follows from the settlement rule and nobody announced it.
    """

    year: int
    day: date
    settles_on: date
    confirmed: bool
    source: str


def is_korean_business_day(day: date, is_session: IsSession) -> bool:
    """Say whether Korean banks are open.

    They are on every weekday on which the exchange trades, and on the exchange's year-end closing day,
    which falls on 29, 30 or 31 December and is no public holiday.
    """
    return day.weekday() < 5 and (is_session("XKRX", day) or (day.month == 12 and day.day >= 29))


def settlement_days(data: Mapping[str, Any], exchange: str, traded_on: date) -> int:
    """Return how many sessions after the trade an exchange settles.

    Raises:
        InputError: The date is before the table begins (`settlement-unknown`).
    """
    days = None
    for row in sorted(data["settlement_cycles"], key=lambda r: str(r["from"])):
        if row["exchange"] == exchange and date.fromisoformat(row["from"]) <= traded_on:
            days = int(row["days"])
    if days is None:
        raise InputError(
            "settlement-unknown",
            say(
                "no settlement cycle of {exchange} is on record for a trade on {traded_on}",
                exchange=exchange,
                traded_on=traded_on,
            ),
            say("enter what was held at the end of that year as transfer_in with its original cost"),
        )
    return days


def market_of(tax_class: str, currency: str) -> str:
    """Return the exchange whose days settle a trade: the currency says it of what is listed abroad.

    Raises:
        InputError: No calendar of the currency's market is on record (`settlement-unknown`).
    """
    if tax_class != "overseas_listed":
        return "XKRX"
    found = MARKETS.get(currency)
    if found is None:
        raise InputError(
            "settlement-unknown",
            say("no calendar of the market that trades in {currency} is on record", currency=currency),
            say(
                "settlement decides the year, so nothing is guessed: only markets in {currencies} are known",
                currencies=", ".join(sorted(c for c in MARKETS if c)),
            ),
        )
    return found


def settles_on(
    traded_on: date, tax_class: str, is_session: IsSession, data: Mapping[str, Any], currency: str = "USD"
) -> date:
    """Return the Korean settlement date of a trade.

    A KRX trade settles two sessions later. A US trade settles there one session later (two before
    2024-05-28) and in Korea on the next Korean business day after that. One in Tokyo or Hong Kong settles two
    sessions later there, in Korea on the same day if banks are open, else on the next one on which they are.

    Args:
        traded_on: Trade date at the exchange.
        tax_class: The Korean class; only `overseas_listed` trades abroad.
        is_session: Trading sessions of the exchanges.
        data: The Korean data file.
        currency: Of the trade; that of an overseas one tells its market.

    Source: rule kr.overseas-settlement.
    """
    exchange = market_of(tax_class, currency)
    day = traded_on
    for _ in range(settlement_days(data, exchange, traded_on)):
        day = _next(day, lambda d: is_session(exchange, d))
    if exchange == "XNYS":
        return _next(day, lambda d: is_korean_business_day(d, is_session))
    if exchange != "XKRX" and not is_korean_business_day(day, is_session):
        return _next(day, lambda d: is_korean_business_day(d, is_session))
    return day


def _next(day: date, is_open: Callable[[date], bool]) -> date:
    for step in range(1, _LONGEST_CLOSURE_DAYS):
        if is_open(day + step * _DAY):
            return day + step * _DAY
    raise InputError(
        "settlement-unknown",
        say(
            "no open day was found within {longest_closure_days} days after {day}",
            longest_closure_days=_LONGEST_CLOSURE_DAYS,
            day=day,
        ),
        say("check the calendar's closures"),
    )


def last_trade_day(year: int, is_session: IsSession, data: Mapping[str, Any]) -> LastTradeDay:
    """Return the last day to trade overseas-listed ETFs for a tax year.

    From the table where it has the year; otherwise computed by the settlement rule and not confirmed.
    """
    for row in data["last_trade_days"]:
        if row["year"] == year:
            return LastTradeDay(
                year,
                date.fromisoformat(row["day"]),
                date.fromisoformat(row["settles_on"]),
                bool(row["confirmed"]),
                row["source"],
            )
    day = date(year, 12, 31)
    while not (is_session("XNYS", day) and settles_on(day, "overseas_listed", is_session, data).year == year):
        day -= _DAY
    settled = settles_on(day, "overseas_listed", is_session, data)
    return LastTradeDay(year, day, settled, False, say("computed by the settlement rule"))
