"""Closes of a file or a frame that cannot be right, and moves that their owner should look at.

A close that is ten times its neighbours or a tenth of them, which agree with each other, is a slip: a zero
too many, pence for pounds. One that goes to a new level and stays there may be a split that the closes before
do not know, or true: it is said, and taken as it is.
"""

from __future__ import annotations

import numpy as np

from steelyard.domain.market.prices import SPLITS
from steelyard.engines.market.intake import is_usual
from steelyard.engines.market.price_history import PriceHistory, day_numbers
from steelyard.errors import PortfolioProblems, Problem
from steelyard.records import replace
from steelyard.words import say

FAR, LEVEL = 10.0, 1.9
"""Times a price: no fund moves so far and comes back the next day, and hardly one so far but by a split."""
_NEAR = 0.05
"""How far a ratio may be from a whole one, the day's own move, to look like it."""
MOST = 20


def judged(history: PriceHistory) -> PriceHistory:
    """Return closes with what their owner should look at among what was mended.

    Raises:
        PortfolioProblems: Closes that cannot be right, each with its day and what would fit (`price-jump`).
    """
    if is_usual(day_numbers(history.dates), history.prices, LEVEL):
        return history
    prices = history.prices
    moves = prices[1:] / prices[:-1]
    rows, columns = np.nonzero((moves >= LEVEL) | (moves <= 1 / LEVEL))
    problems, notes, back = [], [], set()
    for row, column in sorted(zip(rows.tolist(), columns.tolist(), strict=True)):
        if (row, column) in back:
            continue
        before, price = float(prices[row, column]), float(prices[row + 1, column])
        after = float(prices[row + 2, column]) if row + 2 < len(prices) else price
        symbol, day = history.symbols[column], history.dates[row + 1]
        if not 1 / FAR < price / before < FAR and 1 / LEVEL < after / before < LEVEL:
            back.add((row + 1, column))
            problems.append(_slip(history.source, symbol, f"{day}", before, price, after))
        else:
            notes.append(_move(symbol, f"{day}", before, price))
    if problems:
        raise PortfolioProblems(tuple(problems[:MOST]))
    return replace(history, mended=(*history.mended, *notes[:MOST]))


def _move(symbol: str, day: str, before: float, price: float) -> str:
    """Say what a move that stays may be, and what would take it out."""
    facts = {"symbol": symbol, "one": before, "other": price, "day": day}
    split = next((s for s in SPLITS if abs(price / before * s[0] / s[1] - 1.0) <= _NEAR), None)
    hundred = next((f for f in (100.0, 0.01) if abs(price / before / f - 1.0) <= _NEAR), None)
    if hundred is not None:
        return say(
            "{symbol} goes from {one:g} to {other:g} on {day}, as from pounds to pence or back: "
            "write all in one of them",
            **facts,
        )
    if split is not None:
        return say(
            "{symbol} goes from {one:g} to {other:g} on {day}, as at a split of {new} for {old}: if it is "
            "one, divide the closes before by {factor:g}",
            new=split[0],
            old=split[1],
            factor=split[0] / split[1],
            **facts,
        )
    return say(
        "{symbol} goes from {one:g} to {other:g} on {day}: if that is a split, take it out"
        " of the closes before",
        **facts,
    )


def _slip(source: str, symbol: str, day: str, before: float, price: float, after: float) -> Problem:
    text = say(
        "{symbol} is {price:g} on {day} between {one:g} and {after:g}",
        symbol=symbol,
        price=price,
        day=day,
        one=before,
        after=after,
    )
    hint = say("correct it, or leave it blank where there was no trading")
    hundred = next((f for f in (100.0, 0.01) if 0.7 < price / before / f < 1.4), None)
    if hundred is not None:
        hint = say("it looks a hundredfold off, as pence for pounds: write {fits:g}", fits=price / hundred)
    return Problem("price-jump", text, hint, source)
