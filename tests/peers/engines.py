"""Runs other people's engines on the cases of a file, by their own interpreter; nothing of ours is imported.

Called as `python engines.py ENGINE IN.npz OUT.npz`. The cases are a JSON list under `cases`, their closes
under `prices0`, `prices1` and so on. What comes back for case k is `values<k>` (wealth at every close) and
`traded<k>` (the sessions with orders). Policies are told in the engine's own words wherever it has any.
"""

import json
import sys

import numpy as np
import pandas as pd

INITIAL = 1_000_000.0
PERIODS = {"weekly": "W", "monthly": "M", "quarterly": "Q", "annual": "Y"}


def frame(case, prices):
    index = pd.to_datetime(case["dates"])
    return pd.DataFrame(prices, index=index, columns=list("ABCDEFGH")[: prices.shape[1]])


def first_of_period(index, look):
    """Which dates are the first of their period among the data, by pandas."""
    return ~pd.Series(index.to_period(PERIODS[look])).duplicated().to_numpy()


def bt_engine(case, prices):
    import bt

    data = frame(case, prices)
    targets = dict(zip(data.columns, case["targets"], strict=True))
    bare = {
        "weekly": bt.algos.RunWeekly,
        "monthly": bt.algos.RunMonthly,
        "quarterly": bt.algos.RunQuarterly,
        "annual": bt.algos.RunYearly,
    }

    class Outside(bt.Algo):
        """Absolute bands and the longest interval, which the engine has no word for."""

        def __init__(self):
            super().__init__()
            self.last = None

        def __call__(self, target):
            value = target.value
            held = {name: child.value for name, child in target.children.items()}
            due = self.last is None
            if not due:
                gaps = [abs(held.get(n, 0.0) - w * value) for n, w in targets.items()]
                due = max(gaps) > case["band"] * value
                days = (target.now - self.last).days
                due = due or (case["kind"] == "hybrid" and days > case["max_interval"])
            if due:
                self.last = target.now
            return due

    weigh = bt.algos.WeighSpecified(**targets)
    kind = case["kind"]
    if kind == "hold":
        steps = [bt.algos.RunOnce(), weigh]
    elif kind == "calendar":
        steps = [bare[case["look"]](), weigh]
    elif kind == "relative":
        out = bt.algos.RunIfOutOfBounds(case["band"])
        steps = [weigh, bt.algos.Or([bt.algos.RunOnce(), out])]
    elif kind == "absolute":
        steps = [Outside(), weigh]
    else:
        steps = [bare[case["look"]](), Outside(), weigh]
    rate = case.get("rate", 0.0)
    test = bt.Backtest(
        bt.Strategy("s", [*steps, bt.algos.Rebalance()]),
        data,
        initial_capital=INITIAL,
        integer_positions=case.get("whole", False),
        commissions=(lambda quantity, price: abs(quantity) * price * rate) if rate else None,
        progress_bar=False,
    )
    test.run()
    # It puts an empty row before the data.
    values = test.strategy.values.to_numpy()[1:]
    traded = test.strategy.outlays.abs().sum(axis=1).to_numpy()[1:] > 1e-6
    return values, np.flatnonzero(traded)


def vectorbt_engine(case, prices):
    import vectorbt as vbt

    data, targets = frame(case, prices), np.array(case["targets"])
    if case["kind"] in ("absolute", "relative"):
        return _vectorbt_bands(case, data, targets)
    first = np.arange(len(data)) == 0
    looks = first if case["kind"] == "hold" else first_of_period(data.index, case["look"])
    size = np.where(looks[:, None], targets, np.nan)
    done = vbt.Portfolio.from_orders(
        data,
        size,
        size_type="targetpercent",
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        init_cash=INITIAL,
        fees=case.get("rate", 0.0),
        freq="D",
    )
    return done.value().to_numpy(), np.unique(done.orders.records["idx"].to_numpy())


_COMPILED = {}


