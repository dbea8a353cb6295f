"""Accounts as Arrow has them, one row each with its positions and cash in lists, as numbers for the kernel.

Whole columns are looked at as they lie in memory; nothing is read row by row but what the kernel leaves.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from steelyard.app.batch.book import ME, Row
from steelyard.app.batch.model_arrays import PackedBook
from steelyard.domain.money import ZERO
from steelyard.engines.arrays import Ints
from steelyard.engines.batch.account_arrays import UNKNOWN, AccountArrays
from steelyard.errors import InputError
from steelyard.words import say

NEEDED = ("account", "model", "positions", "cash")
OPTIONAL = (
    "cash_flow", "reserve", "min_trade", "can_sell", "can_buy", "last_rebalance", "locked", "fractional",
    "household", "owner", "kind", "refused",
)  # fmt: skip
POSITION = ("symbol", "shares")
"""Fields of a position, which may have `lots` too: structs by the keys of the file."""
BY_FILE = ("household", "owner", "kind")
"""Columns whose rules only the ordinary planner knows: where one says something, it plans."""
_PLACES = 9
_FIFTEEN = 1e15
"""A decimal of fifteen digits is the only one of so many that its float is nearest to."""


def need_columns(batch: pa.RecordBatch) -> None:
    """Refuse account rows whose columns are not those of the contract.

    Raises:
        InputError: A column is missing, or one is there that nobody reads (`batch-column`).
    """
    schema = batch.schema
    missing = [name for name in NEEDED if name not in schema.names]
    if missing:
        raise InputError(
            "batch-column",
            say("accounts have no column {missing}", missing=", ".join(missing)),
            say("name the columns {needed}; see docs/guides/batch.md", needed=", ".join(NEEDED)),
        )
    unknown = [name for name in schema.names if name not in (*NEEDED, *OPTIONAL)]
    if unknown:
        raise InputError(
            "batch-column",
            say("accounts have a column that is not known: {unknown}", unknown=", ".join(unknown)),
            say("leave it out; columns are {known}", known=", ".join((*NEEDED, *OPTIONAL))),
        )
    for name, fields in (("positions", POSITION), ("cash", ("currency", "amount"))):
        kind = schema.field(name).type
        inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else None
        if inner is not None and pa.types.is_null(inner):
            continue  # Nobody has any.
        if name == "cash" and inner is None and not pa.types.is_nested(kind):
            continue
        told = {f.name for f in inner} if inner is not None and pa.types.is_struct(inner) else set()
        if told != set(fields) and not (name == "positions" and told == {*fields, "lots"}):
            raise InputError(
                "batch-column",
                say("{name} is {type}", name=name, type=str(kind)),
                say("make it a list of structs of {fields}", fields=", ".join(fields)),
            )


def account_arrays(book: PackedBook, batch: pa.RecordBatch) -> AccountArrays:
    """Return account rows as numbers; see `AccountArrays`.

    Args:
        book: What they are planned with.
        batch: Columns as `need_columns` asks.
    """
    count = batch.num_rows
    settings = np.zeros((count, 8), np.int64)
    settings[:, 0] = codes_of(_column(batch, "model"), book.models)
    left = np.zeros(count, np.bool_)
    places = np.zeros(3, np.int64)
    for place, name in enumerate(("cash_flow", "reserve", "min_trade")):
        column = _column(batch, name)
        if column is None:
            continue
        numbers, places[place] = whole_numbers(column, missing=0)
        # A reserve in percent, or what is below zero and may not be, is for the reader of files.
        left |= (numbers == UNKNOWN) | ((numbers < 0) & (name != "cash_flow"))
        settings[:, 1 + place] = np.where(left, 0, numbers)
    for place, name in ((4, "can_sell"), (5, "can_buy")):
        settings[:, place] = _flags(_column(batch, name), count, missing=True)
    left |= _flags(_column(batch, "fractional"), count, missing=False)
    for name in BY_FILE:
        if name in batch.schema.names:
            left |= batch.column(name).is_valid().to_numpy(zero_copy_only=False)
    if ME in book.book.owners:
        # Everybody who names no other owner is taxed as that person is.
        left[:] = True
    if "refused" in batch.schema.names:
        left |= batch.column("refused").is_valid().to_numpy(zero_copy_only=False)
    settings[:, 6] = _days(_column(batch, "last_rebalance"), count)
    settings[:, 7] = left
    starts, held = _lists(_column(batch, "positions"), count)
    symbols, shares, share_places = _named_numbers(held, "symbol", "shares", book.number_of)
    cash_starts, currencies, amounts, cash_places = _cash(book, _column(batch, "cash"), count)
    locked_starts, locked = _lists(_column(batch, "locked"), count)
    return AccountArrays(
        settings,
        places,
        starts,
        symbols,
        shares,
        share_places,
        cash_starts,
        currencies,
        amounts,
        cash_places,
        locked_starts,
        codes_of(locked, book.number_of),
    )


def rows_of(batch: pa.RecordBatch, places: npt.NDArray[np.int64]) -> list[Row]:
    """Return some account rows as plain values, numbers exactly as they stand."""
    # Row by row: views of text, which some engines hand over, cannot be gathered.
    return [_row(batch.slice(place, 1).to_pylist()[0]) for place in places.tolist()]


def exact(value: Any) -> Any:
    """Return a cell as the reader of portfolio files takes it: a float as its shortest decimal.

    >>> exact(0.1), exact(None)
    (Decimal('0.1'), None)
    """
    return Decimal(repr(value)) if isinstance(value, float) else value


def _row(values: dict[str, Any]) -> Row:
    cash = values["cash"]
    if isinstance(cash, list):
        # What is null in a list is there and unknown: no reader takes an empty text for a currency or amount.
        cash = [tuple("" if x is None else x for x in _pair(c, "currency", "amount")) for c in cash]
    else:
        cash = [] if cash is None else [(None, exact(cash))]
    last = values.get("last_rebalance")
    flow = exact(values.get("cash_flow"))
    return Row(
        account=str(values["account"]),
        model=str(values["model"]),
        positions=tuple(_pair(p, *POSITION) for p in values["positions"] or ()),
        cash=tuple(cash),
        cash_flow=ZERO if flow is None else Decimal(flow),
        reserve=_or(exact(values.get("reserve")), ZERO),
        min_trade=_or(exact(values.get("min_trade")), ZERO),
        can_sell=_or(values.get("can_sell"), True),
        can_buy=_or(values.get("can_buy"), True),
        last_rebalance=last.date() if isinstance(last, datetime) else last,
        locked=tuple(values.get("locked") or ()),
        fractional=bool(values.get("fractional")),
        household=values.get("household"),
        owner=values.get("owner"),
        kind=values.get("kind"),
        refused=values.get("refused"),
        lots=tuple(_lots_of(p or {}) for p in values["positions"] or ()),
    )


def _lots_of(position: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the lots of a position by the keys of the file; what is null was left out."""
    return tuple(
        {
            key: _day(told) if key == "bought" else exact(told)
            for key, told in (lot or {}).items()
            if told is not None
        }
        for lot in position.get("lots") or ()
    )


