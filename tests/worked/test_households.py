"""The two households of docs/guides/households.md: what the page says of their plans, trade by trade.

The plans are found and not proven, so the tests hold them to the judgement and not to the share.
"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import steelyard

D = Decimal
DAY = date(2026, 11, 23)
PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "households.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```toml\n# (\w+\.toml)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def planned(name, tmp_path):
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    portfolio = steelyard.load(path)
    assert steelyard.check(portfolio, as_of=DAY).decision.due
    return steelyard.plan(portfolio, as_of=DAY)


def followed(plan):
    """What holds for both: no tax, everything inside its band of five points, near enough, fewer trades."""
    assert plan.taxes == 0
    assert all(abs(h.drift.drift) <= D("0.05") for h in plan.after)
    assert plan.distance <= plan.nearest.distance + D("0.005")
    assert len(plan.trades) < plan.nearest.trades
    return {(t.account, t.side, t.symbol) for t in plan.trades}


def test_a_korean_household_sells_where_no_tax_is_due_and_buys_what_each_account_may_hold(tmp_path):
    plan = planned("korea.toml", tmp_path)
    trades = followed(plan)
    assert {t for t in trades if t[1] == "sell"} <= {("krx", "sell", "069500"), ("pension", "sell", "360750")}
    assert ("krx", "sell", "069500") in trades
    assert {s for a, side, s in trades if a == "overseas"} <= {"VOO"}
    # The IRP stands at 71 % of risky funds, over its cap of 70 %: nothing risky is bought there.
    assert not {t for t in trades if t[0] == "irp" and t[1] == "buy" and t[2] != "148070"}
    assert plan.costs < 10_000


@pytest.mark.long("twenty seconds of search for one household")
def test_an_american_household_sells_the_mixed_fund_in_the_ira_and_no_gain_outside(tmp_path):
    trades = followed(planned("us.toml", tmp_path))
    assert not {t for t in trades if t[1] == "sell" and t[0] == "taxable"}
    assert ("ira", "sell", "VFIFX") in trades
    assert ("ira", "buy", "BND") in trades
    assert not {t for t in trades if t[1] == "buy" and t[2] in ("VOO", "AGG", "VFIFX")}
    assert not {t for t in trades if t[0] in ("taxable", "roth") and t[2] == "BND"}
