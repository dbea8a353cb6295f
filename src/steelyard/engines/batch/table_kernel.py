"""The columns of the account kernel's tables, and numbers of some decimals as it brings them to ticks."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.batch.wide_kernel import (
    wide_shifted,
)
from steelyard.engines.compilation import inner

LEFT, IN_BAND, PLANNED = range(3)
"""How an account ended; LEFT has no answer here."""
NO_RULE, THRESHOLD, RELATIVE, INTERVAL, CALENDAR, COOLDOWN, FLOW = range(7)
"""Why it is due, or is not although it drifts."""
KIND_CALENDAR, KIND_THRESHOLD, KIND_HYBRID, KIND_HOLD = range(4)
UNKNOWN = -(1 << 62)
"""A day, or a number of the tables, that is not there or does not fit: its account is LEFT."""

# Columns of a model's line.
L_SYMBOL, L_WEIGHT, L_PRICE, L_PLACES, L_BAND, L_RULE, L_RANK = range(7)
LINE_COLUMNS = 7
# Columns of a model.
M_START, M_PLACES, M_KIND, M_LOOK, M_INTERVAL, M_COOLDOWN, M_PRICED, M_LEFT = range(8)
MODEL_COLUMNS = 8
# The whole run: the commission over ten to its decimals, and the same fraction in lowest terms.
R_DAY, R_RATE, R_UNIT_PLACES, R_FLOOR, R_FLOOR_PLACES, R_NODES, R_SHORT_RATE, R_SHORT_UNIT = range(8)
# Columns of an account's own settings.
A_MODEL, A_FLOW, A_RESERVE, A_LEAST, A_CAN_SELL, A_CAN_BUY, A_LAST, A_LEFT = range(8)
ACCOUNT_COLUMNS = 8
# Wide results of an account, all in units of 1e-12.
TOTAL, BEFORE, AFTER, OBJECTIVE, COSTS, CASH_AFTER = range(6)
RESULTS = 6
# Wide results of a trade.
T_SHARES, T_AMOUNT, T_COST = range(3)

PLACES = 12
"""Decimals of every result."""
GUARD = 6  # More decimals that a sum of quotients is reckoned with, before it is rounded.
MOST_PLACES = 11
"""Finest tick; a finer one is LEFT, and so are amounts and weights that do not fit beside it."""
MOST = 2.0**59
"""Of any number here: twice it still fits 63 bits."""
MOST_STEPS = 500_000_000
"""See `app.planning.coarse_steps`: beyond, shares are planned many at a time."""


@inner
def power_of_ten(places):
    """Return 10**places, places >= 0."""
    result = 1
    for _ in range(places):
        result *= 10
    return result


@inner
def shortened(number, places):
    """Return a number without its trailing zeros, and the decimals that are left."""
    if number == 0:
        return number, 0
    while places > 0 and number % 10 == 0:
        number, places = number // 10, places - 1
    return number, places


@inner
def scaled(number, places, finest):
    """Return a number of some decimals in ticks of `finest` decimals, UNKNOWN where that does not fit."""
    factor = power_of_ten(finest - places)
    if abs(float(number)) * float(factor) >= MOST:
        return UNKNOWN
    return number * factor


@inner
def common_divisor(a, b):
    """Return the greatest common divisor of two whole numbers."""
    while b:
        a, b = b, a % b
    return a


@inner
def put(results, row, column, high, low):
    """Write a wide number as Arrow's decimal128 lies."""
    results[row, column, 0], results[row, column, 1] = low, high


@inner
def put_money(results, row, column, number, places):
    """Write an amount of some decimals, half to even where they are too many; say whether it fits."""
    high, low, fits = wide_shifted(np.uint64(0), np.uint64(number), places - PLACES)
    put(results, row, column, high, low)
    return fits
