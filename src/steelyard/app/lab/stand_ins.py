"""What stands for a class where the lab needs one fund."""

from __future__ import annotations

from collections.abc import Mapping

from steelyard.words import say


def stand_ins(stands: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a backtest takes in place of classes."""
    return tuple(
        say("{symbol} stands for the class {name}: the first fund to buy", symbol=symbol, name=name)
        for name, symbol in stands.items()
    )
