"""Closes as the text in which a source keeps its answer when it gets no text of its own from anybody."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from steelyard.domain.market.prices import Close


def written(closes: Iterable[Close]) -> str:
    """Return rows of day, price, currency and split, every number as it is."""
    return json.dumps([[c.day.isoformat(), str(c.price), c.currency, str(c.split)] for c in closes])


def read(text: str) -> tuple[Close, ...]:
    """Return the closes in rows of `written`."""
    rows = json.loads(text)
    return tuple(
        Close(date.fromisoformat(day), Decimal(price), currency, Decimal(split))
        for day, price, currency, split in rows
    )
