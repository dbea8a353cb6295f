"""What became of accounts, as Arrow rows: one an account, its orders in a list beside it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from steelyard.app.batch.model_arrays import PackedBook
from steelyard.app.batch.single import Judged
from steelyard.domain.policy.policies import Decision
from steelyard.engines.batch.account_arrays import LEFT, Answers
from steelyard.engines.batch.account_arrays import PLANNED as PLANNED_STATUS
from steelyard.errors import SteelyardError
from steelyard.words import Text, say

MONEY = pa.decimal128(38, 12)
WORD = pa.dictionary(pa.int32(), pa.string())
ORDER = pa.struct(
    [
        ("symbol", WORD),
        ("side", WORD),
        ("shares", MONEY),
        ("price", MONEY),
        ("amount", MONEY),
        ("cost", MONEY),
    ]
)
JUDGED = ("total_value", "misplaced_before")
PLANNED = (*JUDGED, "misplaced_after", "objective", "costs", "cash_after")
"""The numbers of an account, in the order of the kernel's results."""
STATUSES = ("refused", "in_band", "planned")
"""In the order of the kernel's; what it left and nobody could plan is refused."""
CODES = (None, "threshold", "relative_threshold", "max_interval", "calendar", "cooldown", "cash_flow")
"""In the order of the kernel's rules."""
_WIDE = Context(prec=80)
_TWELVE = Decimal("1e-12")
_MASK = (1 << 64) - 1


def plan_schema(account: pa.DataType) -> pa.Schema:
    """Return the columns of planned accounts, `account` typed as it came."""
    numbers = [pa.field(name, MONEY) for name in PLANNED]
    return pa.schema(
        [
            ("account", account),
            ("status", WORD),
            ("code", WORD),
            ("reason", WORD),
            *numbers[:4],
            ("bound", MONEY),
            ("proven", pa.bool_()),
            ("trades", pa.int32()),
            *numbers[4:],
            ("taxes", MONEY),
            ("tax_note", WORD),
            ("orders", pa.list_(ORDER)),
        ]
    )


def check_schema(account: pa.DataType) -> pa.Schema:
    """Return the columns of judged accounts."""
    numbers = [pa.field(name, MONEY) for name in JUDGED]
    return pa.schema([("account", account), ("status", WORD), ("code", WORD), ("reason", WORD), *numbers])


def trade_schema(account: pa.DataType) -> pa.Schema:
    """Return the columns of trades."""
    return pa.schema([("account", account), *((field.name, field.type) for field in ORDER)])


Left = Mapping[int, "Judged | SteelyardError"]
"""By row: what the ordinary planner said of an account that the kernel left."""


def answer_batch(
    book: PackedBook, accounts: Any, answers: Answers, left: Left, *, planned: bool
) -> pa.RecordBatch:
    """Return one row an account, in the order they came.

    Args:
        book: What they were planned with.
        accounts: Their names.
        answers: Of the kernel.
        left: Of the ordinary planner, for every row that the kernel left.
        planned: Whether they were planned or only judged.
    """
    count = len(answers.status)
    status = answers.status.copy()
    reasons, reason_of = _reasons(book, answers)
    codes: list[str | None] = list(CODES)
    code_of = answers.rule.astype(np.int32)
    results = answers.results
    valid = status != LEFT
    # As a plan behind its policy's gate: where nothing is due nothing was looked for, and nothing is proven.
    proven = status == PLANNED_STATUS
    bound = np.where(proven[:, None], results[:, 3], np.uint64(0))
    code: str | None
    why: str | None
    for row, said in left.items():
        if isinstance(said, SteelyardError):
            code, why = said.code, str(said.message)
        else:
            code, why = _said(said)
            due = said.flowed or said.decision.due
            status[row], valid[row] = 2 if due else 1, True
            numbers = [said.managed, said.misplaced]
            if said.plan is not None:
                reached = said.plan.objective
                numbers += [
                    said.misplaced_after or Decimal(0), reached.value, said.plan.costs, said.plan.cash_after,
                ]  # fmt: skip
                bound[row], proven[row] = _limbs(reached.bound), reached.proven
            for place, number in enumerate(numbers):
                results[row, place] = _limbs(number)
        code_of[row], reason_of[row] = _place(codes, code), _place(reasons, why)
    names = STATUSES if planned else ("refused", "in_band", "due")
    columns = {
        "account": accounts,
        "status": _words(status.astype(np.int32), names),
        "code": _words(code_of, codes),
        "reason": _words(reason_of, reasons),
    }
    for place, name in enumerate(PLANNED if planned else JUDGED):
        columns[name] = _money(results[:, place], valid)
    if not planned:
        return pa.record_batch(columns, schema=check_schema(accounts.type))
    columns["bound"] = _money(bound, valid)
    columns["proven"] = pa.array(proven, mask=~valid)
    columns["taxes"], columns["tax_note"] = _taxes(count, left)
    counts, orders = _orders(book, answers, left)
    columns["trades"] = pa.array(counts, pa.int32(), mask=~valid)
    starts = np.zeros(count + 1, np.int32)
    np.cumsum(counts, out=starts[1:])
    columns["orders"] = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), orders)
    schema = plan_schema(accounts.type)
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)


