"""Engines that hand over Arrow columns: what DuckDB groups is planned as it comes, and read back by it."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steelyard import batch


def test_duckdb_hands_over_and_takes_back(tmp_path):
    """One account off its band and one in it. DuckDB is not among the developers' tools."""
    duckdb = pytest.importorskip("duckdb")
    held = {
        "account": ["A1", "A1", "A2", "A2"],
        "symbol": ["VOO", "BND", "VOO", "BND"],
        "shares": [10.0, 40.0, 10.0, 80.0],
    }
    pq.write_table(pa.table(held), tmp_path / "positions.parquet")
    accounts = pa.table({"account": ["A1", "A2"], "model": ["half", "half"], "cash": [100.0, 0.0]})
    pq.write_table(accounts, tmp_path / "accounts.parquet")
    relation = duckdb.sql(
        f"""SELECT a.account, any_value(model) AS model, any_value(cash) AS cash,
               list({{'symbol': symbol, 'shares': shares}}) AS positions
        FROM '{tmp_path}/accounts.parquet' a JOIN '{tmp_path}/positions.parquet' USING (account)
        GROUP BY a.account"""
    )
    models = [
        {"model": "half", "symbol": s, "target": "50%", "policy": "threshold 5%"} for s in ("VOO", "BND")
    ]
    prices = [{"symbol": "VOO", "price": 600}, {"symbol": "BND", "price": 75}]
    found = batch.plan(relation, models, prices, base_currency="USD", as_of=date(2026, 11, 23))
    planned = duckdb.from_arrow(pa.Table.from_batches(list(found)))
    told = planned.query(
        "planned", "SELECT status, count(*), sum(trades) FROM planned GROUP BY status ORDER BY status"
    )
    assert told.fetchall() == [("in_band", 1, 0), ("planned", 1, 2)]
