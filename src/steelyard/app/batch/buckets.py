"""Positions in any order become buckets of whole accounts, so that no engine can split one.

An account's bucket follows from a hash of its name. What travels batch by batch is split by it once; then
each bucket is put together alone: one row an account, in the order of the hashes, its positions by symbol.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from steelyard.app.batch.account_rows import whole_numbers
from steelyard.engines.arrays import Ints
from steelyard.engines.batch.account_arrays import UNKNOWN, owned
from steelyard.engines.batch.group_kernel import arrange, find_groups, hash_texts
from steelyard.ports.batch import Parts

Hashes = npt.NDArray[np.uint64]
POSITIONS_A_BUCKET = 160_000
"""Enough that a file is worth opening, few enough that all of it lies in memory many times over."""
MOST_BUCKETS = 4096
LOT_KEYS = {"lot_date": "bought", "lot_cost": "unit_cost", "lot_fx": "fx"}
"""Columns of positions that tell of a lot, by the keys of the file."""


class Symbols:
    """Numbers of symbols, given as they are met; in the end by their order, whatever that was."""

    def __init__(self) -> None:
        self._numbers: dict[str | None, int] = {}

    def numbers(self, column: Any) -> Any:
        """Return an int32 column of the numbers of texts."""
        if pa.types.is_string_view(column.type):
            column = column.cast(pa.string())
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode("encode")
        known = self._numbers
        table = [known.setdefault(text, len(known)) for text in column.dictionary.to_pylist()]
        return pa.array(np.array(table or [0], np.int32)).take(column.indices)

    def ranked(self) -> tuple[list[str | None], npt.NDArray[np.int32]]:
        """Return the symbols in order, and the place of each number among them."""
        names = sorted(self._numbers, key=lambda name: (name is None, name or ""))
        ranks = np.zeros(max(len(names), 1), np.int32)
        for rank, name in enumerate(names):
            ranks[self._numbers[name]] = rank
        return names, ranks


def hashes_of(names: Any) -> Hashes:
    """Return the hash of every name, that of the empty one for a null."""
    if not pa.types.is_string(names.type):
        names = names.cast(pa.string())
    found: Hashes = np.empty(len(names), np.uint64)
    _, offsets, data = names.buffers()
    starts = np.frombuffer(offsets, np.int32)[names.offset : names.offset + len(names) + 1]
    letters = np.frombuffer(data if data is not None and data.size else b"\0", np.uint8)
    hash_texts(owned(starts), owned(letters), found)
    return found


class Households:
    """Which accounts go together: all of a household to the bucket that its name gives."""

    def __init__(self) -> None:
        self._accounts: Hashes = np.zeros(0, np.uint64)
        self._households: Hashes = np.zeros(0, np.uint64)
        self._parts: list[tuple[Hashes, Hashes]] = []

    def add(self, rows: pa.RecordBatch) -> None:
        """Take what rows of accounts say of households."""
        if "household" not in rows.schema.names or rows.column("household").null_count == rows.num_rows:
            return
        rows = rows.filter(rows.column("household").is_valid())
        names = rows.column("household").cast(pa.string())
        self._parts.append((hashes_of(rows.column("account")), hashes_of(names)))

    def end(self) -> None:
        """Let them be asked from now on."""
        if self._parts:
            accounts, households = (np.concatenate(part) for part in zip(*self._parts, strict=True))
            order = np.argsort(accounts, kind="stable")
            self._accounts, self._households = accounts[order], households[order]

    def hashes_of(self, rows: pa.RecordBatch) -> Hashes:
        """Return by what the rows of a batch are split: their households, or their accounts."""
        hashes = hashes_of(rows.column("account"))
        if "household" in rows.schema.names:
            there = rows.column("household").is_valid().to_numpy(zero_copy_only=False)
            names = rows.column("household").cast(pa.string()).fill_null("")
            return np.where(there, hashes_of(names), hashes)
        if not len(self._accounts):
            return hashes
        places = np.minimum(np.searchsorted(self._accounts, hashes), len(self._accounts) - 1)
        return np.where(self._accounts[places] == hashes, self._households[places], hashes)


def split(rows: pa.RecordBatch, count: int, parts: Parts, households: Households) -> None:
    """Bring the rows of a batch to the buckets of their accounts or households.

    Args:
        rows: With a column `account`, and `household` where they are accounts of some.
        count: How many buckets.
        parts: Receives them.
        households: Which accounts go together.
    """
    buckets = (households.hashes_of(rows) % np.uint64(count)).astype(np.uint16)
    order = np.argsort(buckets, kind="stable")
    sorted_rows = rows.take(pa.array(order))
    ends = np.searchsorted(buckets[order], np.arange(count + 1))
    for bucket in range(count):
        if ends[bucket + 1] > ends[bucket]:
            parts.add(bucket, sorted_rows.slice(ends[bucket], ends[bucket + 1] - ends[bucket]))


class Accounts(NamedTuple):
    """The accounts of a bucket by their hashes, each once.

    Attributes:
        table: Their rows.
        names: Their names.
        hashes: Of the names, ascending; two names of one hash are next to each other.
        twice: Places of those that stood there more than once.
    """

    table: pa.Table
    names: Any
    hashes: Hashes
    twice: list[int]


def accounts_of(table: pa.Table) -> Accounts:
    """Return the accounts of a bucket in order."""
    table = table.combine_chunks()
    names = _one(table.column("account"))
    raw = hashes_of(names)
    order = np.argsort(raw, kind="stable")
    hashes = raw[order]
    if not len(order) or not (hashes[1:] == hashes[:-1]).any():
        return Accounts(table.take(pa.array(order)), names.take(pa.array(order)), hashes, [])
    # Rare: two of one name, or two names of one hash; put in order and told apart by their names.
    listed = names.to_pylist()
    by_name = sorted(range(len(listed)), key=lambda i: (int(raw[i]), listed[i] or "", i))
    kept: list[int] = []
    twice: list[int] = []
    for row in by_name:
        if kept and listed[kept[-1]] == listed[row]:
            if not twice or twice[-1] != len(kept) - 1:
                twice.append(len(kept) - 1)
            continue
        kept.append(row)
    places = pa.array(np.array(kept, np.int64))
    names = names.take(places)
    return Accounts(table.take(places), names, hashes_of(names), twice)


def groups_of(accounts: Accounts, names: Any) -> npt.NDArray[np.int32]:
    """Return the place of the account of every position, -1 where there is none."""
    groups = np.empty(len(names), np.int32)
    find_groups(owned(accounts.hashes), hashes_of(names), groups)
    if not len(accounts.names):
        return groups
    found = pa.array(groups, mask=groups < 0)
    same = pc.equal(accounts.names.take(found), names).fill_null(False).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(~same & (groups >= 0))
    if len(wrong):
        # Another name of the same hash: looked up by the name itself.
        place_of = {name: place for place, name in enumerate(accounts.names.to_pylist())}
        for row, name in zip(wrong.tolist(), names.take(pa.array(wrong)).to_pylist(), strict=True):
            groups[row] = place_of.get(name, -1)
    return groups


def held(
    positions: pa.Table,
    groups: npt.NDArray[np.int32],
    count: int,
    names: list[Any],
    ranks: npt.NDArray[np.int32],
    *,
    lots: bool,
) -> Any:
    """Return the positions of every account as a list column, by symbol.

    Args:
        positions: With `symbol` as numbers, and `shares`; and where lots are kept with their columns.
        groups: The account of every row, -1 for none.
        count: How many accounts.
        names, ranks: Of the symbols.
        lots: A symbol may stand there once for each lot: its shares are added up.
    """
    symbols = ranks[_one(positions.column("symbol")).to_numpy()]
    starts, order = np.empty(count + 1, np.int64), np.empty(len(groups), np.int64)
    arrange(owned(groups), owned(symbols), starts, order)
    order = order[: starts[-1]]
    kept = [name for name in LOT_KEYS if name in positions.column_names]
    if kept:
        order = _by_lot(positions, kept, order, groups, symbols)
    shares, symbols = _one(positions.column("shares")).take(pa.array(order)), symbols[order]
    listed = None
    if lots:
        starts, symbols, shares, firsts = _lots_added(starts, symbols, shares)
        if kept and firsts is not None:
            listed = _lots(positions.take(pa.array(order)), kept, firsts)
    nameless = np.array([name is None for name in names] or [True])
    words = pa.DictionaryArray.from_arrays(
        pa.array(symbols, pa.int32(), mask=nameless[symbols]),
        pa.array([name for name in names if name is not None], pa.string()),
    )
    fields = {"symbol": words, "shares": shares} | ({} if listed is None else {"lots": listed})
    inside = pa.StructArray.from_arrays(list(fields.values()), list(fields))
    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), inside)


def _by_lot(
    positions: pa.Table, kept: list[str], order: Ints, groups: npt.NDArray[np.int32], symbols: Any
) -> Ints:
    """Return an order by account and symbol with the lots of a symbol in an order of their own."""
    columns = {"account": groups[order], "symbol": symbols[order]}
    told = positions.select([*kept, "shares"]).take(pa.array(order))
    keys = pa.table(columns | {name: told.column(name) for name in told.column_names})
    places = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    found: Ints = order[places.to_numpy()]
    return found


def _lots(rows: pa.Table, kept: list[str], firsts: Ints) -> Any:
    """Return the lots of every position; none where of one it is not said when or at what it was bought."""
    counts = np.diff(np.append(firsts, rows.num_rows))
    told = np.ones(rows.num_rows, np.bool_)
    for name in ("lot_date", "lot_cost"):
        told &= rows.column(name).is_valid().to_numpy()
    known = np.logical_and.reduceat(told, firsts)
    rows = rows.filter(pa.array(np.repeat(known, counts)))
    starts = np.zeros(len(firsts) + 1, np.int32)
    np.cumsum(np.where(known, counts, 0), out=starts[1:])
    fields = [*(LOT_KEYS[name] for name in kept), "shares"]
    lots = pa.StructArray.from_arrays([_one(rows.column(name)) for name in (*kept, "shares")], fields)
    return pa.ListArray.from_arrays(pa.array(starts), lots)


def _lots_added(
    starts: Ints, symbols: npt.NDArray[np.int32], shares: Any
) -> tuple[Ints, npt.NDArray[np.int32], Any, Ints | None]:
    """Add up the lots of a symbol within an account, exactly; leave all as it is where one does not fit.

    The last value says where the lots of each symbol begin, None where all is left as it is.
    """
    numbers, places = whole_numbers(shares, missing=UNKNOWN)
    if not len(symbols) or (numbers == UNKNOWN).any():
        return starts, symbols, shares, None
    first = np.ones(len(symbols), np.bool_)
    first[1:] = symbols[1:] != symbols[:-1]
    first[starts[:-1][starts[:-1] < len(symbols)]] = True
    firsts = np.flatnonzero(first)
    limbs = np.empty((len(firsts), 2), np.int64)
    limbs[:, 0] = np.add.reduceat(numbers, firsts)
    limbs[:, 1] = limbs[:, 0] >> 63
    added = pa.Array.from_buffers(pa.decimal128(38, places), len(firsts), [None, pa.py_buffer(limbs)])
    return np.searchsorted(firsts, starts).astype(np.int64), symbols[firsts], added, firsts


def _one(column: Any) -> Any:
    """Return a column as one piece."""
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column
