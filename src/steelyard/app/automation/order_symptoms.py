"""What `doctor` says of orders: the record they stand in, those nobody heard of, and the limits that hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from steelyard.app.automation.doctor import Symptom
from steelyard.app.trading.sync import verify
from steelyard.domain.money import EXACT, plain
from steelyard.domain.trading.guardrails import OrderLimits
from steelyard.ports.trading import OrderBook
from steelyard.words import join, say


def record(book: OrderBook) -> tuple[Symptom, ...]:
    """Say whether the audit record is whole; nothing where nothing was ever recorded."""
    broken = verify(book)
    if broken is not None:
        text = say("the audit record is broken at link {number}: {why}", number=broken.number, why=broken.why)
        hint = say("see `steelyard audit verify`; nothing is sent while it is so")
        return (Symptom("orders", "bad", text, hint),)
    if why := book.halted():
        text = say("everything is halted: {why}", why=why)
        return (Symptom("orders", "warning", text, say("run `steelyard resume`")),)
    count = book.head()[0]
    return (Symptom("orders", "good", say("the audit record is whole: {links} links", links=count)),)


def orders_unknown(left: Sequence[str]) -> tuple[Symptom, ...]:
    """Return a symptom for each order whose fate nobody knows, each as one line."""
    hint = say("check the broker's own page; `steelyard orders watch` asks again")
    return tuple(Symptom("orders", "warning", line, hint) for line in left)


def limits(allowed: OrderLimits) -> tuple[Symptom, ...]:
    """Return the limits that hold, and which of them the owner took away."""
    holds: list[str] = []
    if most := _most(allowed):
        holds.append(say("an order at most {most}", most=most))
    if allowed.max_turnover is not None:
        holds.append(say("a day at most {part} of the portfolio", part=_percent(allowed.max_turnover)))
    if allowed.collar is not None:
        holds.append(say("a limit at most {part} off", part=_percent(allowed.collar)))
    if allowed.max_price_age_hours is not None:
        holds.append(say("prices of {hours} hours at most", hours=allowed.max_price_age_hours))
    text = join("; ", holds) if holds else say("none")
    if len(holds) == _ALL:
        return (Symptom("limits", "good", text),)
    hint = say('a limit is off: remove its "none" under [limits] of execution.toml')
    return (Symptom("limits", "warning", text, hint),)


_ALL = 4
"""How many limits are on by default."""


def _percent(part: Decimal) -> str:
    return f"{plain(EXACT.multiply(part, Decimal(100)))} %"


def _most(allowed: OrderLimits) -> str:
    if allowed.max_order is not None:
        return plain(allowed.max_order)
    return _percent(allowed.max_order_part) if allowed.max_order_part is not None else ""


def stuck(since: datetime) -> tuple[Symptom, ...]:
    """Return the symptom of a run that does not end."""
    text = say("a run has been going on since {since:%Y-%m-%d %H:%M} UTC", since=since)
    return (Symptom("last run", "bad", text, say("end that process; the next run does its work")),)
