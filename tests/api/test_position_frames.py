"""What is held may come as a frame of any kind; the same rows as plain values are the measure."""

from datetime import date
from decimal import Decimal

import pytest

import steelyard
from steelyard.errors import InputError

ROWS = [
    {"account": "main", "symbol": "VOO", "shares": 10, "price": 412.35, "priced_on": date(2026, 11, 20)},
    {"account": "main", "symbol": "BND", "shares": 2.5, "price": 73.1, "priced_on": date(2026, 11, 20)},
    {"account": "ira", "symbol": "VOO", "shares": 3, "price": None, "priced_on": None},
]


def columns():
    return {name: [row[name] for row in ROWS] for name in ROWS[0]}


def pandas_frame(single):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(columns())
    return frame.astype({"price": "float32", "shares": "float32"}) if single else frame


def arrow_table(single):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(columns())
    if single:
        kinds = {"price": pyarrow.float32(), "shares": pyarrow.float32()}
        table = table.cast(pyarrow.schema([(f.name, kinds.get(f.name, f.type)) for f in table.schema]))
    return table


def polars_frame(single):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(columns(), strict=False)
    narrow = [polars.col("price").cast(polars.Float32), polars.col("shares").cast(polars.Float32)]
    return frame.with_columns(narrow) if single else frame


class OnlyAStream:
    """Whatever else speaks Arrow: nothing but the C stream."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


def duck_relation(single):
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("rows", arrow_table(single))
    return connection.sql("SELECT * FROM rows")


KINDS = {
    "pandas": pandas_frame,
    "polars": polars_frame,
    "lazy": lambda single: polars_frame(single).lazy(),
    "arrow": arrow_table,
    "batch": lambda single: arrow_table(single).to_batches()[0],
    "duckdb": duck_relation,
    "stream": lambda single: OnlyAStream(arrow_table(single)),
}


def held(portfolio):
    report = steelyard.holdings(portfolio, as_of=date(2026, 11, 23))
    return [(h.account, h.symbol, h.shares, h.price, h.priced_on, h.value) for h in report.holdings]


@pytest.mark.parametrize("single", [False, True], ids=["double", "single"])
@pytest.mark.parametrize("kind", KINDS)
def test_positions_of_a_frame_are_those_of_plain_values(kind, single):
    """10 x 412.35 = 4,123.50, 2.5 x 73.1 = 182.75 and 3 x 412.35 = 1,237.05, in either precision."""
    portfolio = steelyard.build("USD", {"VOO": "60%", "BND": "40%"}, KINDS[kind](single))
    day = date(2026, 11, 20)
    assert held(portfolio) == [
        ("main", "VOO", Decimal(10), Decimal("412.35"), day, Decimal("4123.50")),
        ("main", "BND", Decimal("2.5"), Decimal("73.1"), day, Decimal("182.75")),
        ("ira", "VOO", Decimal(3), Decimal("412.35"), day, Decimal("1237.05")),
    ]


def test_the_positions_of_one_account_may_be_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"symbol": ["VOO"], "shares": [10], "price": [412.35]})
    account = {"name": "isa", "positions": frame, "cash": {"USD": 5}}
    portfolio = steelyard.build("USD", {"VOO": "100%"}, [account])
    assert held(portfolio) == [("isa", "VOO", Decimal(10), Decimal("412.35"), None, Decimal("4123.50"))]


def test_a_column_that_means_nothing_is_refused():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError, match="column qty"):
        steelyard.build("USD", {"VOO": "100%"}, pandas.DataFrame({"symbol": ["VOO"], "qty": [10]}))
