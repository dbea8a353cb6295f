"""Prices come from frames of every kind as they come from a file: the same closes on the same days."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from steelyard.adapters.prices import frame

DAYS = [date(2024, 1, 8), date(2024, 1, 9), date(2024, 1, 10)]
VOO, BND = [412.35, 413.5, 411.25], [73.1, 73.25, 73.5]
SEOUL = ZoneInfo("Asia/Seoul")


def pandas_columns():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"date": DAYS, "VOO": VOO, "BND": BND})


def pandas_index():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"VOO": VOO, "BND": BND}, index=pandas.DatetimeIndex(DAYS))


def pandas_arrow():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    return pandas_columns().convert_dtypes(dtype_backend="pyarrow") if pandas else None


def pandas_long():
    pandas = pytest.importorskip("pandas")
    rows = [
        (d, s, c) for s, column in (("VOO", VOO), ("BND", BND)) for d, c in zip(DAYS, column, strict=True)
    ]
    return pandas.DataFrame(rows, columns=["date", "symbol", "close"])


def polars_eager():
    return pytest.importorskip("polars").DataFrame({"date": DAYS, "VOO": VOO, "BND": BND})


def polars_lazy():
    return polars_eager().lazy()


def polars_single():
    polars = pytest.importorskip("polars")
    return polars_eager().with_columns(polars.col("VOO", "BND").cast(polars.Float32))


def polars_text():
    polars = pytest.importorskip("polars")
    return polars_eager().with_columns(polars.all().cast(polars.String))


def polars_moments():
    """Nine in the morning in Seoul: the day there, not the one in Greenwich."""
    polars = pytest.importorskip("polars")
    at = [datetime(d.year, d.month, d.day, 9, tzinfo=SEOUL) for d in DAYS]
    return polars.DataFrame({"date": at, "VOO": VOO, "BND": BND})


def arrow_table():
    return pytest.importorskip("pyarrow").table({"date": DAYS, "VOO": VOO, "BND": BND})


def arrow_batch():
    return arrow_table().to_batches()[0]


def arrow_decimals():
    pyarrow = pytest.importorskip("pyarrow")
    exact = {s: [Decimal(str(v)) for v in column] for s, column in (("VOO", VOO), ("BND", BND))}
    return pyarrow.table({"date": DAYS, **exact})


def duck_relation():
    duckdb = pytest.importorskip("duckdb")
    closes = arrow_table()  # DuckDB finds it by its name
    assert closes.num_rows == 3
    return duckdb.sql("SELECT * FROM closes ORDER BY date")


def mapping():
    return {"date": DAYS, "VOO": VOO, "BND": np.array(BND)}


KINDS = [pandas_columns, pandas_index, pandas_arrow, pandas_long, polars_eager, polars_lazy, polars_single,
         polars_text, arrow_table, arrow_batch, arrow_decimals, duck_relation, mapping]  # fmt: skip


@pytest.mark.parametrize("make", KINDS)
def test_a_frame_of_any_kind_has_the_closes_that_stand_in_it(make):
    history = frame.load(make(), ["VOO", "BND"])
    assert list(history.dates) == DAYS
    assert history.prices.tolist() == [list(row) for row in zip(VOO, BND, strict=True)]


def test_a_moment_is_of_the_day_at_its_exchange():
    """Nine in the morning in Seoul is the evening before in New York, where VOO trades."""
    history = frame.load(polars_moments(), ["VOO"])
    assert list(history.dates) == [date(2024, 1, 7), date(2024, 1, 8), date(2024, 1, 9)]
