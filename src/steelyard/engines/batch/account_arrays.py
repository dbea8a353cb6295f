"""The arrays of many accounts and what becomes of them: the door to `account_kernel`.

Letters of shapes: A accounts, H positions, M models, L lines of all models, S symbols, C currencies,
K trades. A number of the tables is an int64 with the decimals of its column; one that does not fit is
UNKNOWN, and its account is left to the ordinary planner.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.engines.arrays import Flags, Ints
from steelyard.engines.batch.account_kernel import plan_accounts
from steelyard.engines.batch.table_kernel import LEFT, M_START, PLANNED, RESULTS, UNKNOWN
from steelyard.engines.planning.compiled.compiled_search import NODE_LIMIT

__all__ = [
    "LEFT",
    "NODE_LIMIT",
    "PLANNED",
    "UNKNOWN",
    "AccountArrays",
    "Answers",
    "ModelArrays",
    "owned",
    "plan_rows",
]

Wide = npt.NDArray[np.uint64]
"""Last axis of two: the low and the high 64 bits of a number, the layout of Arrow's decimal128."""


class ModelArrays(NamedTuple):
    """Models, prices and terms of a run.

    Attributes:
        lines: (L, 7) int64: symbol, weight, price in base currency and its decimals, band or -1, rule of the
            band (0 absolute, 1 relative), place of the symbol in its model when sorted. Weights and bands
            have the decimals of the model.
        models: (M + 1, 8) int64: first line, decimals of weights, kind, latest look or UNKNOWN, longest
            interval or -1, cooldown, most decimals of its prices, whether all its accounts are left.
        line_of: (M, S) int32: the line of a symbol within a model, -1 for none.
        known: (S,) bool: held without a target it changes nothing and misses nothing.
        rates, rate_places: (C,) int64: units of base currency for one of a currency, and their decimals.
        run: (8,) int64: day, commission and its decimals, least commission and its decimals, states to look
            at, commission in lowest terms. Days are counted from 1970-01-01.
    """

    lines: Ints
    models: Ints
    line_of: npt.NDArray[np.int32]
    known: Flags
    rates: Ints
    rate_places: Ints
    run: Ints


class AccountArrays(NamedTuple):
    """Accounts, one after the other.

    Attributes:
        settings: (A, 8) int64: model or -1, cash flow, reserve, least trade, can sell, can buy, day of the
            last rebalance or UNKNOWN, whether it is left.
        places: (3,) int64: decimals of cash flow, reserve and least trade.
        starts: (A + 1,) int64: account k holds the positions starts[k] .. starts[k + 1] - 1.
        symbols: (H,) int32, -1 for one that nobody priced.
        shares: (H,) int64.
        share_places: Their decimals.
        cash_starts, currencies, amounts, cash_places: The same for cash; currencies are int32.
        locked_starts, locked: The same for locked symbols, int32.
    """

    settings: Ints
    places: Ints
    starts: Ints
    symbols: npt.NDArray[np.int32]
    shares: Ints
    share_places: int
    cash_starts: Ints
    currencies: npt.NDArray[np.int32]
    amounts: Ints
    cash_places: int
    locked_starts: Ints
    locked: npt.NDArray[np.int32]


class Answers(NamedTuple):
    """What became of them.

    Attributes:
        status: (A,) int8: LEFT, IN_BAND or PLANNED (due, where it was only judged).
        rule: (A,) int8, see `table_kernel`.
        rule_symbol: (A,) int32, that of a band, else -1.
        results: (A, 6, 2) uint64: managed value, misplaced before and after, objective, costs and cash after,
            all in units of 1e-12; only the first two where it was only judged.
        counts: (A,) int32, trades of each account.
        symbols: (K,) int32, of the trades, in the order of the accounts.
        buys: (K,) int8.
        trades: (K, 3, 2) uint64: shares, amount and cost in units of 1e-12.
    """

    status: npt.NDArray[np.int8]
    rule: npt.NDArray[np.int8]
    rule_symbol: npt.NDArray[np.int32]
    results: Wide
    counts: npt.NDArray[np.int32]
    symbols: npt.NDArray[np.int32]
    buys: npt.NDArray[np.int8]
    trades: Wide


def owned(value: Any) -> Any:
    """Return an array as kernels take it: in one piece and writable; what is no array as it is.

    Arrow's memory may be neither, and each kind would be compiled for itself, which takes half a minute.
    """
    return np.require(value, requirements=["C", "W"]) if isinstance(value, np.ndarray) else value


def plan_rows(models: ModelArrays, accounts: AccountArrays, *, planned: bool) -> Answers:
    """Judge accounts and plan those that are due or have money to move.

    The interpreter lock is released, so that threads can share the work; every account is what it would be
    alone.

    Args:
        models, accounts: See there.
        planned: False to say only whether each is due.
    """
    count = len(accounts.settings)
    sizes = np.diff(models.models[:, M_START])
    of = accounts.settings[:, 0]
    room = int(sizes[of[of >= 0]].sum()) if planned else 0
    answers = Answers(
        status=np.empty(count, np.int8),
        rule=np.empty(count, np.int8),
        rule_symbol=np.empty(count, np.int32),
        results=np.zeros((count, RESULTS, 2), np.uint64),
        counts=np.empty(count, np.int32),
        symbols=np.empty(room, np.int32),
        buys=np.empty(room, np.int8),
        trades=np.empty((room, 3, 2), np.uint64),
    )
    ends = plan_accounts(*map(owned, models), *map(owned, accounts), planned, *answers)
    return answers._replace(
        symbols=answers.symbols[:ends], buys=answers.buys[:ends], trades=answers.trades[:ends]
    )
