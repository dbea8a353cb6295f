"""Accounts of a household in a batch: planned together, as the file that holds them all is planned."""

import random
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import steelyard
from lanes import sizes
from steelyard import batch
from steelyard.app.batch import prepare
from steelyard.errors import SteelyardError

DAY = date(2026, 11, 23)
TERMS = {"base_currency": "USD", "as_of": DAY, "commission": "0.1%", "min_commission": "1"}
TARGETS = {"VOO": "0.5", "BND": "0.3", "GLD": "0.2"}
PRICES = {"VOO": "601.37", "BND": "73.12", "GLD": "381.5"}
KINDS = [None, "taxable", "ira", "roth_ira"]
MODELS = [
    {"model": "m", "symbol": symbol, "target": target, "policy": "threshold 5%"}
    for symbol, target in TARGETS.items()
]


def drawn(draw, number):
    """One household: two or three accounts, of which at most one has money coming in or going out."""
    rows = []
    if number % 4 == 0:
        # On target all together, and each far from it.
        size = draw.randint(1, 9)
        shares = {"VOO": 10 * size, "BND": 49 * size, "GLD": 6 * size + 3 * size // 10}
        return [
            {
                "account": f"H{number:03}-{symbol}",
                "model": "m",
                "household": f"house {number}",
                "kind": None,
                "positions": [{"symbol": symbol, "shares": str(count)}],
                "cash": [],
                "cash_flow": None,
                "locked": [],
            }
            for symbol, count in shares.items()
        ]
    moving = draw.choice([None, 0, 1])
    for place in range(draw.choice([2, 3])):
        held = draw.sample(sorted(TARGETS), draw.randint(0, 3))
        rows.append(
            {
                "account": f"H{number:03}-{place}",
                "model": "m",
                "household": f"house {number}",
                "kind": draw.choice(KINDS),
                "positions": [{"symbol": s, "shares": str(draw.randint(1, 80))} for s in held],
                "cash": [{"currency": "USD", "amount": str(draw.randint(500, 20_000))}],
                "cash_flow": str(draw.choice([900, 3000])) if place == moving else None,
                "locked": draw.choice([[], [], ["GLD"]]),
            }
        )
    return rows


SCHEMA = pa.schema(
    [
        ("account", pa.string()),
        ("model", pa.string()),
        ("household", pa.string()),
        ("kind", pa.string()),
        ("positions", pa.list_(pa.struct([("symbol", pa.string()), ("shares", pa.string())]))),
        ("cash", pa.list_(pa.struct([("currency", pa.string()), ("amount", pa.string())]))),
        ("cash_flow", pa.string()),
        ("locked", pa.list_(pa.string())),
    ]
)


def planned(rows, **terms):
    parts = batch.plan(pa.Table.from_pylist(rows, SCHEMA), MODELS, priced(), **TERMS, **terms)
    return {row["account"]: row for part in parts for row in part.to_pylist()}


def priced():
    return [{"symbol": symbol, "price": price} for symbol, price in PRICES.items()]


def by_file(rows):
    """The plan of the household's own file, or the code it is refused with."""
    accounts = []
    for row in sorted(rows, key=lambda row: row["account"]):
        values = {"name": row["account"], "positions": row["positions"]}
        values["cash"] = {c["currency"]: c["amount"] for c in row["cash"]}
        values |= {key: row[key] for key in ("kind", "locked") if row[key]}
        accounts.append(values)
    flow = next((row for row in rows if row["cash_flow"]), None)
    try:
        home = steelyard.build(
            "USD",
            TARGETS,
            accounts,
            prices=PRICES,
            policy={"kind": "threshold", "threshold": "5%"},
            costs={"commission": "0.1%", "min_commission": "1"},
        )
        due = steelyard.check(home, as_of=DAY).decision.due
        if flow is None or due:
            money = {"cash": flow["cash_flow"], "account": flow["account"]} if flow else {}
            return steelyard.plan(home, as_of=DAY, policy_gate=flow is None, **money)
        return steelyard.plan(
            home,
            as_of=DAY,
            cash=flow["cash_flow"],
            account=flow["account"],
            can_sell=False,
            objective="shortfall",
        )
    except SteelyardError as error:
        return error.code


@pytest.mark.parametrize("cases", sizes(8, 80, "a household plan each, and its file's"))
def test_a_household_is_planned_as_its_file_is(cases):
    draw = random.Random(20)
    houses = [drawn(draw, number) for number in range(cases)]
    rows = [row for house in houses for row in house]
    draw.shuffle(rows)
    told = planned(rows)
    statuses = set()
    for house in houses:
        mine, expected = [told[row["account"]] for row in house], by_file(house)
        if isinstance(expected, str):
            assert {row["code"] for row in mine} == {expected}
            continue
        orders = sorted(
            (row["account"], o["symbol"], o["side"], o["shares"]) for row in mine for o in row["orders"]
        )
        assert orders == sorted((t.account, t.symbol, t.side, t.shares) for t in expected.trades)
        assert sum(row["costs"] for row in mine) == expected.costs
        assert sum(row["cash_after"] for row in mine) == expected.cash_after
        assert {row["proven"] for row in mine} == {expected.objective.proven}
        reached = expected.objective.value.quantize(Decimal("1e-12"))
        assert {row["objective"] for row in mine} == {reached}
        statuses |= {row["status"] for row in mine}
    assert statuses >= {"planned", "in_band"}


def test_one_accounts_surplus_is_the_others_shortfall():
    """Worked by hand: each account alone is far off, both together are on target, so nobody trades."""
    rows = [
        {"account": "A", "model": "m", "household": "h", "positions": [{"symbol": "VOO", "shares": "10"}]},
        {"account": "B", "model": "m", "household": "h", "positions": [{"symbol": "BND", "shares": "49"}]},
        {"account": "C", "model": "m", "household": "h", "positions": [{"symbol": "GLD", "shares": "6"}]},
    ]
    rows = [{**row, "cash": []} for row in rows]
    told = planned(rows)
    assert {row["status"] for row in told.values()} == {"in_band"}
    alone = planned([{**row, "household": None} for row in rows])
    assert {row["status"] for row in alone.values()} == {"planned"}
    assert told["A"]["total_value"] == Decimal("6013.7")


def test_accounts_of_a_household_that_do_not_go_together_are_refused_by_name():
    house = drawn(random.Random(1), 1)[:2]
    for change, said in (
        ({"model": "other"}, "differ in model"),
        ({"cash_flow": "100"}, "money moves in several accounts"),
    ):
        rows = [{**house[0], "cash_flow": "50"}, {**house[1], **change}]
        told = planned(rows).values()
        assert {(row["status"], row["code"]) for row in told} == {("refused", "batch-household")}
        assert all(said in row["reason"] for row in told)


def test_the_kind_of_a_lone_account_counts_too():
    """An IRP holds at most 70 % of risky assets; as any other account it would be bought full."""
    rows = [
        {
            "account": "P",
            "model": "k",
            "kind": kind,
            "positions": [],
            "cash": [{"currency": "KRW", "amount": "10000000"}],
        }
        for kind in (None, "irp")
    ]
    models = [{"model": "k", "symbol": "360750", "target": "1", "policy": "threshold 5%"}]
    shares = []
    for row in rows:
        (part,) = batch.plan(
            pa.Table.from_pylist([row], SCHEMA),
            models,
            [{"symbol": "360750", "price": "20000"}],
            base_currency="KRW",
            as_of=DAY,
        )
        shares.append([order["shares"] for row in part.to_pylist() for order in row["orders"]])
    assert shares == [[500], [350]]


def test_a_household_is_prepared_into_one_bucket(tmp_path, monkeypatch):
    """Its accounts hash to different buckets by their own names, and its positions come in any order."""
    monkeypatch.setattr(prepare, "POSITIONS_A_BUCKET", 40)
    draw = random.Random(4)
    # Few that trade: the others need no search.
    houses = [drawn(draw, number if number < 3 else 4 * number) for number in range(60)]
    lone = [{**row, "household": None, "account": f"L{n}"} for n, row in enumerate(drawn(draw, 99))]
    rows = [row for house in houses for row in house] + lone
    (tmp_path / "in").mkdir()
    accounts = pa.Table.from_pylist(rows, SCHEMA).drop_columns(["positions"])
    positions = [{"account": row["account"], **p} for row in rows for p in row["positions"]]
    draw.shuffle(positions)
    tables = {
        "accounts": accounts,
        "positions": pa.Table.from_pylist(positions),
        "models": pa.Table.from_pylist(MODELS),
        "prices": pa.Table.from_pylist(priced()),
    }
    for name, table in tables.items():
        pq.write_table(table, tmp_path / "in" / f"{name}.parquet")
    made = batch.prepare(tmp_path / "in", tmp_path / "work", **TERMS)
    assert (made.accounts, made.positions) == (len(rows), len(positions))
    assert made.buckets > 3
    where = {}
    for bucket in sorted((tmp_path / "work" / "buckets").iterdir()):
        for row in pq.read_table(bucket).to_pylist():
            where.setdefault(row["household"] or row["account"], set()).add(bucket.name)
    assert all(len(buckets) == 1 for buckets in where.values())
    assert len(set.union(*where.values())) > 3
    batch.plan_work(tmp_path / "work", tmp_path / "out", threads=2)
    batch.reconcile(tmp_path / "work", tmp_path / "out")
    told = {row["account"]: row for row in pq.read_table(tmp_path / "out" / "plans").to_pylist()}
    for account, row in planned(rows).items():
        row.pop("orders")
        assert told[account] == row
