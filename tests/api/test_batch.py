"""The library's batch: what goes in, what comes out, and how wrong tables are refused."""

import inspect
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas
import polars
import pyarrow as pa
import pytest

import steelyard
from steelyard import batch
from steelyard.errors import InputError, PortfolioProblems

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 23)
MODELS = [
    {"model": "half", "symbol": "VOO", "target": "0.5", "policy": "threshold 5%"},
    {"model": "half", "symbol": "BND", "target": "0.5", "policy": "threshold 5%"},
]
PRICES = [{"symbol": "VOO", "price": 600}, {"symbol": "BND", "price": 75}]


def account(name, *held, cash=(), model="half", **fields):
    return {
        "account": name,
        "model": model,
        "positions": [{"symbol": s, "shares": n} for s, n in held],
        "cash": [{"currency": c, "amount": a} for c, a in cash],
        "reserve": fields.get("reserve", 0),
        "can_sell": fields.get("can_sell", True),
        **fields,
    }


def planned(accounts, models=MODELS, prices=PRICES, **settings):
    found = batch.plan(accounts, models, prices, **{"base_currency": "USD", "as_of": DAY} | settings)
    return [row for part in found for row in part.to_pylist()]


def test_an_account_off_its_band_is_brought_to_target_by_hand_reckoned_trades():
    """10 VOO at 600 and 40 BND at 75 are 9,000: 4,500 each would be 7.5 VOO and 60 BND.

    Selling 2 VOO leaves them at 4,800 and brings 1,200, 16 BND, 4,200: 300 away each, 180,000 in squares.
    Selling 3 leaves 4,200 and brings enough for 20 BND, exactly 4,500: 90,000, and 300 stay cash.
    """
    (row,) = planned(pa.Table.from_pylist([account("A", ("VOO", 10), ("BND", 40))]))
    assert (row["status"], row["code"], row["reason"]) == ("planned", "threshold", "BND is outside its band")
    assert row["total_value"] == 9000
    assert row["misplaced_before"] == Decimal("0.166666666667")
    assert [(o["side"], o["symbol"], o["shares"], o["amount"]) for o in row["orders"]] == [
        ("sell", "VOO", 3, 1800),
        ("buy", "BND", 20, 1500),
    ]
    assert (row["objective"], row["bound"], row["proven"]) == (90_000, 90_000, True)
    assert (row["trades"], row["costs"], row["cash_after"]) == (2, 0, 300)
    assert row["misplaced_after"] == Decimal("0.016666666667")


def test_an_account_within_its_bands_is_left_alone():
    (row,) = planned(pa.Table.from_pylist([account("A", ("VOO", 10), ("BND", 80))]))
    assert (row["status"], row["code"], row["trades"], row["orders"]) == ("in_band", None, 0, [])


def test_one_that_cannot_be_planned_is_refused_and_stops_no_other():
    rows = planned(
        pa.Table.from_pylist(
            [
                account("unknown", ("ZZZZ", 1)),
                account("twice", ("VOO", 1), ("VOO", 2)),
                account("negative", ("VOO", -1)),
                account("currency", cash=[("EUR", 5)]),
                account("model", model="third"),
                account("spent", ("VOO", 10), reserve=99999, can_sell=False),
                account("good", ("VOO", 10), ("BND", 40)),
            ]
        )
    )
    codes = {row["account"]: row["code"] for row in rows}
    assert codes == {
        "unknown": "unknown-symbol",
        "twice": "duplicate-position",
        "negative": "negative",
        "currency": "fx-missing",
        "model": "batch-model",
        "spent": "no-plan",
        "good": "threshold",
    }
    assert [row["status"] for row in rows] == ["refused"] * 6 + ["planned"]
    assert all(row["total_value"] is None and row["trades"] is None for row in rows[:6])


def test_whoever_holds_the_table_the_plans_are_the_same():
    """Decimals, whole numbers, floats by their shortest decimal; pyarrow, Polars, pandas, batches."""
    rows = [account("A", ("VOO", 10.5), ("BND", 40.0), cash=[("USD", 0.3)]), account("B", ("VOO", 4.0))]
    table = pa.Table.from_pylist(rows)
    exact = pa.list_(pa.struct([("symbol", pa.string()), ("shares", pa.decimal128(20, 3))]))
    decimals = table.set_column(2, "positions", table["positions"].cast(exact))
    expected = planned(table)
    assert expected[0]["total_value"] == Decimal("9300.3")
    for accounts in (
        decimals,
        table.to_batches(max_chunksize=1),
        iter(table.to_batches()),
        table.to_batches()[0],
        polars.from_arrow(table),
        pandas.DataFrame(rows),
    ):
        assert planned(accounts) == expected
    assert planned(table, polars.DataFrame(MODELS), polars.DataFrame(PRICES)) == expected


