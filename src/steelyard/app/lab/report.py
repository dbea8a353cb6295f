"""What the lab says of one portfolio: settings from its file, and a report with all that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from steelyard.app.lab.backtest import BacktestSettings, BacktestSetup, Candidate, candidate, rhythm
from steelyard.app.lab.compare import Comparison, resampled, usual
from steelyard.app.lab.rolling_starts import RollingStarts, count_starts, rolling_starts
from steelyard.app.lab.study import Study
from steelyard.app.lab.sweep import Sweep, sweep
from steelyard.app.lab.timing_luck import TimingLuck, check_tranches, timing_luck
from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Portfolio, value
from steelyard.domain.tax.backtest import BacktestTax
from steelyard.engines.market.price_history import PriceHistory
from steelyard.engines.simulation import simulate
from steelyard.errors import InputError
from steelyard.words import say

_HUNDRED_MILLION, _HUNDRED_THOUSAND = Decimal(100_000_000), Decimal(100_000)

_A_HUNDRED, _APART = 100.0, 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a backtest of a portfolio is asked for besides prices and policies.

    Attributes:
        initial: Money on the first session, base currency, > 0.
        monthly, flow: Paid in every month, or an amount in another rhythm.
        deposits_wait: Deposits wait for the next rebalance.
        cash_rate, risk_free: Fractions a year.
        base_prices: All prices are in base currency already.
        whole: Trade whole shares.
    """

    initial: Decimal
    monthly: Decimal = ZERO
    flow: tuple[Decimal, str] | None = None
    deposits_wait: bool = False
    cash_rate: Decimal = ZERO
    risk_free: Decimal = ZERO
    base_prices: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Resampling:
    """How histories are drawn; see `compare`."""

    paths: int = 1000
    seed: int = 6
    block: float | None = None
    circular: bool = False
    progress: Callable[[int], None] | None = None


Stages = Callable[[str, int], Callable[[int], None] | None]
"""Told before something long what it is and how many steps it has; what it returns is told what is done."""


