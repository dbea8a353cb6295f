"""A band of its own for one target counts wherever bands count: check, plan, destination, alert, backtest."""

from datetime import date
from decimal import Decimal

import steelyard
from builders import account, portfolio, position
from steelyard.domain.portfolio import by_first_fund

D = Decimal
DAY = date(2026, 11, 23)


def loaded(tmp_path, text):
    path = tmp_path / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    return steelyard.load(path)


def test_a_class_may_have_a_band_of_its_own_and_the_plan_ends_inside_it(tmp_path):
    """1,000 in three shares of 100 of A, one of B and 600 of bonds; bonds 55 % with a band of 1 point.

    Half a percent may be accepted, but nothing outside a band: 5 points over must go, with 0.5 % to spare
    of the policy's 20.
    """
    text = portfolio(
        {"stocks": "45%", "C": "55%"},
        account(position("A", 3, "100"), position("B", 1, "100"), position("C", 60, "10"), cash={"USD": 0}),
        base_currency="USD",
        policy={"threshold": "20%"},
        **{"classes.stocks": {"members": ["A", "B"]}, "bands.C": {"threshold": "1%"}},
        constraints={"accept_drift": "50%"},
    )
    held = loaded(tmp_path, text)
    report = steelyard.check(held, as_of=DAY)
    assert [(r.symbol, r.limit) for r in report.decision.reasons] == [("C", D("0.01"))]
    after = {h.symbol: h.drift.weight for h in steelyard.plan(held, as_of=DAY).after}
    assert D("0.54") <= after["C"] <= D("0.56")


def test_the_edge_of_a_destination_is_the_edge_of_the_own_band(tmp_path):
    """B is 10 points over its 50 %; its own edge is 52 %, so 8 of 60 shares at 10 of 1,000 go."""
    text = portfolio(
        {"A": "50%", "B": "50%"},
        account(position("A", 40, "10"), position("B", 60, "10"), cash={"USD": 0}),
        base_currency="USD",
        policy={"threshold": "5%", "destination": "edge"},
        **{"bands.B": {"threshold": "2%"}},
    )
    plan = steelyard.plan(loaded(tmp_path, text), as_of=DAY)
    assert [(t.side, t.symbol, t.shares) for t in plan.trades] == [("sell", "B", 8), ("buy", "A", 8)]


def test_a_backtest_gives_the_band_of_a_class_to_the_fund_that_stands_for_it(tmp_path):
    text = portfolio(
        {"stocks": "60%", "C": "40%"},
        account(position("A", 6, "10"), position("C", 4, "10")),
        base_currency="USD",
        **{"classes.stocks": {"members": ["A", "B"], "buy": ["B"]}, "bands.stocks": {"threshold": "1%"}},
        prices={"B": "10"},
    )
    narrowed, stands = by_first_fund(loaded(tmp_path, text))
    assert stands == {"stocks": "B"}
    assert [(b.name, b.threshold) for b in narrowed.policy.own_bands] == [("B", D("0.01"))]
    prices = {"date": ["2026-01-02", "2026-01-05", "2026-01-06"], "B": [10, 10, 10.6], "C": [10, 10, 10]}
    report = steelyard.backtest_portfolio(loaded(tmp_path, text), prices)
    (result,) = report.study.results
    assert result.policy == "hybrid quarterly 5% 180d with B 1%"


def test_a_daily_threshold_trades_at_its_own_band_alone():
    """60/40 with B up 3 %: 60.71 % is 0.71 points over; only a band of half a point trades."""
    prices = {"date": ["2026-01-02", "2026-01-05"], "B": [10, 10.3], "C": [10, 10]}
    policies = ["threshold 5%", "threshold 5% with B 0.5%", "threshold 0.5% with B 5%, C 5%"]
    study = steelyard.backtest(prices, {"B": D("0.6"), "C": D("0.4")}, policies)
    assert [r.rebalances for r in study.results] == [0, 1, 0]
