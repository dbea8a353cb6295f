"""Whatever stands in the tables, every account is told once, or the table is refused by a code."""

import random
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from batch_platform import SCHEMA, Platform
from lanes import sizes
from steelyard import batch
from steelyard.errors import SteelyardError

NUMBERS = [
    None,
    0,
    -1,
    Decimal("0.000001"),
    Decimal("-0.01"),
    10**15,
    10**17,
    Decimal("99999999999999999.99"),
]
WORDS = [None, "", " ", "VOO", "voo", "A000001", "​", "KODEX 200", "x" * 300, "델타", "none"]
DAYS = [None, date(1, 1, 1), date(1970, 1, 1), date(9999, 12, 31)]
STATUSES = {"planned", "in_band", "refused"}


def mutated(draw, accounts):
    """Change a few cells: numbers, names, days, flags; and lists that lack, repeat or hold nothing."""
    for _ in range(draw.randint(1, 6)):
        one = draw.choice(accounts)
        key = draw.choice(list(one))
        if key == "positions":
            held = one[key] or []
            place = draw.randrange(5)
            if place == 0:
                one[key] = draw.choice([None, [], [None], held + held])
            elif held:
                cell = dict(draw.choice(held) or {})
                cell[draw.choice(["symbol", "shares"])] = None
                cell |= {"shares": draw.choice(NUMBERS)} if place == 1 else {}
                cell |= {"symbol": draw.choice(WORDS)} if place == 2 else {}
                one[key] = [*held, cell]
        elif key == "cash":
            cells = [{"currency": draw.choice(WORDS), "amount": draw.choice(NUMBERS)}, None]
            one[key] = draw.choice([None, [], [*(one[key] or []), draw.choice(cells)]])
        elif key == "locked":
            one[key] = draw.choice([None, [draw.choice(WORDS)], [None]])
        elif key == "last_rebalance":
            one[key] = draw.choice(DAYS)
        elif key in ("account", "model"):
            one[key] = draw.choice(WORDS)
        elif key.startswith("can_") or key == "fractional":
            one[key] = draw.choice([None, True, False])
        else:
            one[key] = draw.choice(NUMBERS)
    return accounts


def wide_schema():
    """The columns of a platform with room for numbers that nobody holds."""
    wide = {"shares": pa.decimal128(38, 6), "amount": pa.decimal128(38, 6)}
    fields = []
    for field in SCHEMA:
        kind = field.type
        if field.name in ("positions", "cash"):
            kind = pa.list_(pa.struct([(f.name, wide.get(f.name, f.type)) for f in kind.value_type]))
        elif pa.types.is_decimal(kind):
            kind = pa.decimal128(38, 6)
        fields.append((field.name, kind))
    return pa.schema(fields)


@pytest.mark.parametrize("tables", sizes(150, 10_000, "some accounts of each take the ordinary planner"))
def test_whatever_tables_come_in_one_stream_no_account_is_lost_or_told_twice(tables):
    """Tables of two accounts each, record batches of one stream: models and prices are read once."""
    schema, seed, done = wide_schema(), 2000, 0

    def stream(draw, platform, told):
        for number in range(min(500, tables - done)):
            rows = mutated(draw, [dict(one) for one in draw.sample(platform.accounts, 2)])
            if number % 50:
                # Divided shares beside whole ones take a hundred times as long.
                rows = [{**row, "fractional": False} for row in rows]
            told.append([row["account"] for row in rows])
            yield pa.RecordBatch.from_pylist(rows, schema)

    while done < tables:
        seed += 1
        platform = Platform(seed, 30)
        if platform.costs.get("fx_spread") or any(
            m["fractional"] or (m["policy"] or "").endswith("edge") for m in platform.models
        ):
            continue
        models, prices, settings = platform.tables()
        told = []
        for part in batch.plan(stream(random.Random(seed), platform, told), models, prices, **settings):
            rows = part.select(["account", "status", "code"]).to_pylist()
            assert [row["account"] for row in rows] == told[-1], (seed, len(told))
            assert all(row["status"] in STATUSES for row in rows), (seed, len(told))
            assert all(row["code"] for row in rows if row["status"] == "refused"), (seed, len(told))
            done += 1


@pytest.mark.parametrize("tables", sizes(10, 200, "some accounts of each take the ordinary planner"))
def test_no_cell_of_an_account_ends_the_batch_or_loses_an_account(tables):
    schema = wide_schema()
    for seed in range(tables):
        draw = random.Random(seed)
        platform = Platform(seed % 7, 6)
        accounts = mutated(draw, platform.accounts)
        models, prices, settings = platform.tables()
        table = pa.Table.from_pylist(accounts, schema)
        for told in (batch.plan, batch.check):
            terms = settings if told is batch.plan else {k: settings[k] for k in CHECKED}
            rows = [r for part in told(table, models, prices, **terms) for r in part.to_pylist()]
            assert [row["account"] for row in rows] == [one["account"] for one in accounts], seed
            assert all(row["status"] in STATUSES | {"due"} for row in rows)
            assert all(row["code"] for row in rows if row["status"] == "refused"), seed


CHECKED = ("base_currency", "as_of", "rates", "instruments")
CELLS = [
    None,
    "",
    "abc",
    -1,
    0,
    1.5,
    float("nan"),
    float("inf"),
    "1e400",
    True,
    [],
    {},
    date(2030, 1, 1),
    b"x",
]


@pytest.mark.parametrize("tables", sizes(60, 2000, "many tables"))
def test_no_cell_of_a_small_table_ends_in_anything_but_its_refusal(tables):
    platform = Platform(0, 2)
    accounts = pa.Table.from_pylist(platform.accounts, SCHEMA)
    for seed in range(tables):
        draw = random.Random(seed)
        models, prices, settings = platform.tables()
        which = draw.choice(["models", "prices", "rates", "instruments"])
        rows = {"models": models, "prices": prices}.get(which) or settings[which]
        row = draw.choice(rows)
        row[draw.choice([*row, "other"])] = draw.choice(CELLS)
        with suppress(SteelyardError):
            told = [r for part in batch.plan(accounts, models, prices, **settings) for r in part.to_pylist()]
            assert len(told) == 2