def no_stages(_: str, __: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class LabReport:
    """A backtest or a comparison of a portfolio's policies.

    Attributes:
        study: On history.
        comparison: On resampled histories, None for a backtest alone.
        sweep: Which policy is at which threshold and look, where that was asked for.
        rolling: The same policies started anew every quarter, where that was asked for.
        timing: The luck of the day of each policy, where that was asked for.
        notes: What to know of the settings.
    """

    study: Study
    comparison: Comparison | None = None
    sweep: Sweep | None = None
    rolling: RollingStarts | None = None
    timing: TimingLuck | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `backtest --json` and `compare --json` (`steelyard/backtest/1`).

        Statistics are JSON numbers, None where there is none.
        """
        document = self.study.to_dict() if self.comparison is None else self.comparison.to_dict()
        names = [r.policy for r in self.study.results]
        if self.sweep is not None:
            document["sweep"] = self.sweep.to_dict(names)
        if self.rolling is not None:
            document["rolling"] = self.rolling.to_dict(names)
        if self.timing is not None:
            document["timing"] = self.timing.to_dict()
        return document


def usual_initial(portfolio: Portfolio) -> Decimal:
    """Return what a backtest starts with: what the portfolio is worth where it holds anything.

    Tax and least commissions depend on the amount, so where it is not known it is one that a person may have.
    """
    worth = value(portfolio).total if portfolio.accounts else ZERO
    return worth if worth > ZERO else usual_amount(portfolio.base_currency)


def usual_amount(currency: str) -> Decimal:
    """Return what a person may have of a currency."""
    return _HUNDRED_MILLION if currency == "KRW" else _HUNDRED_THOUSAND


def settings_of(
    portfolio: Portfolio, asked: Asked, tax: BacktestTax | None, *, simulated: bool = False
) -> BacktestSettings:
    """Return settings with a portfolio's targets, costs, reserve and currencies.

    Args:
        portfolio: Positions are not needed.
        asked: See there.
        tax: What gains are taxed by, None before tax.
        simulated: Prices are made up, in base currency.
    """
    base = portfolio.base_currency
    foreign = {
        s: portfolio.instruments[s].currency + base
        for s in portfolio.targets
        if s in portfolio.instruments and portfolio.instruments[s].currency != base
    }
    flow, every = rhythm(asked.monthly, asked.flow)
    return BacktestSettings(
        targets=portfolio.targets,
        initial=asked.initial,
        commission=portfolio.costs.commission,
        conversion=dict.fromkeys(foreign, portfolio.costs.fx_spread),
        min_commission=portfolio.costs.min_commission,
        reserve_amount=portfolio.constraints.reserve_amount,
        reserve_weight=portfolio.constraints.reserve_weight,
        flow=flow,
        flow_look=every,
        deposits_wait=asked.deposits_wait,
        risk_free=asked.risk_free,
        cash_rate=asked.cash_rate,
        currencies={} if simulated or asked.base_prices else foreign,
        whole=asked.whole,
        min_trade=portfolio.constraints.min_trade,
        tax=tax,
    )


def notes_of(portfolio: Portfolio) -> tuple[str, ...]:
    """Return what of a portfolio a backtest does not heed."""
    locked = sorted(portfolio.constraints.locked & set(portfolio.targets))
    if not locked:
        return ()
    return (
        say(
            "{locked} is locked in the file; a backtest starts from cash and trades it all the same",
            locked=", ".join(locked),
        ),
    )


def odd_scales(portfolio: Portfolio, history: PriceHistory) -> tuple[str, ...]:
    """Return which prices are a hundred times those of the portfolio file, or a hundredth of them."""
    notes = []
    for symbol, price in zip(history.symbols, history.prices[-1].tolist(), strict=True):
        quote = portfolio.quotes.get(symbol)
        if quote is None or quote.currency != portfolio.instruments[symbol].currency or not quote.price:
            continue
        ratio = price / float(quote.price)
        if _A_HUNDRED / _APART < max(ratio, 1.0 / ratio) < _A_HUNDRED * _APART:
            notes.append(
                say(
                    "{symbol} ends at {price:g}, and the portfolio file has {own}: is one of them in pence?",
                    symbol=symbol,
                    price=price,
                    own=f"{quote.price:f}",
                )
            )
    return tuple(notes)


def compare_policies(
    portfolio: Portfolio,
    settings: BacktestSettings,
    history: Callable[[], PriceHistory] | None,
    texts: Sequence[str],
    drawing: Resampling,
    *,
    plain: bool,
    sweeping: bool = False,
    years: int | None = None,
    tranches: int | None = None,
    stages: Stages = no_stages,
) -> LabReport:
    """Compare policies on history and on resampled histories.

    Args:
        portfolio: Its own policy is the first unless others are named.
        settings: From `settings_of`.
        history: Reads the prices; None simulates some.
        texts: Policies to compare; the usual ones with the portfolio's own unless given.
        drawing: How histories are drawn.
        plain: Nothing but prices moves anything, so that paths are walked side by side.
        sweeping: Compare bands of many widths at many looks with the one policy.
        years: Also start anew every quarter, for so long each.
        tranches: Also let each policy look on every day of its period, alone and in so many tranches.
        stages: Shows how far it is; see `Stages`. A stop keeps what is done and leaves out what comes after.
    """
    # Resampling is compiled, and so is what imports this.
    from steelyard.engines.lab.backtest.ahead import Ahead

    if sweeping and len(texts) > 1:
        raise InputError(
            "policy-text", say("a sweep compares with one policy only"), say("give only one of them")
        )
    with Ahead(wanted=drawing.paths > 0 and plain) as ahead:
        prices = simulate(tuple(portfolio.targets), seed=drawing.seed) if history is None else history()
        chosen: tuple[Candidate, ...] = tuple(candidate(text) for text in texts)
        grid = None
        if sweeping:
            chosen, grid = sweep(chosen[0] if chosen else candidate(portfolio.policy))
        chosen = chosen or usual(portfolio.policy)
        setup = BacktestSetup(chosen, settings)
        study = setup.run(prices)
        ahead.wait()
        comparison = resampled(
            study,
            paths=drawing.paths,
            seed=drawing.seed,
            block=drawing.block,
            circular=drawing.circular,
            progress=drawing.progress or stages(say("resampling"), drawing.paths),
        )
    told = drawn_from(comparison)
    if comparison.paths < drawing.paths:
        return LabReport(study, comparison, grid, notes=told)
    luck = None if tranches is None else lucks(study, setup, tranches, stages)
    stretches = None
    if years is not None and (luck is None or len(luck.policies) == len(chosen)):
        shown = stages(say("other starts"), count_starts(prices, years))
        stretches = rolling_starts(prices, chosen, settings, years=years, progress=shown)
    return LabReport(study, comparison, grid, stretches, luck, told)


def drawn_from(comparison: Comparison) -> tuple[str, ...]:
    """Say which part of a history is resampled where that is not all of it."""
    if not comparison.paths or not comparison.study.history.lives:
        return ()
    dates = comparison.study.together.dates
    return (
        say(
            "resampled histories are drawn from {first} to {last}, when all instruments have prices",
            first=dates[0],
            last=dates[-1],
        ),
    )


def lucks(study: Study, setup: BacktestSetup, tranches: int, stages: Stages) -> TimingLuck:
    """Return the luck of the day of a study's policies, and show how far it is."""
    check_tranches(tranches)
    return timing_luck(
        study, setup, tranches=tranches, progress=stages(say("timing luck"), len(setup.candidates))
    )
