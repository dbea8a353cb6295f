"""What policies would have done: targets, policies and prices become arrays, runs become results.

Decimals turn into floats here and nowhere else. Bands and boxes come from the same functions that the
live policy uses, so that the two cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from steelyard.app.lab.backtest_tax import tax_rules
from steelyard.app.lab.look_sessions import look_mask
from steelyard.app.lab.stages import Stages, stages_of
from steelyard.app.lab.study import Result, Study, Walk
from steelyard.app.lab.whole_shares import whole_shares
from steelyard.domain.money import ONE, ZERO, parse_fraction
from steelyard.domain.policy import policy_text
from steelyard.domain.policy.looks import LOOKS
from steelyard.domain.policy.policies import Policy, band
from steelyard.domain.tax.backtest import BacktestTax
from steelyard.engines.arrays import Ints
from steelyard.engines.lab.backtest import walks
from steelyard.engines.lab.backtest.records import Backtest, Market, PolicyRules, TradingTerms, on_ticks
from steelyard.engines.market.price_history import PriceHistory, day_numbers
from steelyard.errors import DataError, InputError
from steelyard.words import say

_NOTHING = np.empty(0)
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
class BacktestSettings:
    """Everything but prices and policies.

    Attributes:
        targets: Symbol to fraction, summing to 1; the symbols are those of the prices, in that order.
        initial: Money on the first session, base currency, > 0.
        commission, conversion: Fractions of the traded value; the second by symbol, 0 where absent.
        min_commission: Least commission of a trade, base currency.
        reserve_amount, reserve_weight: Cash never spent, as an amount and as a fraction of wealth.
        flow: Paid in (negative: taken out) at the first session of every period but the first.
        flow_look: The period, one of `looks.LOOKS`.
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
    flow: Decimal = ZERO
    flow_look: str = "monthly"
    deposits_wait: bool = False
    cash_rate: Decimal = ZERO
    risk_free: Decimal = ZERO
    currencies: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    min_trade: Decimal = ZERO
    tax: BacktestTax | None = None

    @property
    def is_plain(self) -> bool:
        """Whether only prices move anything: no flows, no interest, no tax, divisible shares."""
        return not (self.flow or self.cash_rate or self.whole or self.tax is not None)


def rhythm(monthly: Decimal, flow: tuple[Decimal, str] | None) -> tuple[Decimal, str]:
    """Return what is paid in, and how often, of the two ways to say it.

    Raises:
        InputError: Both are given, or the rhythm is none (`flow`).
    """
    if flow is None:
        return monthly, "monthly"
    if monthly or flow[1] not in LOOKS:
        raise InputError(
            "flow",
            say("monthly and flow are both given")
            if monthly
            else say("{flow!r} is not a rhythm of a flow", flow=flow[1]),
            say("give one of them; a rhythm is one of {looks}", looks=" ".join(LOOKS)),
        )
    return flow


@lru_cache(maxsize=1024)
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
            say("policy {line!r}: {found!r} is no place inside the band", line=line, found=found[3]),
            say("write for example: threshold 2% to 1.75%"),
        )
    text = policy_text.text(policy).replace(" to edge", f" to {found[3]}")
    return Candidate(text, policy, stop / policy.threshold)


