"""What policies would have done: targets, policies and prices become arrays, runs become results.

Decimals turn into floats here and nowhere else. Bands and boxes come from the same functions that the
live policy uses, so that the two cannot drift apart.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from steelyard.app.backtest_tax import TaxTerms, tax_rules
from steelyard.app.whole_shares import whole_shares
from steelyard.domain import policy_text
from steelyard.domain.looks import period
from steelyard.domain.money import ONE, ZERO, parse_fraction
from steelyard.domain.policies import Policy, band
from steelyard.engines import statistics
from steelyard.engines.backtest import kernel
from steelyard.engines.backtest.problem import (
    SESSIONS_A_YEAR,
    Flags,
    Floats,
    Ints,
    Market,
    Problem,
    Rules,
    Runs,
    Terms,
    on_ticks,
)
from steelyard.engines.price_history import PriceHistory
from steelyard.errors import DataError, InputError

_SHARES = {"edge": ONE, "halfway": Decimal("0.5")}
_INWARD = re.compile(r"(threshold\s+(\S+%).*?)\s+to\s+(\S+%)(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy to try, with the text that names it in every output.

    Attributes:
        text: As `domain.policy_text` prints it.
        policy: What it means.
        inward: Where a rebalance goes to, fraction of the band (1 its edge), where `policy.destination`
            has no word for it; None otherwise.
    """

    text: str
    policy: Policy
    inward: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything but prices and policies.

    Attributes:
        targets: Symbol to fraction, summing to 1; the symbols are those of the prices, in that order.
        initial: Money on the first session, base currency, > 0.
        commission, conversion: Fractions of the traded value; the second by symbol, 0 where absent.
        min_commission: Least commission of a trade, base currency.
        reserve_amount, reserve_weight: Cash never spent, as an amount and as a fraction of wealth.
        monthly: Paid in (negative: taken out) at the first session of every month but the first.
        deposits_wait: Deposits wait for the next rebalance instead of being spent at once, buy-only.
        cash_rate, risk_free: Fractions a year: what cash earns, and what ratios compare with.
        currencies: Symbol to currency pair (`USDKRW`) for prices that are not in base currency.
        whole: Trade whole shares, planned by the exact search of the live planner; else shares are divisible.
        min_trade: With whole shares: no trade below this, base currency.
        tax: What gains are taxed by, None for a backtest before tax.
    """

    targets: Mapping[str, Decimal]
    initial: Decimal = Decimal(10_000)
    commission: Decimal = ZERO
    conversion: Mapping[str, Decimal] = field(default_factory=dict)
    min_commission: Decimal = ZERO
    reserve_amount: Decimal = ZERO
    reserve_weight: Decimal = ZERO
    monthly: Decimal = ZERO
    deposits_wait: bool = False
    cash_rate: Decimal = ZERO
    risk_free: Decimal = ZERO
    currencies: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    min_trade: Decimal = ZERO
    tax: TaxTerms | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What one policy did. Rates are fractions a year; nan where a number does not exist.

    Attributes:
        policy: Its text.
        final_value: Wealth at the end, base currency.
        cagr: Time-weighted growth, first costs included.
        money_weighted: The rate at which all money paid in grew to the end.
        volatility, sharpe, sortino, tracking_error: Of session returns, times sqrt(252) as fits.
        max_drawdown: Negative fraction. drawdown_from, drawdown_to: Its high and its low.
        turnover: Yearly sum of traded value / 2 over wealth, without the first purchase.
        rebalances: Without the first purchase and without what deposits bought.
        costs, taxes: Base currency; taxes are those that left during the time.
        liquidation_value: What is left of `final_value` after selling everything and paying all tax.
        average_drift, worst_drift: Of the largest drift of each session, before its trades.
        values: (T,) wealth. rebalanced: (T,) bool. index: (T,) time-weighted growth of one unit.
        ruined_on: When a withdrawal could not be paid in full, None otherwise.
    """

    policy: str
    final_value: float
    cagr: float
    money_weighted: float
    volatility: float
    sharpe: float
    sortino: float
    max_drawdown: float
    drawdown_from: date
    drawdown_to: date
    turnover: float
    rebalances: int
    costs: float
    taxes: float
    liquidation_value: float
    average_drift: float
    worst_drift: float
    tracking_error: float
    values: Floats = field(repr=False)
    rebalanced: Flags = field(repr=False)
    index: Floats = field(repr=False)
    ruined_on: date | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """Results of several policies on the same prices.

    Attributes:
        dates: T sessions.
        results: In the order asked for.
        simulated: The prices are made up.
        notes: What was done to the prices and what to keep in mind.
        problem: The arrays, for resampling.
        symbols: The instruments, in the order of the arrays' columns.
    """

    dates: tuple[date, ...]
    results: tuple[Result, ...]
    simulated: bool
    notes: tuple[str, ...]
    problem: Problem = field(repr=False)
    symbols: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether trades were in whole shares."""
        return self.problem.whole is not None

    @property
    def after_tax(self) -> bool:
        """Whether gains were taxed."""
        return self.problem.tax is not None

    def summary(self, frame: Callable[[dict[str, list[Any]]], Any] = dict) -> Any:
        """Return the statistics, a row a policy, as whatever `frame` makes of columns.

        Args:
            frame: For example `pandas.DataFrame` or `polars.DataFrame`; plain lists unless given.
        """
        names = [f.name for f in fields(Result) if f.repr]
        return frame({name: [getattr(r, name) for r in self.results] for name in names})

    def daily(self, frame: Callable[[dict[str, list[Any]]], Any] = dict) -> Any:
        """Return wealth at every close: `date` and a column a policy, as whatever `frame` makes of it."""
        columns: dict[str, list[Any]] = {"date": list(self.dates)}
        return frame(columns | {r.policy: r.values.tolist() for r in self.results})


def candidate(line: str | Policy) -> Candidate:
    """Read a policy to try: the policy grammar and, for trades that stop inside the band, `to PCT`.

    A policy that is read already is only given its text.

    >>> candidate("threshold 2% to 1.75%").inward
    Decimal('0.875')

    Raises:
        InputError: `policy-text`.
    """
    if isinstance(line, Policy):
        return Candidate(policy_text.text(line), line)
    found = _INWARD.fullmatch(line.strip())
    if found is None:
        policy = policy_text.parse(line)
        return Candidate(policy_text.text(policy), policy)
    policy = policy_text.parse(f"{found[1]} to edge{found[4]}")
    try:
        stop = parse_fraction(found[3])
    except ValueError:
        stop = -ONE
    if policy.threshold is None or not ZERO < stop <= policy.threshold:
        raise InputError(
            "policy-text",
            f"policy {line!r}: {found[3]!r} is no place inside the band",
            "write for example: threshold 2% to 1.75%",
        )
    text = policy_text.text(policy).replace(" to edge", f" to {found[3]}")
    return Candidate(text, policy, stop / policy.threshold)


def backtest(history: PriceHistory, candidates: Sequence[Candidate], settings: Settings) -> Study:
    """Run policies on prices; decisions and trades at the close of the same session.

    Args:
        history: Complete prices, in the currencies that `settings.currencies` says.
        candidates: At least one.
        settings: Targets, costs, flows and rates.

    Raises:
        DataError: A rate is missing.
        InputError: The targets are not those of the prices.
    """
    problem = assemble(history, candidates, settings)
    runs = kernel.run(problem, holdings=False)
    ideal = kernel.run(_ideal(problem), holdings=False)
    ideal_changes = statistics.returns(ideal.values[0], ideal.paid[0])
    results = tuple(
        _result(history, problem, runs, row, c.text, ideal_changes, settings)
        for row, c in enumerate(candidates)
    )
    notes = _notes(history, settings, runs)
    return Study(history.dates, results, history.simulated, notes, problem, history.symbols)


def _notes(history: PriceHistory, settings: Settings, runs: Runs) -> tuple[str, ...]:
    notes = list(history.notes)
    if settings.tax is not None:
        notes += settings.tax.notes
    unproven = int(runs.ending[:, 1].sum())
    if unproven:
        notes.append(f"{unproven} plans of whole shares stopped at the search's limit: good, not proven best")
    return tuple(notes)


def assemble(history: PriceHistory, candidates: Sequence[Candidate], settings: Settings) -> Problem:
    """Return the arrays of a backtest; see `backtest`."""
    symbols = tuple(settings.targets)
    if symbols != history.symbols:
        raise InputError(
            "targets",
            f"targets are of {', '.join(symbols)}, prices of {', '.join(history.symbols)}",
            "give prices of the targets, in their order",
        )
    conversion = [float(settings.conversion.get(s, ZERO)) for s in symbols]
    terms = Terms(
        initial=float(settings.initial),
        rate=float(settings.commission),
        floor=float(settings.min_commission),
        conversion=np.array(conversion),
        reserve_amount=float(settings.reserve_amount),
        reserve_weight=float(settings.reserve_weight),
        buy_with_flows=not settings.deposits_wait,
    )
    market = _market(history, settings)
    whole = None
    if settings.whole:
        whole = whole_shares(
            symbols,
            commission=settings.commission,
            conversions=[settings.conversion.get(s, ZERO) for s in symbols],
            min_commission=settings.min_commission,
            min_trade=settings.min_trade,
            money=terms.initial + float(np.abs(market.flows).sum()),
        )
        market = replace(market, prices=on_ticks(market.prices, whole.tick))
    tax = None if settings.tax is None else tax_rules(settings.tax, history.dates, symbols)
    return Problem(market, _rules(history.dates, candidates, settings.targets), terms, whole, tax)


def _market(history: PriceHistory, settings: Settings) -> Market:
    dates, prices = history.dates, history.prices
    for n, symbol in enumerate(history.symbols):
        pair = settings.currencies.get(symbol)
        if pair is None:
            continue
        if pair not in history.rates:
            raise DataError(
                "rate-missing",
                f"{symbol} is not in base currency and {history.source} has no {pair}",
                f"add a column {pair} to the prices, or give them in base currency",
            )
        if prices is history.prices:
            prices = prices.copy()
        prices[:, n] *= history.rates[pair]
    days = np.array([d.toordinal() for d in dates], dtype=np.int64)
    flows, interest = np.empty(0), np.empty(0)
    if settings.monthly:
        flows = np.where(look_mask(dates, "monthly", "first"), float(settings.monthly), 0.0)
        flows[0] = 0.0
    if settings.cash_rate:
        waits = np.diff(days, prepend=days[0])
        interest = (1.0 + float(settings.cash_rate)) ** (waits / 365.0) - 1.0
    return Market(np.ascontiguousarray(prices), days, np.empty((0, prices.shape[1])), interest, flows)


def _rules(dates: Sequence[date], candidates: Sequence[Candidate], targets: Mapping[str, Decimal]) -> Rules:
    """Return the rules of candidates; a band or box is computed exactly and rounded once."""
    masks: dict[tuple[str, str], int] = {}
    rows: list[Flags] = []
    schedule: list[int] = []
    for c in candidates:
        never = c.policy.kind == "hold"
        key = ("never", "") if never else (c.policy.look, c.policy.look_at)
        if key not in masks:
            masks[key] = len(rows)
            rows.append(np.zeros(len(dates), dtype=np.bool_) if never else look_mask(dates, *key))
        schedule.append(masks[key])
    shape = len(candidates), len(targets)
    bands, low, high = np.full(shape, np.inf), np.zeros(shape), np.ones(shape)
    boxed = np.zeros(shape[0], dtype=np.bool_)
    for row, c in enumerate(candidates):
        widths = [band(w, c.policy) for w in targets.values()]
        share = c.inward if c.inward is not None else _SHARES.get(c.policy.destination)
        boxed[row] = share is not None and None not in widths
        for column, (target, width) in enumerate(zip(targets.values(), widths, strict=True)):
            if width is None:
                continue
            if c.policy.kind in ("threshold", "hybrid"):
                bands[row, column] = float(width)
            if boxed[row] and share is not None:
                low[row, column] = float(max(target - width * share, ZERO))
                high[row, column] = float(min(target + width * share, ONE))
    return Rules(
        targets=np.array([float(w) for w in targets.values()]),
        looks=np.stack(rows),
        schedule=np.array(schedule, dtype=np.int64),
        always=np.array([c.policy.kind == "calendar" for c in candidates]),
        bands=bands,
        max_interval=_days([c.policy.max_interval_days for c in candidates], candidates),
        cooldown=np.array([c.policy.cooldown_days for c in candidates], dtype=np.int64),
        boxed=boxed,
        low=low,
        high=high,
    )


def _days(intervals: Sequence[int | None], candidates: Sequence[Candidate]) -> Ints:
    used = [
        -1 if days is None or c.policy.kind != "hybrid" else days
        for days, c in zip(intervals, candidates, strict=True)
    ]
    return np.array(used, dtype=np.int64)


def look_mask(dates: Sequence[date], look: str, look_at: str) -> Flags:
    """Return which sessions a schedule looks on, (T,) bool.

    It is the first or last session of the period among the dates. The last date of all ends a period
    only by the data's ending, so it is never the last session of one (a daily look apart).
    """
    if look == "daily":
        return np.ones(len(dates), dtype=np.bool_)
    mask = np.zeros(len(dates), dtype=np.bool_)
    first = 0
    while first < len(dates):
        # From period to period: asking each of thousands of dates took most of a backtest's time.
        after = bisect_left(dates, period(look, dates[first])[1], first)
        if look_at == "first":
            mask[first] = True
        elif after < len(dates):
            mask[after - 1] = True
        first = after
    return mask


def _ideal(problem: Problem) -> Problem:
    """Return the mix that is rebalanced every session at no cost, deposits included."""
    rules, terms = problem.rules, problem.terms
    n = len(rules.targets)
    daily = Rules(
        targets=rules.targets,
        looks=np.ones((1, len(problem.market.days)), dtype=np.bool_),
        schedule=np.zeros(1, dtype=np.int64),
        always=np.ones(1, dtype=np.bool_),
        bands=np.full((1, n), np.inf),
        max_interval=np.full(1, -1, dtype=np.int64),
        cooldown=np.zeros(1, dtype=np.int64),
        boxed=np.zeros(1, dtype=np.bool_),
        low=np.zeros((1, n)),
        high=np.ones((1, n)),
    )
    free = Terms(terms.initial, 0.0, 0.0, np.zeros(n), terms.reserve_amount, terms.reserve_weight)
    return Problem(problem.market, daily, free)


def _result(
    history: PriceHistory,
    problem: Problem,
    runs: Runs,
    row: int,
    text: str,
    ideal: Floats,
    settings: Settings,
) -> Result:
    values, paid, costs = runs.values[row], runs.paid[row], runs.costs[row]
    changes = statistics.returns(values, paid)
    index = statistics.growth(values, paid, problem.terms.initial)
    fall = statistics.drawdown(index)
    years = (len(values) - 1) / SESSIONS_A_YEAR
    risk_free = (1.0 + float(settings.risk_free)) ** (1.0 / SESSIONS_A_YEAR) - 1.0
    ruined = int(runs.ruined[row])
    drifts = runs.drifts[row, 1:]
    return Result(
        policy=text,
        final_value=float(values[-1]),
        cagr=statistics.yearly_growth(float(index[-1]), years),
        money_weighted=statistics.money_weighted(values, paid, problem.market.days, problem.terms.initial),
        volatility=statistics.volatility(changes),
        sharpe=statistics.sharpe(changes, risk_free),
        sortino=statistics.sortino(changes, risk_free),
        max_drawdown=fall.depth,
        drawdown_from=history.dates[fall.peak],
        drawdown_to=history.dates[fall.trough],
        turnover=statistics.turnover(runs.traded[row], values + costs),
        rebalances=int(runs.rebalanced[row].sum()),
        costs=float(costs.sum()),
        taxes=float(runs.taxes[row].sum()),
        liquidation_value=float(runs.ending[row, 0]),
        average_drift=float(drifts.mean()) if len(drifts) else math.nan,
        worst_drift=float(drifts.max()) if len(drifts) else math.nan,
        tracking_error=statistics.tracking_error(changes, ideal),
        values=values,
        rebalanced=runs.rebalanced[row],
        index=index,
        ruined_on=history.dates[ruined] if ruined >= 0 else None,
    )
