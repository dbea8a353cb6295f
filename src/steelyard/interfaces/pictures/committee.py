"""A committee's picture: what all accounts would do with the models they have, and with others."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.errors import unwritable
from steelyard.interfaces.amounts import short
from steelyard.interfaces.language import current, tell
from steelyard.interfaces.pictures import figures
from steelyard.words import Text, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steelyard.app.batch.what_if import WhatIf

_WIDTH = 9.0
_FILLS = ("#ffffff", "#0072B2")
"""Hollow is what is, filled what would be."""


def write_what_if(path: Path, told: WhatIf) -> None:
    """Write the picture as PNG: a chart a measure, each on its own scale, both models in it.

    Raises:
        InputError: It cannot be written.
    """
    with figures.style():
        figure, places = figures.sheet(_WIDTH, [1.05] * len(_rows(told)))
        for axes, (name, values, written) in zip(places, _rows(told), strict=True):
            _draw(axes, tell(name), values, written)
        figure.suptitle(tell(headline(told)), x=0.01, ha="left", fontsize=12, fontweight="bold")
        drawn = figures.png(figure)
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise unwritable(path, error) from None


def headline(told: WhatIf) -> Text:
    """Return the verdict in a sentence: who trades, what that costs, how near it ends."""
    now, other = told.now, told.other
    facts = {
        "before": now.trading,
        "after": other.trading,
        "cost": short(now.costs, told.base_currency, current().code),
        "then": short(other.costs, told.base_currency, current().code),
    }
    points = abs(other.misplaced_after - now.misplaced_after) * 100
    ends = say("as near")
    if points:
        nearer = other.misplaced_after < now.misplaced_after
        ends = (
            say("{points:.2f} points nearer", points=points)
            if nearer
            else say("{points:.2f} points farther", points=points)
        )
    return say(
        "{after:,} accounts trade instead of {before:,}, for {then} instead of {cost}: {ends}",
        ends=ends,
        **facts,
    )


def _rows(told: WhatIf) -> list[tuple[Text, tuple[float, float], Callable[[float], str]]]:
    def money(value: float) -> str:
        return short(Decimal(str(value)), told.base_currency, current().code)

    def counted(value: float) -> str:
        return f"{value:,.0f}"

    def share(value: float) -> str:
        return f"{value:.2%}"

    def both(name: str) -> tuple[float, float]:
        return float(getattr(told.now, name)), float(getattr(told.other, name))

    return [
        (say("accounts that trade"), both("trading"), counted),
        (say("trades"), both("trades"), counted),
        (say("amount traded"), both("turnover"), money),
        (say("costs"), both("costs"), money),
        (say("misplaced after, mean"), both("misplaced_after"), share),
    ]


def _draw(axes: Axes, title: str, values: tuple[float, float], written: Callable[[float], str]) -> None:
    most = max(*values, 0.0) or 1.0
    for place, (value, fill) in enumerate(zip(values, _FILLS, strict=True)):
        axes.barh(place, value, height=0.62, color=fill, edgecolor="#000000", linewidth=0.9)
        axes.text(value + 0.01 * most, place, written(value), va="center", fontsize=9)
    axes.set_yticks([0, 1], [tell(say("now")), tell(say("other models"))])
    axes.invert_yaxis()
    axes.set_xlim(0.0, most * 1.15)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)
    axes.set_title(title)