def _day(told: Any) -> Any:
    """Return a cell as a day where it is one; the reader of files refuses anything else."""
    if isinstance(told, str):
        with suppress(ValueError):
            return date.fromisoformat(told)
    return told.date() if isinstance(told, datetime) else told


def _pair(cell: dict[str, Any] | None, name: str, number: str) -> tuple[Any, Any]:
    """Return the two fields of a struct; what has none is nothing, which its reader says."""
    cell = cell or {}
    return cell.get(name), exact(cell.get(number))


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _column(batch: pa.RecordBatch, name: str) -> Any:
    return batch.column(name) if name in batch.schema.names else None


def codes_of(column: Any, numbers: dict[str, int]) -> npt.NDArray[np.int32]:
    """Return the number of each text, -1 for one that has none."""
    if column is None or len(column) == 0:
        return np.zeros(0, np.int32)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    known = [numbers.get(text, -1) for text in column.dictionary.to_pylist()] or [-1]
    table: npt.NDArray[np.int32] = np.array(known, np.int32)
    indices = column.indices
    places: Ints = indices.fill_null(0).to_numpy().astype(np.int64)
    if not indices.null_count:
        return table[places]
    there = indices.is_valid().to_numpy(zero_copy_only=False)
    return np.where(there, table[places], np.int32(-1))


def _lists(column: Any, count: int) -> tuple[Ints, Any]:
    """Return where the list of each row starts, one longer than the rows, and what is in them all."""
    if column is None:
        return np.zeros(count + 1, np.int64), pa.array([], pa.string())
    if column.null_count:
        column = pa.array(column.to_pylist(), column.type) if column.offset else column
        column = pc.if_else(column.is_valid(), column, pa.scalar([], column.type))
    offsets = column.offsets.to_numpy().astype(np.int64)
    return offsets - offsets[0], column.values.slice(offsets[0], offsets[-1] - offsets[0])


def _named_numbers(
    structs: Any, name: str, number: str, numbers: dict[str, int]
) -> tuple[npt.NDArray[np.int32], Ints, int]:
    """Return names by their numbers and amounts with their decimals, of structs of the two."""
    if pa.types.is_null(structs.type):
        return np.full(len(structs), -1, np.int32), np.full(len(structs), UNKNOWN, np.int64), 0
    amounts, places = whole_numbers(structs.field(number), missing=UNKNOWN)
    return codes_of(structs.field(name), numbers), amounts, places


