"""The definition of a backtest, as a plain loop over sessions.

Every session, at its close: cash earns interest, distributions are paid, money flows in or out, the
policy looks, and trades at the same close. The first session buys the targets. Costs leave wealth
before the new weights are set, so the weights hold exactly after costs and the cost itself is not
traded. Sums run in the order of the instruments; `compiled_backtest` does the same in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steelyard.engines.arrays import Floats
from steelyard.engines.lab.backtest.after_tax import TaxBook
from steelyard.engines.lab.backtest.records import DUST, YEARLY, Backtest, Runs, TradingTerms, empty_runs
from steelyard.engines.lab.backtest.rule_rows import RuleRows
from steelyard.engines.lab.backtest.whole_shares import INVEST, RAISE, REBALANCE, trades

Numbers = list[float]

ROUNDS = 60
"""How often a plan is made again to pay for the tax its own sales withhold; a few are enough."""


def run(problem: Backtest, *, holdings: bool = True) -> Runs:
    """Return what every policy of a problem did.

    Args:
        problem: See its record for shapes and units.
        holdings: Keep the shares of every session.
    """
    runs = empty_runs(problem, holdings=holdings)
    for policy in range(problem.shape[0]):
        _follow(problem, policy, runs)
    return runs


def _follow(problem: Backtest, policy: int, runs: Runs) -> None:
    """Walk one policy through all sessions and write its rows of `runs`."""
    market, terms = problem.market, problem.terms
    _, sessions, instruments = problem.shape
    rows = RuleRows(problem, policy)
    targets = rows.targets(0)
    book = None if problem.tax is None else TaxBook(problem.tax)
    shares, cash, last = [0.0] * instruments, terms.initial, int(market.days[0])
    for t in range(sessions):
        prices = market.prices[t].tolist()
        levied = 0.0
        if rows.moved(t):
            targets = rows.targets(t)
        if t and len(market.interest):
            cash = cash + cash * float(market.interest[t])
        if t and len(market.distributions):
            for i in range(instruments):
                paid_out = shares[i] * float(market.distributions[t, i])
                kept = 0.0 if book is None else paid_out * float(book.rules.distributed[i])
                cash = cash + (paid_out - kept)
                levied = levied + kept
        levy = 0.0 if book is None else book.levy(t)
        cash = cash - levy
        levied = levied + levy
        worth = [shares[i] * prices[i] for i in range(instruments)]
        held = _sum(worth)
        flow = float(market.flows[t]) if len(market.flows) else 0.0
        before = cash + held
        cash = cash + flow
        total = cash + held
        runs.paid[policy, t] = flow
        runs.taxes[policy, t] = levied
        if total <= 0.0:
            runs.paid[policy, t] = -before
            runs.ruined[policy] = t
            return
        reserve = terms.reserve_amount + terms.reserve_weight * total
        managed = total - reserve
        sizing = _Sizing(problem, book, worth, shares, prices, managed, cash - reserve)
        bought: Numbers | None = None
        if t and managed > 0.0:
            runs.drifts[policy, t] = max(abs(worth[i] - targets[i] * managed) for i in range(instruments))
            runs.drifts[policy, t] /= managed
        if managed > 0.0 and (rows.moved(t) or rows.due(t, last, worth, managed)):
            bought = sizing.rebalance(_destination(problem, rows, t, worth, managed))
            if bought is not None and t:
                runs.rebalanced[policy, t] = True
                last = int(market.days[t])
        if bought is None and t and flow > 0.0 and terms.buy_with_flows and cash - reserve > DUST * managed:
            bought = sizing.invest(targets)
        if bought is None and (flow < 0.0 or levy > 0.0) and reserve - cash > DUST * total:
            bought = sizing.raise_cash(targets)
        runs.ending[policy, 1] += sizing.unproven
        spent = moved = kept = 0.0
        if bought is not None:
            cash, spent, moved, kept = _settle(bought, worth, shares, prices, cash, terms, book, t)
        if book is not None and book.rules.harvest[t]:
            touched = [False] * instruments if bought is None else [v != 0.0 for v in bought]
            change, cost, turned = harvest(book, t, shares, prices, touched, cash - reserve, problem)
            cash, spent, moved = cash + change, spent + cost, moved + turned
        runs.costs[policy, t] = spent
        runs.traded[policy, t] = moved
        runs.taxes[policy, t] = levied + kept
        left = total - spent - kept
        if left <= 0.0:
            # Fees took what the last sale raised: less is paid out than was asked for.
            runs.paid[policy, t] = flow - left
            runs.ruined[policy] = t
            return
        runs.values[policy, t] = left
        runs.cash[policy, t] = cash
        if runs.shares.shape[1]:
            runs.shares[policy, t] = shares
    runs.ending[policy, 0] = _liquidation(problem, book, shares, cash)


def _settle(
    bought: Numbers,
    worth: Numbers,
    shares: Numbers,
    prices: Numbers,
    cash: float,
    terms: TradingTerms,
    book: TaxBook | None,
    t: int,
) -> tuple[float, float, float, float]:
    """Change shares and lots by the values bought (negative: sold).

    Returns:
        The cash left, the costs, the value traded, the tax withheld.
    """
    spent = moved = kept = 0.0
    for i, value in enumerate(bought):
        if value != 0.0:
            size, was = abs(value), shares[i]
            # From the value wanted: rounding does not build up, and what is sold whole is zero.
            shares[i] = (worth[i] + value) / prices[i]
            cash = cash - value
            moved = moved + size
            charge = fee(size, float(terms.conversion[i]), terms)
            spent = spent + charge
            if book is not None and value > 0.0:
                book.buy(i, shares[i] - was, size + charge, t)
            elif book is not None:
                kept = kept + book.sell(i, was, was - shares[i], size - charge, t)
    return cash - spent - kept, spent, moved, kept


def _liquidation(problem: Backtest, book: TaxBook | None, shares: Numbers, cash: float) -> float:
    """Return what is left when everything is sold at the last close and all tax is paid."""
    t = len(problem.market.days) - 1
    for i, held in enumerate(shares):
        size = held * float(problem.market.prices[t, i])
        got = size - fee(size, float(problem.terms.conversion[i]), problem.terms)
        if got > 0.0:
            cash = cash + got
            if book is not None:
                cash = cash - book.sell(i, held, held, got, t)
    return cash if book is None else cash - book.outstanding()


@dataclass(slots=True)
class _Sizing:
    """How much is traded at one session: divisible or whole, with room for the tax that sales withhold."""

    problem: Backtest
    book: TaxBook | None
    worth: Numbers
    shares: Numbers
    prices: Numbers
    managed: float
    free: float
    unproven: float = 0.0

    def rebalance(self, weights: Numbers) -> Numbers | None:
        return self._withholding(lambda aside: self._trades(REBALANCE, weights, aside))

    def invest(self, targets: Numbers) -> Numbers | None:
        return self._trades(INVEST, targets, 0.0)

    def raise_cash(self, targets: Numbers) -> Numbers | None:
        return self._withholding(lambda aside: self._trades(RAISE, targets, aside))

    def _trades(self, mode: int, weights: Numbers, aside: float) -> Numbers | None:
        terms, whole, managed = self.problem.terms, self.problem.whole, self.managed
        if mode == REBALANCE:
            managed = managed - aside
        if whole is not None:
            free = self.free - aside
            bought, proven = trades(mode, self.shares, self.prices, weights, managed, free, whole)
            self.unproven += 0.0 if proven else 1.0
            return bought
        if mode == REBALANCE:
            return rebalance(self.worth, weights, managed, terms)
        if mode == INVEST:
            return buy(self.worth, weights, managed, self.free, terms)
        return sell(self.worth, weights, managed, aside - self.free, terms)

    def _withholding(self, sized: Callable[[float], Numbers | None]) -> Numbers | None:
        """Size trades so that the tax withheld from their sales is paid too.

        What a plan's sales would have withheld is put aside and the plan made again, until it is enough.
        """
        aside = 0.0
        bought = sized(aside)
        if self.book is None:
            return bought
        for _ in range(ROUNDS):
            owed = 0.0
            for i, value in enumerate(bought or ()):
                if value < 0.0:
                    size, was = abs(value), self.shares[i]
                    sold = was - (self.worth[i] + value) / self.prices[i]
                    charge = fee(size, float(self.problem.terms.conversion[i]), self.problem.terms)
                    owed = owed + self.book.expected(i, was, sold, size - charge)
            if owed <= aside:
                break
            aside = owed
            bought = sized(aside)
        return bought


def harvest(
    book: TaxBook,
    t: int,
    shares: Numbers,
    prices: Numbers,
    touched: list[bool],
    free: float,
    problem: Backtest,
) -> tuple[float, float, float]:
    """Realise gains up to the year's unused allowance and buy back at once, dearest gain first.

    What was traded at the session already is left alone; so is a gain whose relief costs more than it saves.

    Args:
        book: Lots and gains so far.
        t: Session.
        shares: Held, changed in place.
        prices: Of the session.
        touched: What was traded already; changed in place.
        free: Cash that may pay for costs.
        problem: For its terms.

    Returns:
        What it changes cash by, the costs, the value traded.
    """
    terms, rules, n = problem.terms, book.rules, len(shares)
    rate, floor, conversion = terms.rate, terms.floor, terms.conversion.tolist()
    relief = rules.national + rules.local
    change, spent, moved = 0.0, 0.0, 0.0
    # Dearest gain first: it fills the allowance with the least value traded, and so with the least cost.
    for _ in range(n):
        room = book.room(t)
        best, most = -1, 0.0
        for i in range(n):
            net = prices[i] * (1.0 - rate - conversion[i])
            if rules.kinds[i] != YEARLY or touched[i] or not shares[i] > 0.0 or not net > 0.0:
                continue
            here = book.gain_a_value(i, shares[i], net)
            if here > most:
                best, most = i, here
        if best < 0 or room <= 0.0:
            break
        touched[best] = True
        net = prices[best] * (1.0 - rate - conversion[best])
        sold, gain = book.harvestable(best, shares[best], net, room)
        if problem.whole is not None:
            sold = float(math.floor(sold))
        if not sold > 0.0:
            continue
        size = sold * prices[best]
        charge = fee(size, conversion[best], terms)
        got = size - charge
        money = got + (free + change if free + change > 0.0 else 0.0)
        back = money / (1.0 + rate + conversion[best])
        if rate * back < floor:
            back = (money - floor) / (1.0 + conversion[best])
        if problem.whole is not None:
            back = float(math.floor(back / prices[best])) * prices[best]
        back = min(back, size)
        if not back > 0.0:
            continue
        again = fee(back, conversion[best], terms)
        if charge + again >= relief * gain:
            continue
        held = shares[best]
        book.sell(best, held, sold, got, t)
        shares[best] = (held - sold) + back / prices[best]
        book.buy(best, back / prices[best], back + again, t)
        change = change + (got - back - again)
        spent = spent + (charge + again)
        moved = moved + (size + back)
    return change, spent, moved


def _destination(problem: Backtest, rows: RuleRows, t: int, worth: Numbers, managed: float) -> Numbers:
    rules, policy = problem.rules, rows.at(t)
    if rows.moved(t) or not rules.boxed[policy]:
        return rows.targets(t)
    return project([v / managed for v in worth], rules.low[policy].tolist(), rules.high[policy].tolist())


def project(start: Sequence[float], low: Sequence[float], high: Sequence[float]) -> Numbers:
    """Return the point of the box with sum 1 that is nearest to `start` in least squares.

    All weights are shifted by one number and clipped to the box; the shift is solved between the
    breakpoints of that piecewise linear sum. It is the rule of domain/policy/destination.py in floats.

    Args:
        start: Weights now; they may sum to less than 1.
        low, high: The box; sum(low) <= 1 <= sum(high).
    """
    breaks = sorted(
        [low[i] - start[i] for i in range(len(start))] + [high[i] - start[i] for i in range(len(start))]
    )
    shift, below = breaks[0], _sum(_shifted(start, low, high, breaks[0]))
    for point in breaks:
        total = _sum(_shifted(start, low, high, point))
        if total >= 1.0:
            flat = total <= below
            shift = point if flat else shift + (point - shift) * (1.0 - below) / (total - below)
            break
        shift, below = point, total
    return _shifted(start, low, high, shift)


def _shifted(start: Sequence[float], low: Sequence[float], high: Sequence[float], shift: float) -> Numbers:
    return [min(max(start[i] + shift, low[i]), high[i]) for i in range(len(start))]


def fee(size: float, conversion: float, terms: TradingTerms) -> float:
    """Return what one trade of a value costs: the commission, at least its minimum, and the conversion."""
    commission = terms.rate * size
    if commission < terms.floor:
        commission = terms.floor
    return commission + conversion * size


def _slope(size: float, conversion: float, terms: TradingTerms) -> float:
    """Return what one more unit of value adds to the fee."""
    return conversion if terms.rate * size < terms.floor else terms.rate + conversion


def rebalance(worth: Numbers, weights: Numbers, managed: float, terms: TradingTerms) -> Numbers | None:
    """Return the value to buy (negative: sell) of each instrument, None when there is nothing to do.

    The value V after costs solves V + sum of fee(|w_i V - v_i|) = M over the instruments that trade:
    convex, rising and piecewise linear in V, so Newton's steps down from M end at its root.

    Args:
        worth: Values now.
        weights: Wanted fractions of what is left after costs.
        managed: M, the wealth to spread, > 0.
        terms: Costs.
    """
    trades = [abs(weights[i] * managed - worth[i]) > DUST * managed for i in range(len(worth))]
    if not any(trades):
        return None
    value = managed
    for _ in range(64):
        excess, slope = value - managed, 1.0
        for i, trading in enumerate(trades):
            if trading:
                gap = weights[i] * value - worth[i]
                conversion = float(terms.conversion[i])
                size = abs(gap)
                excess = excess + fee(size, conversion, terms)
                steep = _slope(size, conversion, terms) * weights[i]
                slope = slope + steep if gap >= 0.0 else slope - steep
        lower = value - excess / slope
        if not lower < value:
            break
        value = lower
    if value <= 0.0:
        return None
    return [weights[i] * value - worth[i] if trading else 0.0 for i, trading in enumerate(trades)]


def buy(worth: Numbers, targets: Numbers, managed: float, free: float, terms: TradingTerms) -> Numbers | None:
    """Return purchases that spend free cash in proportion to the shortfalls, None when fees eat it.

    The purchases B with their fees come to the free cash: B + sum of fee(s_i B) = free.
    """
    short = [max(targets[i] * managed - worth[i], 0.0) for i in range(len(worth))]
    all_short = _sum(short)
    parts = [s / all_short for s in short] if all_short > 0.0 else list(targets)
    spend = free
    for _ in range(64):
        excess, slope = spend - free, 1.0
        for i, part in enumerate(parts):
            if part > 0.0:
                conversion = float(terms.conversion[i])
                excess = excess + fee(part * spend, conversion, terms)
                slope = slope + _slope(part * spend, conversion, terms) * part
        lower = spend - excess / slope
        if not lower < spend:
            break
        spend = lower
    return [part * spend for part in parts] if spend > 0.0 else None


def sell(worth: Numbers, targets: Numbers, managed: float, need: float, terms: TradingTerms) -> Numbers:
    """Return sales that raise the cash needed after fees, in proportion to what is over target.

    Where that would sell more of something than is held, all positions shrink alike; where even
    that does not raise enough, everything is sold.
    """
    over = [max(worth[i] - targets[i] * managed, 0.0) for i in range(len(worth))]
    for base in (over, worth):
        whole = _sum(base)
        if whole <= 0.0:
            continue
        parts = [v / whole for v in base]
        raised = _gross(parts, need, terms)
        if all(part * raised <= worth[i] for i, part in enumerate(parts)):
            return [-(part * raised) for part in parts]
    return [-v for v in worth]


def _gross(parts: Numbers, need: float, terms: TradingTerms) -> float:
    """Return the sales G with G - sum of fee(s_i G) = need, by Newton's steps up; inf when there is none."""
    raised = need
    for _ in range(64):
        missing, slope = need - raised, 1.0
        for i, part in enumerate(parts):
            if part > 0.0:
                conversion = float(terms.conversion[i])
                missing = missing + fee(part * raised, conversion, terms)
                slope = slope - _slope(part * raised, conversion, terms) * part
        if slope <= 0.0:
            return math.inf
        upper = raised + missing / slope
        if not upper > raised:
            break
        raised = upper
    return raised


