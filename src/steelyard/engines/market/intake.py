"""Prices from memory, looked at and copied: by kernels once this process has them, else by whole arrays."""

from __future__ import annotations

from steelyard.engines.arrays import Floats, Ints
from steelyard.engines.loading import Kernels

_KERNELS = Kernels("steelyard.engines.market.intake_kernel")


def take(
    stamps: Ints, ticks_a_day: int, epoch: int, values: Floats, highest: float, days: Ints, closes: Floats
) -> bool:
    """See `intake_kernel.take`."""
    kernels = _KERNELS.at_hand()
    if kernels is not None:
        clean: bool = kernels.take(stamps, ticks_a_day, epoch, values, highest, days, closes)
        return clean
    days[:] = stamps // ticks_a_day + epoch
    closes[:] = values
    rising = days[0] > 0 and (days[1:] > days[:-1]).all()
    return bool(rising and ((values > 0.0) & (values < highest)).all())


def take_columns(
    stamps: Ints,
    ticks_a_day: int,
    epoch: int,
    columns: Floats,
    highest: float,
    level: float,
    days: Ints,
    closes: Floats,
) -> tuple[bool, bool]:
    """See `intake_kernel.take_columns`."""
    kernels = _KERNELS.at_hand()
    if kernels is not None:
        found: tuple[bool, bool] = kernels.take_columns(
            stamps, ticks_a_day, epoch, columns, highest, level, days, closes
        )
        return found
    clean = take(stamps, ticks_a_day, epoch, columns.T, highest, days, closes)
    return clean, clean and is_usual(days, closes, level)


def is_usual(days: Ints, closes: Floats, level: float) -> bool:
    """See `intake_kernel.is_usual`."""
    kernels = _KERNELS.at_hand()
    if kernels is not None:
        usual: bool = kernels.is_usual(days, closes, level)
        return usual
    before, after = closes[:-1], closes[1:]
    moves = ((after < before * level) & (after * level > before)).all()
    return bool(moves and ((days - 1) % 7 < 5).all())