def trades_of(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the orders of planned accounts, one row each, with the account before them."""
    orders = batch.column("orders")
    accounts = batch.column("account").take(orders.value_parent_indices())
    inside = orders.flatten()
    return pa.record_batch([accounts, *inside.flatten()], schema=trade_schema(accounts.type))


def _reasons(book: PackedBook, answers: Answers) -> tuple[list[str | None], npt.NDArray[np.int32]]:
    """Return the reasons that the kernel's rules give, and which each account has."""
    symbols = len(book.symbols) + 1
    keys = answers.rule.astype(np.int64) * symbols + answers.rule_symbol + 1
    found, places = np.unique(keys, return_inverse=True)
    texts: list[str | None] = []
    for key in found.tolist():
        code, symbol = CODES[key // symbols], key % symbols - 1
        texts.append(None if code is None else str(reason(code, book.symbols[symbol] if symbol >= 0 else "")))
    return texts, places.astype(np.int32)


def reason(code: str, symbol: str = "") -> Text:
    """Return the sentence of a code."""
    if symbol:
        return say("{symbol} is outside its band", symbol=symbol)
    return {
        "max_interval": say("the longest interval since the last rebalance has passed"),
        "calendar": say("the rebalance of the period has come"),
        "cooldown": say("the last rebalance was too short a time ago"),
        "cash_flow": say("money is paid in or taken out"),
    }[code]


def _said(judged: Judged) -> tuple[str | None, str | None]:
    """Return code and reason of an account that the ordinary planner judged."""
    decision: Decision = judged.decision
    if judged.flowed:
        return "cash_flow", str(reason("cash_flow"))
    if decision.held_back is not None:
        return "cooldown", str(reason("cooldown"))
    if not decision.reasons:
        return None, None
    first = decision.reasons[0]
    return first.rule, str(reason(first.rule, first.symbol or ""))


def _taxes(count: int, left: Left) -> tuple[Any, Any]:
    """Return what is added to each account's tax, and what is to be said of it: only the planner looks."""
    found = {row: said for row, said in left.items() if isinstance(said, Judged)}
    taxes = {row: said.tax for row, said in found.items() if said.tax is not None}
    notes: list[str | None] = [None]
    note_of = np.zeros(count, np.int32)
    for row, said in found.items():
        note_of[row] = _place(notes, str(said.tax_note) or None)
    if not taxes:
        return pa.nulls(count, MONEY), _words(note_of, notes)
    limbs, known = np.zeros((count, 2), np.uint64), np.zeros(count, np.bool_)
    for row, tax in taxes.items():
        limbs[row], known[row] = _limbs(tax), True
    return _money(limbs, known), _words(note_of, notes)


def _place(words: list[str | None], word: str | None) -> int:
    if word not in words:
        words.append(word)
    return words.index(word)


def _words(places: npt.NDArray[np.int32], words: Any) -> Any:
    """Return a dictionary column; None among the words is a null."""
    kept = [word for word in words if word is not None]
    table = np.array([-1 if word is None else kept.index(word) for word in words] or [-1], np.int32)
    indices = table[places]
    gaps = indices < 0
    indices = pa.array(np.where(gaps, 0, indices), pa.int32(), mask=gaps if gaps.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array(kept, pa.string()))


def _money(limbs: npt.NDArray[np.uint64], valid: npt.NDArray[np.bool_] | None = None) -> Any:
    """Return numbers of the kernel as a decimal column, their memory as it is where it lies together."""
    limbs = np.ascontiguousarray(limbs)
    gaps = None
    if valid is not None and not valid.all():
        gaps = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(MONEY, len(limbs), [gaps, pa.py_buffer(limbs)])


def _limbs(number: Decimal) -> tuple[int, int]:
    """Return a number in units of 1e-12, half to even, as its low and high 64 bits."""
    scaled = int(number.quantize(_TWELVE, ROUND_HALF_EVEN, _WIDE).scaleb(12, _WIDE))
    return scaled & _MASK, (scaled >> 64) & _MASK


def _orders(book: PackedBook, answers: Answers, left: Left) -> tuple[npt.NDArray[np.int32], Any]:
    """Return how many orders each account has, and all of them in the order of the accounts."""
    counts, symbols, buys, numbers = answers.counts, answers.symbols, answers.buys, answers.trades
    names = list(book.symbols)
    table = [(0, 0) if price is None else _limbs(price) for price in book.prices]
    more = [
        (row, trade)
        for row, said in sorted(left.items())
        if isinstance(said, Judged) and said.plan is not None
        for trade in said.plan.trades
    ]
    if more:
        number_of = {name: place for place, name in enumerate(names)}
        rows = np.concatenate([np.repeat(np.arange(len(counts)), counts), [row for row, _ in more]])
        order = np.argsort(rows, kind="stable")
        for _, trade in more:
            if trade.symbol not in number_of:
                number_of[trade.symbol] = len(names)
                names.append(trade.symbol)
                table.append(_limbs(trade.price))
        symbols = np.concatenate([symbols, [number_of[t.symbol] for _, t in more]]).astype(np.int32)[order]
        buys = np.concatenate([buys, [t.side == "buy" for _, t in more]]).astype(np.int8)[order]
        added = [[_limbs(t.shares), _limbs(t.amount), _limbs(t.cost)] for _, t in more]
        numbers = np.concatenate([numbers, np.array(added, np.uint64)])[order]
        counts = np.bincount(rows, minlength=len(counts)).astype(np.int32)
    prices = np.array(table or [(0, 0)], np.uint64)[symbols]
    return counts, pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(symbols, pa.int32()), pa.array(names, pa.string())),
            pa.DictionaryArray.from_arrays(pa.array(buys, pa.int32()), pa.array(["sell", "buy"])),
            _money(numbers[:, 0]),
            _money(prices),
            _money(numbers[:, 1]),
            _money(numbers[:, 2]),
        ],
        fields=list(ORDER),
    )