@dataclass(frozen=True, eq=False)
class BacktestSetup:
    """Policies and settings: all that a backtest needs but the prices, read once for as many as there are.

    Attributes:
        candidates: At least one.
        settings: Targets, costs, flows and rates.
    """

    candidates: tuple[Candidate, ...]
    settings: BacktestSettings

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The instruments, in the order that prices must have."""
        return tuple(self.settings.targets)

    @cached_property
    def pairs(self) -> tuple[str, ...]:
        """The currency pairs that prices must have rates of."""
        return tuple(sorted(set(self.settings.currencies.values())))

    def run(self, history: PriceHistory) -> Study:
        """Return what the policies did; decisions and trades at the close of the same session.

        Args:
            history: Complete prices of the targets, in the currencies that the settings say.

        Raises:
            DataError: A rate is missing.
            InputError: The targets are not those of the prices.
        """
        problem = self.problem(history)
        # What is costly to walk again, or may be refused when wealth outgrows the count, is recorded at once.
        details = problem.whole is not None or problem.tax is not None
        runs = walks.run(problem, holdings=False, details=details)
        walk = Walk(history, problem, runs, float(self.settings.risk_free))
        results = tuple([Result(walk, row, c.text) for row, c in enumerate(self.candidates)])
        return Study(walk, results, (*self._notes, *self._carried(history)), self.run)

    def problem(self, history: PriceHistory) -> Backtest:
        """Return the arrays of a backtest; see `run`."""
        settings = self.settings
        if self.symbols != history.symbols:
            raise InputError(
                "targets",
                say(
                    "targets are of {symbols}, prices of {given}",
                    symbols=", ".join(self.symbols),
                    given=", ".join(history.symbols),
                ),
                say("give prices of the targets, in their order"),
            )
        days = day_numbers(history.dates)
        market = _market(history, days, settings)
        whole = None
        if settings.whole:
            whole = whole_shares(
                self.symbols,
                commission=settings.commission,
                conversions=[settings.conversion.get(s, ZERO) for s in self.symbols],
                min_commission=settings.min_commission,
                min_trade=settings.min_trade,
                money=self._terms.initial + float(np.abs(market.flows).sum()),
            )
            market = market._replace(prices=on_ticks(market.prices, whole.tick))
        tax = (
            None
            if settings.tax is None
            else tax_rules(settings.tax, history.dates, self.symbols, history.opened)
        )
        stages = None if history.present is None else stages_of(history.present)
        looks, fixed = self._rules
        if stages is not None:
            fixed = _staged(self.candidates, settings.targets, stages, history)
        masks = [
            np.zeros(len(days), np.bool_) if look is None else look_mask(days, *look, history.opened)
            for look in looks
        ]
        rules = PolicyRules(looks=masks[0][np.newaxis] if len(masks) == 1 else np.stack(masks), **fixed)
        if stages is None:
            return Backtest(market, rules, self._terms, whole, tax)
        rules.looks[:, stages.changes] = True
        return Backtest(market, rules, self._terms, whole, tax, stages.at)

    @cached_property
    def _terms(self) -> TradingTerms:
        settings = self.settings
        conversion = [float(settings.conversion.get(s, ZERO)) for s in self.symbols]
        return TradingTerms(
            initial=float(settings.initial),
            rate=float(settings.commission),
            floor=float(settings.min_commission),
            conversion=np.array(conversion),
            reserve_amount=float(settings.reserve_amount),
            reserve_weight=float(settings.reserve_weight),
            buy_with_flows=not settings.deposits_wait,
        )

    @cached_property
    def _rules(self) -> tuple[tuple[tuple[str, str] | None, ...], dict[str, Any]]:
        """Arrays that the problems of all histories share, and nobody writes to."""
        _check_own_bands(self.candidates, self.settings.targets)
        return _fixed_rules(self.candidates, self.settings.targets)

    @cached_property
    def _notes(self) -> tuple[str, ...]:
        """What the settings alone tell."""
        settings = self.settings
        notes = () if settings.tax is None else settings.tax.notes
        if settings.initial * (ONE - settings.reserve_weight) <= settings.reserve_amount:
            notes += (say("the cash reserve is all the money there is at the start: nothing is bought"),)
        return notes

    def _carried(self, history: PriceHistory) -> tuple[str, ...]:
        """Say which looks fall on sessions on which a market is shut, and so come later or earlier."""
        if history.opened is None:
            return ()
        days, moved = day_numbers(history.dates), []
        for look in filter(None, self._rules[0]):
            if look[0] != "daily":
                moved += np.flatnonzero(look_mask(days, *look) & ~history.opened).tolist()
        if not moved:
            return ()
        return (
            say(
                "{count} looks fall on a session on which a market is shut, the first on {day}: they move to "
                "the nearest of their period on which all are open, as deposits do",
                count=len(set(moved)),
                day=history.dates[min(moved)],
            ),
        )


def backtest(history: PriceHistory, candidates: Sequence[Candidate], settings: BacktestSettings) -> Study:
    """Run policies on prices; see `BacktestSetup.run`."""
    return BacktestSetup(tuple(candidates), settings).run(history)


def assemble(history: PriceHistory, candidates: Sequence[Candidate], settings: BacktestSettings) -> Backtest:
    """Return the arrays of a backtest; see `BacktestSetup.run`."""
    return BacktestSetup(tuple(candidates), settings).problem(history)


def _market(history: PriceHistory, days: Ints, settings: BacktestSettings) -> Market:
    prices, paid = history.prices, history.distributions
    for n, symbol in enumerate(history.symbols):
        pair = settings.currencies.get(symbol)
        if pair is None:
            continue
        if pair not in history.rates:
            raise DataError(
                "rate-missing",
                say(
                    "{symbol} is not in base currency and {source} has no {pair}",
                    symbol=symbol,
                    source=history.source,
                    pair=pair,
                ),
                say("add a column {pair} to the prices, or give them in base currency", pair=pair),
            )
        if prices is history.prices:
            prices = prices.copy()
            paid = None if paid is None else paid.copy()
        prices[:, n] *= history.rates[pair]
        if paid is not None:
            paid[:, n] *= history.rates[pair]
    flows = interest = _NOTHING
    if settings.flow:
        flowing = look_mask(days, settings.flow_look, "first", history.opened)
        flows = np.where(flowing, float(settings.flow), 0.0)
        flows[0] = 0.0
    if settings.cash_rate:
        waits = np.diff(days, prepend=days[0])
        interest = (1.0 + float(settings.cash_rate)) ** (waits / 365.0) - 1.0
    paid = np.empty((0, prices.shape[1])) if paid is None else np.ascontiguousarray(paid)
    return Market(np.ascontiguousarray(prices), days, paid, interest, flows)


def _fixed_rules(
    candidates: tuple[Candidate, ...], targets: Mapping[str, Decimal]
) -> tuple[tuple[tuple[str, str] | None, ...], dict[str, Any]]:
    """Return the schedules, None for one that never looks, and the rules but for their dates.

    A band or box is computed exactly and rounded once.
    """
    rows: dict[tuple[str, str] | None, int] = {}
    schedule = []
    for c in candidates:
        look = None if c.policy.kind == "hold" else (c.policy.look, c.policy.look_at)
        schedule.append(rows.setdefault(look, len(rows)))
    shape = len(candidates), len(targets)
    bands, low, high = np.full(shape, np.inf), np.zeros(shape), np.ones(shape)
    boxed = np.zeros(shape[0], dtype=np.bool_)
    for row, c in enumerate(candidates):
        widths = [band(name, w, c.policy) for name, w in targets.items()]
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
    return tuple(rows), {
        "targets": np.array([float(w) for w in targets.values()]),
        "schedule": np.array(schedule, dtype=np.int64),
        "always": np.array([c.policy.kind == "calendar" for c in candidates]),
        "bands": bands,
        "max_interval": np.array([_interval(c.policy) for c in candidates], dtype=np.int64),
        "cooldown": np.array([c.policy.cooldown_days for c in candidates], dtype=np.int64),
        "boxed": boxed,
        "low": low,
        "high": high,
    }


def _staged(
    candidates: tuple[Candidate, ...], targets: Mapping[str, Decimal], stages: Stages, history: PriceHistory
) -> dict[str, Any]:
    """Return the rules of every stage in turn: of those that are there, the part of the others spread."""
    parts = []
    for there in stages.there:
        names = [s for s, present in zip(targets, there.tolist(), strict=True) if present]
        whole = sum((targets[s] for s in names), ZERO)
        if not whole:
            raise DataError(
                "price-short",
                say(
                    "{source} has for a time only {symbols}, of which the targets want nothing",
                    source=history.source,
                    symbols=", ".join(names),
                ),
                say("begin later with --from, or end earlier with --to"),
            )
        _, part = _fixed_rules(candidates, {s: targets[s] / whole for s in names})
        shape = len(candidates), len(targets)
        for name, other in (("bands", np.inf), ("low", 0.0), ("high", 0.0)):
            wide = np.full(shape, other)
            wide[:, there] = part[name]
            part[name] = wide
        wanted = np.zeros(len(targets))
        wanted[there] = part["targets"]
        parts.append(part | {"targets": wanted})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _check_own_bands(candidates: tuple[Candidate, ...], targets: Mapping[str, Decimal]) -> None:
    for c in candidates:
        unknown = [own.name for own in c.policy.own_bands if own.name not in targets]
        if unknown:
            raise InputError(
                "policy-text",
                say("policy {line!r}: {name} is no target", line=c.text, name=", ".join(unknown)),
                say("use one of {choices}", choices=", ".join(targets)),
            )


def _interval(policy: Policy) -> int:
    """Return after how many days a policy trades whatever its drift, -1 for never."""
    days = policy.max_interval_days
    return -1 if days is None or policy.kind != "hybrid" else days
