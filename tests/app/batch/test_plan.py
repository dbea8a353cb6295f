"""Every account of a batch is planned as it would be alone.

What is expected comes from the portfolio file of each account, read and planned by the public functions that
the commands use: none of them knows of batches.
"""

import pyarrow as pa
import pytest

import steelyard
from batch_platform import AS_OF, SCHEMA, Platform
from lanes import sizes
from steelyard import batch
from steelyard.domain.money import figure
from steelyard.errors import SteelyardError

TRADE = ("symbol", "side", "shares", "price", "amount", "cost")
FIGURES = (
    "total_value", "misplaced_before", "misplaced_after", "objective", "bound", "costs", "cash_after",
)  # fmt: skip
TRADE = ("symbol", "side", "shares", "price", "amount", "cost")
FIGURES = (
    "total_value", "misplaced_before", "misplaced_after", "objective", "bound", "costs", "cash_after",
)  # fmt: skip


def alone(platform, one, folder):
    """What the commands say of an account's own file: status, code, and the figures of its plan."""
    path = folder / "portfolio.toml"
    path.write_text(platform.file(one))
    try:
        found = steelyard.load(path)
        checked = steelyard.check(found, as_of=AS_OF).to_dict()
        due, flow = checked["decision"]["due"], one["cash_flow"]
        if due or not flow:
            made = steelyard.plan(
                found,
                cash=flow,
                as_of=AS_OF,
                can_buy=one["can_buy"],
                can_sell=one["can_sell"],
                policy_gate=True,
            )
        elif flow > 0 and one["can_buy"]:
            made = steelyard.invest(found, flow, as_of=AS_OF)
        elif flow < 0 and one["can_sell"]:
            made = steelyard.withdraw(found, -flow, as_of=AS_OF)
        else:
            made = steelyard.plan(
                found, cash=flow, as_of=AS_OF, can_buy=False, can_sell=False,
                objective="absolute" if flow < 0 else "shortfall",
            )  # fmt: skip
    except SteelyardError as error:
        return {"status": "refused", "code": error.code, "trades": []}
    plan = made.to_dict()
    decision = checked["decision"]
    if due:
        code = decision["reasons"][0]["rule"]
    elif flow:
        code = "cash_flow"
    else:
        code = "cooldown" if decision["held_back"] else None
    return {
        "status": "planned" if due or flow else "in_band",
        "code": code,
        "trades": [tuple(t[k] for k in TRADE) for t in plan["trades"]],
        "total_value": checked["total_value"],
        "misplaced_before": checked["misplaced"],
        "misplaced_after": plan["after"]["misplaced"],
        "objective": plan["objective"]["value"],
        "bound": plan["objective"]["bound"],
        "proven": plan["objective"]["proven_optimal"],
        "costs": plan["costs"],
        "cash_after": plan["after"]["cash"],
    }


def told(row):
    """What the batch says of it, in the same form."""
    found = {"status": row["status"], "code": row["code"]}
    found["trades"] = [
        (o["symbol"], o["side"], *(figure(o[k]) for k in ("shares", "price", "amount", "cost")))
        for o in row["orders"]
    ]
    if row["status"] == "refused":
        return found
    assert row["trades"] == len(row["orders"])
    names = (
        "total_value",
        "misplaced_before",
        "misplaced_after",
        "objective",
        "bound",
        "costs",
        "cash_after",
    )
    return found | {n: figure(row[n]) for n in names} | {"proven": row["proven"]}


def planned(platform):
    models, prices, settings = platform.tables()
    accounts = pa.Table.from_pylist(platform.accounts, SCHEMA)
    found = batch.plan(accounts, models, prices, **settings)
    return [row for part in found for row in part.to_pylist()]


@pytest.mark.parametrize("accounts", sizes(200, 4_000, "a file is written, read and planned for each"))
def test_every_account_is_planned_as_its_own_file_is(accounts, tmp_path):
    """Trade for trade, status for status, code for code, figure for figure."""
    for seed in range(accounts // 40):
        platform = Platform(seed, 40)
        rows = planned(platform)
        assert [row["account"] for row in rows] == [one["account"] for one in platform.accounts]
        for one, row in zip(platform.accounts, rows, strict=True):
            assert told(row) == alone(platform, one, tmp_path), (seed, one)