def test_cash_may_be_a_number_in_base_currency():
    rows = [account("A", ("VOO", 10), ("BND", 40), cash=[("USD", 100)])]
    plain = [{**rows[0], "cash": 100}]
    assert planned(pa.Table.from_pylist(plain)) == planned(pa.Table.from_pylist(rows))


def test_orders_become_rows_with_their_account():
    table = pa.Table.from_pylist([account("A", ("VOO", 10)), account("B"), account("C", ("BND", 40))])
    (found,) = batch.plan(table, MODELS, PRICES, base_currency="USD", as_of=DAY)
    rows = batch.trades(found).to_pylist()
    assert [(r["account"], r["side"], r["symbol"]) for r in rows] == [
        ("A", "sell", "VOO"),
        ("A", "buy", "BND"),
        ("C", "sell", "BND"),
        ("C", "buy", "VOO"),
    ]


def test_check_says_who_is_due():
    table = pa.Table.from_pylist(
        [account("A", ("VOO", 10)), account("B", ("VOO", 10), ("BND", 80)), account("C", ("Z", 1))]
    )
    (found,) = batch.check(table, MODELS, PRICES, base_currency="USD", as_of=DAY)
    rows = found.to_pylist()
    assert [(r["status"], r["code"]) for r in rows] == [
        ("due", "threshold"),
        ("in_band", None),
        ("refused", "unknown-symbol"),
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"models": [{**MODELS[0], "target": "0.4"}, MODELS[1]]}, "target-sum"),
        ({"models": [MODELS[0], MODELS[0]]}, "batch-duplicate"),
        ({"models": [{"model": "half", "symbol": "VOO"}]}, "batch-column"),
        ({"models": [{**MODELS[0], "policy": "never"}, MODELS[1]]}, "batch-value"),
        ({"models": [{**row, "policy": "never"} for row in MODELS]}, "policy-text"),
        ({"models": []}, "batch-model"),
        ({"prices": [{"symbol": "VOO", "price": 0}]}, "batch-value"),
        ({"prices": [{"symbol": "VOO", "price": float("nan")}]}, "batch-value"),
        ({"prices": [{"symbol": "VOO", "price": 600, "priced_on": date(2026, 11, 24)}]}, "price-after"),
        ({"prices": PRICES + PRICES}, "batch-duplicate"),
        ({"rates": [{"pair": "USDJPY", "rate": 0}]}, "batch-value"),
    ],
)
def test_a_wrong_table_is_refused_before_any_account(changed, code):
    with pytest.raises(PortfolioProblems) as refused:
        planned(pa.Table.from_pylist([account("A")]), **changed)
    assert code in {problem.code for problem in refused.value.problems}


def test_of_one_mistake_a_few_are_shown_and_the_others_counted():
    prices = [{"symbol": f"S{n}", "price": -1} for n in range(30)]
    with pytest.raises(PortfolioProblems) as refused:
        planned(pa.Table.from_pylist([account("A")]), prices=prices)
    texts = [str(problem) for problem in refused.value.problems]
    assert len(texts) == 6
    assert texts[0] == "error[batch-value]: -1 is not above zero (prices:1)"
    assert texts[-1] == "error[batch-value]: 25 more rows like these (prices)"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"account": "A"}], "batch-column"),
        ([{**account("A", ("VOO", 1)), "nonsense": 1}], "batch-column"),
        ([{**account("A", ("VOO", 1)), "positions": "VOO"}], "batch-column"),
        ([{**account("A", ("VOO", 1)), "households": "H"}], "batch-column"),
    ],
)
def test_accounts_of_another_shape_are_refused(rows, code):
    with pytest.raises(InputError) as refused:
        planned(pa.Table.from_pylist(rows))
    assert refused.value.code == code


def test_what_is_no_table_is_refused():
    with pytest.raises(InputError, match="no table") as refused:
        planned(7)
    assert refused.value.code == "batch-table"


@pytest.mark.parametrize("name", batch.__all__)
def test_a_function_is_documented_typed_and_named_in_the_guide(name):
    function = getattr(steelyard.batch, name)
    doc = inspect.getdoc(function)
    parameters = inspect.signature(function).parameters
    assert all(parameter in doc for parameter in parameters)
    assert all(p.annotation is not inspect.Parameter.empty for p in parameters.values())
    assert f"batch.{name}(" in (ROOT / "docs" / "guides" / "batch.md").read_text(encoding="utf-8")