def _cash(book: PackedBook, column: Any, count: int) -> tuple[Ints, npt.NDArray[np.int32], Ints, int]:
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        starts, inside = _lists(column, count)
        currencies, amounts, places = _named_numbers(inside, "currency", "amount", book.currencies)
        return starts, currencies, amounts, places
    amounts, places = whole_numbers(column, missing=0)
    return np.arange(count + 1, dtype=np.int64), np.zeros(count, np.int32), amounts, places


def _flags(column: Any, count: int, *, missing: bool) -> npt.NDArray[np.bool_]:
    if column is None:
        return np.full(count, missing)
    flags: npt.NDArray[np.bool_] = column.fill_null(missing).to_numpy(zero_copy_only=False)
    return flags


def _days(column: Any, count: int) -> Ints:
    if column is None:
        return np.full(count, UNKNOWN)
    if pa.types.is_null(column.type):
        return np.full(count, UNKNOWN)
    if pa.types.is_string(column.type):
        told = [None if day is None else date.fromisoformat(day) for day in column.to_pylist()]
        column = pa.array(told, pa.date32())
    days = column.cast(pa.date32()).cast(pa.int32())
    return np.where(
        days.is_valid().to_numpy(zero_copy_only=False), days.fill_null(0).to_numpy().astype(np.int64), UNKNOWN
    )


def whole_numbers(column: Any, *, missing: int) -> tuple[Ints, int]:
    """Return a column of numbers as int64 with its decimals; UNKNOWN where one does not fit.

    Args:
        column: Of whole numbers, decimals, floats or text.
        missing: What stands for a null.

    Returns:
        The numbers and how many decimals all of them have.
    """
    kind = column.type
    gaps = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    if pa.types.is_null(kind):
        return np.full(len(column), missing, np.int64), 0
    if pa.types.is_integer(kind):
        numbers, places = column.fill_null(0).cast(pa.int64()).to_numpy(), 0
    elif pa.types.is_decimal(kind):
        numbers, places = _decimals(column)
    elif pa.types.is_floating(kind):
        numbers, places = _floats(column.fill_null(0).to_numpy(zero_copy_only=False)), _PLACES
    else:
        numbers, places = _texts(column.to_pylist()), _PLACES
    return numbers if gaps is None else np.where(gaps, missing, numbers), places


def _decimals(column: Any) -> tuple[Ints, int]:
    scale = column.type.scale
    if scale > _PLACES or scale < 0:
        try:
            return _decimals(column.cast(pa.decimal128(38, _PLACES)))
        except pa.ArrowInvalid:
            return _texts(column.to_pylist()), _PLACES
    if not pa.types.is_decimal128(column.type):
        column = column.cast(pa.decimal128(38, scale))
    buffer = column.buffers()[1]
    if buffer is None or not len(column):
        return np.zeros(len(column), np.int64), scale
    limbs = np.frombuffer(buffer, np.int64)[2 * column.offset : 2 * (column.offset + len(column))]
    low, high = limbs[::2], limbs[1::2]
    fits = (high == low >> 63) & (np.abs(low) < 1 << 59)
    return (low if fits.all() else np.where(fits, low, UNKNOWN)), scale


def _floats(values: npt.NDArray[Any]) -> Ints:
    """Return floats in units of 1e-9 by their shortest decimals, UNKNOWN where that has more places."""
    if values.dtype != np.float64:
        # 412.35 in single precision is 412.350006103515625 in double: nobody wrote that.
        values = values.astype(str).astype(np.float64)
    numbers = np.full(len(values), UNKNOWN, np.int64)
    for places in (_PLACES, 2, 0):
        one = 10.0**places
        with np.errstate(all="ignore"):
            rounded = np.rint(values * one)
            fits = (np.abs(rounded) < _FIFTEEN) & (rounded / one == values) & (np.abs(values) < 1e8)
        fits &= numbers == UNKNOWN
        numbers[fits] = rounded[fits].astype(np.int64) * 10 ** (_PLACES - places)
        if not (numbers == UNKNOWN).any():
            break
    return numbers


def _texts(values: list[Any]) -> Ints:
    numbers = np.full(len(values), UNKNOWN, np.int64)
    for place, value in enumerate(values):
        try:
            scaled = Decimal(value).scaleb(_PLACES)
        except (ArithmeticError, ValueError, TypeError):
            continue
        if scaled.is_finite() and scaled == scaled.to_integral_value() and abs(scaled) < 1 << 58:
            numbers[place] = int(scaled)
    return numbers