def _sum(values: Sequence[float]) -> float:
    # Not sum(): since Python 3.12 that compensates, and so adds up to other bits than a plain loop.
    total = 0.0
    for value in values:
        total = total + value
    return total


def tally(runs: Runs, policy: int, initial: float) -> Numbers:
    """Return what a resampled run is summed up in, in the order of `records.TALLIES`.

    Args:
        runs: Of this problem.
        policy: Its row.
        initial: Money on the first session.

    Returns:
        final: Wealth at the end. growth: One unit's time-weighted growth, flows taken out.
        trough: Lowest growth as a fraction of the highest before it (1 less drawdown).
        mean, square: Sum of the session returns and of their squares, first session apart.
        turnover: Sum of traded / 2 / wealth, first session apart. costs: Their sum. rebalances: Their number.
        taxes: Their sum. liquidation: Wealth after selling everything and paying all tax.
    """
    values: Floats = runs.values[policy]
    growth = before = float(values[0])
    growth = growth / initial
    peak, trough, mean, square, turnover = growth, 1.0, 0.0, 0.0, 0.0
    costs, rebalances = float(runs.costs[policy, 0]), 0.0
    taxes = float(runs.taxes[policy, 0])
    for t in range(1, len(values)):
        value, paid = float(values[t]), float(runs.paid[policy, t])
        if before > 0.0:
            change = (value - paid) / before
            growth = growth * change
            mean = mean + (change - 1.0)
            square = square + (change - 1.0) * (change - 1.0)
        if growth > peak:
            peak = growth
        elif growth < trough * peak:
            trough = growth / peak
        if runs.traded[policy, t] > 0.0:
            wealth = value + float(runs.costs[policy, t])
            turnover = turnover + float(runs.traded[policy, t]) / 2.0 / wealth
            costs = costs + float(runs.costs[policy, t])
        if runs.rebalanced[policy, t]:
            rebalances = rebalances + 1.0
        taxes = taxes + float(runs.taxes[policy, t])
        before = value
    liquidation = float(runs.ending[policy, 0])
    return [
        float(values[-1]), growth, trough, mean, square, turnover, costs, rebalances, taxes, liquidation,
    ]  # fmt: skip
