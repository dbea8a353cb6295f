"""Whether every account's money and shares add up, before, traded and after, to the last digit."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.batch.wide_kernel import wide_product, wide_times
from steelyard.engines.compilation import compiled, inner

_NONE, _ONE = np.uint64(0), np.uint64(1)
_PLACES = 12
_MOST = 2.0**62


@inner
def _less(high, low, more_high, more_low):
    """Return a number of 128 bits less another, wrapping as two's complement does."""
    return high - more_high - (_ONE if low < more_low else _NONE), low - more_low


@inner
def _more(high, low, more_high, more_low):
    total = low + more_low
    return high + more_high + (_ONE if total < low else _NONE), total


@inner
def _wide(number, factor, places):
    """Return a number >= 0 times a factor, in units of 1e-12, and whether it could be said."""
    if places > _PLACES:
        return _NONE, _NONE, False
    high, low = wide_product(number, factor)
    fits = True
    for _ in range(_PLACES - places):
        high, low, here = wide_times(high, low, 10)
        fits = fits and here
    return high, low, fits


@compiled
def balance(
    flows, flow_places, cash_starts, currencies, amounts, cash_places, rates, rate_places,
    starts, buys, traded, trade_costs, costs, after, exact, wrong,
):  # fmt: skip
    """Fill which accounts do not balance: cash and cash flow, less purchases, sales and costs, is cash after.

    Args:
        flows: (A,) int64 with `flow_places` decimals.
        cash_starts: (A + 1,) int64, where the cash of an account starts among currencies and amounts.
        currencies, amounts: Cash; amounts have `cash_places` decimals. What is below zero is not known: that
            account is left out.
        rates, rate_places: By currency, int64.
        starts: (A + 1,) int64, where the trades of an account start.
        buys: (K,) bool.
        traded, trade_costs: (K, 2) uint64, low and high half in units of 1e-12.
        costs, after: (A, 2) uint64, the same of an account.
        exact: Costs are those of the trades alone.
        wrong: (A,) bool, filled.
    """
    for k in range(flows.shape[0]):
        wrong[k] = False
        high, low, known = _wide(abs(flows[k]), 1, flow_places)
        if flows[k] < 0:
            high, low = _less(_NONE, _NONE, high, low)
        for c in range(cash_starts[k], cash_starts[k + 1]):
            if currencies[c] < 0 or amounts[c] < 0:
                known = False
                break
            places = cash_places + rate_places[currencies[c]] if amounts[c] else 0
            a, b, said = _wide(amounts[c], rates[currencies[c]], places)
            known = known and said
            high, low = _more(high, low, a, b)
        paid_high, paid_low = _NONE, _NONE
        for t in range(starts[k], starts[k + 1]):
            if buys[t]:
                high, low = _less(high, low, traded[t, 1], traded[t, 0])
            else:
                high, low = _more(high, low, traded[t, 1], traded[t, 0])
            paid_high, paid_low = _more(paid_high, paid_low, trade_costs[t, 1], trade_costs[t, 0])
        high, low = _less(high, low, costs[k, 1], costs[k, 0])
        if not known:
            continue
        wrong[k] = high != after[k, 1] or low != after[k, 0]
        if exact and (paid_high != costs[k, 1] or paid_low != costs[k, 0]):
            wrong[k] = True


@compiled
def oversold(held_starts, held_symbols, held, held_places, starts, symbols, buys, shares, wrong):
    """Fill which accounts sell more of a symbol than they hold, or sell it in two trades.

    Args:
        held_starts: (A + 1,) int64, where the positions of an account start.
        held_symbols, held: (H,) numbers of symbols, and shares with `held_places` decimals; one below zero is
            not known and passes.
        starts: (A + 1,) int64, where the trades of an account start.
        symbols, buys: (K,) numbers of symbols, -1 for one without, which passes; bool.
        shares: (K, 2) uint64 in units of 1e-12.
        wrong: (A,) bool, filled.
    """
    for k in range(wrong.shape[0]):
        wrong[k] = False
        for t in range(starts[k], starts[k + 1]):
            if symbols[t] < 0:
                continue
            for other in range(starts[k], t):
                wrong[k] = wrong[k] or symbols[other] == symbols[t]
            if buys[t]:
                continue
            enough = False
            for p in range(held_starts[k], held_starts[k + 1]):
                if held_symbols[p] != symbols[t]:
                    continue
                if held[p] < 0:
                    enough = True
                    break
                high, low, said = _wide(held[p], 1, held_places)
                more = shares[t, 1] < high or (shares[t, 1] == high and shares[t, 0] <= low)
                enough = enough or more or not said
            wrong[k] = wrong[k] or not enough