def _vectorbt_functions():
    if _COMPILED:
        return _COMPILED
    from numba import njit
    from vectorbt.portfolio import nb
    from vectorbt.portfolio.enums import Direction, SizeType

    percent, long_only = SizeType.TargetPercent, Direction.LongOnly

    @njit
    def before(c, targets, widths):
        value = c.last_cash[c.group]
        for col in range(c.from_col, c.to_col):
            c.last_val_price[col] = c.close[c.i, col]
            value += c.last_position[col] * c.close[c.i, col]
        due = c.i == 0
        for col in range(c.from_col, c.to_col):
            worth = c.last_position[col] * c.close[c.i, col]
            due = due or abs(worth - targets[col] * value) > widths[col] * value
        size = np.full(len(targets), np.nan)
        if due:
            size[:] = targets
        keys = np.empty(len(targets))
        nb.sort_call_seq_nb(c, size, percent, long_only, keys)
        return (size,)

    @njit
    def order(c, size):
        wanted = size[c.col]
        if np.isnan(wanted):
            return nb.order_nothing_nb()
        return nb.order_nb(wanted, c.close[c.i, c.col], size_type=percent, direction=long_only)

    _COMPILED.update(before=before, order=order)
    return _COMPILED


def _vectorbt_bands(case, data, targets):
    import vectorbt as vbt

    functions = _vectorbt_functions()
    widths = case["band"] * (targets if case["kind"] == "relative" else np.ones_like(targets))
    done = vbt.Portfolio.from_order_func(
        data,
        functions["order"],
        pre_segment_func_nb=functions["before"],
        pre_segment_args=(targets, widths),
        group_by=True,
        cash_sharing=True,
        init_cash=INITIAL,
        freq="D",
    )
    return done.value().to_numpy(), np.unique(done.orders.records["idx"].to_numpy())


def cvxportfolio_engine(case, prices):
    import cvxportfolio as cvx

    data = frame(case, prices)
    # Its returns are of the day that begins with the trade.
    returns = (data.shift(-1) / data - 1.0).iloc[:-1]
    returns["cash"] = 0.0
    market = cvx.UserProvidedMarketData(
        returns=returns, volumes=None, cash_key="cash", min_history=pd.Timedelta(0)
    )
    looks = first_of_period(data.index, case["look"])[:-1]
    target = pd.Series([*case["targets"], 0.0], index=returns.columns)
    policy = cvx.PeriodicRebalance(target=target, rebalancing_times=returns.index[looks])
    simulator = cvx.MarketSimulator(
        market_data=market,
        costs=[cvx.TransactionCost(a=case["rate"], b=None)],
        round_trades=False,
    )
    result = simulator.backtest(policy, start_time=returns.index[0], initial_value=INITIAL, h=None)
    return result.v.to_numpy(), np.flatnonzero(looks)


def empyrical_engine(case, prices):
    """The statistics of one series of session returns against another."""
    import empyrical

    changes, other = prices[:, 0], prices[:, 1]
    risk_free = case["risk_free"]
    numbers = [
        empyrical.cagr(changes),
        empyrical.annual_volatility(changes),
        empyrical.sharpe_ratio(changes, risk_free),
        empyrical.sortino_ratio(changes, risk_free),
        empyrical.max_drawdown(changes),
        empyrical.annual_volatility(changes - other),
    ]
    return np.array(numbers), np.empty(0)


def ffn_engine(case, prices):
    """The deepest fall with the dates of its high, its low and its recovery."""
    import ffn

    series = pd.Series(prices[:, 0], index=pd.to_datetime(case["dates"]))
    table = ffn.drawdown_details(ffn.to_drawdown_series(series))
    worst = table.loc[table["drawdown"].astype(float).idxmin()]
    low = ffn.to_drawdown_series(series).idxmin()
    return np.array([float(worst["drawdown"]), low.toordinal()]), np.empty(0)


def pyxirr_engine(case, prices):
    import pyxirr

    return np.array([pyxirr.xirr(pd.to_datetime(case["dates"]).date.tolist(), case["amounts"])]), np.empty(0)


ENGINES = {
    "bt": bt_engine,
    "vectorbt": vectorbt_engine,
    "cvxportfolio": cvxportfolio_engine,
    "empyrical": empyrical_engine,
    "ffn": ffn_engine,
    "pyxirr": pyxirr_engine,
}


def main():
    name, source, target = sys.argv[1:]
    with np.load(source) as given:
        cases = json.loads(str(given["cases"]))
        out = {}
        for k, case in enumerate(cases):
            values, traded = ENGINES[name](case, given[f"prices{k}"])
            out[f"values{k}"], out[f"traded{k}"] = values, traded
    np.savez(target, **out)


if __name__ == "__main__":
    main()
