"""What advice on bands rests on: taken from the portfolio file and the price history, else from what is told.

Decimals turn into floats here. Whatever had to be assumed is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Portfolio, value
from steelyard.domain.tax import backtest as kinds
from steelyard.domain.tax.backtest import BacktestTax
from steelyard.engines.arrays import Floats
from steelyard.engines.lab import saver_codes_kernel as codes
from steelyard.engines.lab.closed_forms import CostOfMove, Drift
from steelyard.engines.market.price_history import PriceHistory, day_numbers
from steelyard.errors import InputError
from steelyard.words import say

LOOKS_A_YEAR = {
    "daily": 252, "weekly": 52, "biweekly": 26, "monthly": 12, "quarterly": 4, "semiannual": 2, "annual": 1,
}  # fmt: skip
_DAYS_A_YEAR = 365.25
_TOGETHER = 5
"""Daily returns are added up to weekly ones: markets that close hours apart move together only then."""
_OFTEN = 126
_LEAST_RETURNS = 24


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of themselves, None where the file or an assumption has to serve.

    Attributes:
        value: Of the portfolio. aversion: Relative risk aversion, > 0.
        volatility: Of one fund's return less another's a year, the same for all pairs; where no prices say.
        look: How often the portfolio is looked at.
        move: Cost of a unit of money moved from one fund to another, in place of the file's commission.
        spread: Between bid and ask, part of the price. fixed: Cost of a rebalance besides.
        deposits: Money paid in a year. gain: Part of the value that is unrealised gain.
        whole: Whole shares.
    """

    value: Decimal | None = None
    aversion: float = 4.0
    volatility: float | None = None
    look: str = "daily"
    move: Decimal | None = None
    spread: Decimal = ZERO
    fixed: Decimal = ZERO
    deposits: Decimal = ZERO
    gain: Decimal | None = None
    whole: bool | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SaverTax:
    """How gains are taxed, in a few numbers; see `engines.lab.saver.Taxation`."""

    kinds: tuple[int, ...]
    yearly: float
    allowance: float
    carries: bool
    sale: float


@dataclass(frozen=True, eq=False, slots=True)
class SaverInputs:
    """Numbers of a saver.

    Attributes:
        symbols: N funds with a target above zero. targets: (N,). covariance: (N, N) a year.
        aversion, value, look: As told. currency: Of the value.
        prices: (N,) of a share, None where the file has none. whole: Whole shares are traded.
        commission: (N,) of a trade's value, one leg. least: Of a trade. fixed: Of a rebalance.
        deposits: A year, money. gain: Part of the value. tax: None for none.
        notes: What was assumed, one sentence each.
    """

    symbols: tuple[str, ...]
    targets: Floats
    covariance: Floats
    aversion: float
    value: float
    look: str
    currency: str
    prices: Floats | None
    whole: bool
    commission: Floats
    least: float
    fixed: float
    deposits: float
    gain: float
    tax: SaverTax | None
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def looks(self) -> int:
        """A year."""
        return LOOKS_A_YEAR[self.look]

    @property
    def move(self) -> float:
        """Cost of a unit of weight moved: both legs, funds as likely as their targets are large."""
        return 2.0 * float(self.commission @ self.targets)

    def cost_of_move(self) -> CostOfMove:
        """Return what moving a weight between two funds costs, with the least commission of both trades."""
        move, fixed, least = self.move, self.fixed / self.value, 2.0 * self.least / self.value
        return lambda weight: fixed + max(move * weight, least)

    def against_rest(self, fund: int) -> float:
        """Return the volatility of a fund's return less that of all other funds together, a root year."""
        one = np.zeros(len(self.targets))
        one[fund] = 1.0
        rest = (self.targets - one * self.targets) / (1.0 - self.targets[fund])
        return math.sqrt(max(float((one - rest) @ self.covariance @ (one - rest)), 0.0))

    def drift(self, fund: int) -> Drift:
        """Return how the weight of a fund strays against all others together."""
        target, volatility = float(self.targets[fund]), self.against_rest(fund)
        return Drift(volatility * target * (1.0 - target), self.aversion * volatility**2 / 2.0)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but proportional and fixed costs matters, so that the closed forms hold."""
        return not (self.whole or self.deposits or self.tax is not None)


def inputs(
    portfolio: Portfolio,
    told: Told,
    history: PriceHistory | None,
    tax: BacktestTax | None,
    notes: Sequence[str] = (),
    *,
    held: Portfolio,
) -> SaverInputs:
    """Return the numbers of a portfolio's owner.

    Args:
        portfolio: Classes stand for their first fund already.
        told: See there.
        history: Past prices in base currency, for the covariance.
        tax: What gains are taxed by.
        notes: What is said already.
        held: The portfolio with its classes: every member of one counts for its value and its gain.

    Raises:
        InputError: Fewer than two funds have a target; there is no value; a number is out of its range.
    """
    said = list(notes)
    symbols = tuple(s for s, w in portfolio.targets.items() if w > 0)
    if len(symbols) < 2:
        raise InputError(
            "one-fund",
            say("a band needs two funds or more with a target"),
            say("add a second target under [targets]"),
        )
    targets = np.array([float(portfolio.targets[s]) for s in symbols])
    worth = told.value if told.value is not None else _worth(held)
    if worth is None or worth <= 0:
        raise InputError(
            "no-value",
            say("what the portfolio is worth is not known"),
            say("add --value AMOUNT, or accounts with positions to the file"),
        )
    covariance = _covariance(symbols, told, history, said)
    prices = _prices(portfolio, symbols)
    whole = (not portfolio.constraints.fractional) if told.whole is None else told.whole
    if whole and prices is None:
        whole = False
        said.append(say("shares are taken as divisible: the file has no price of every fund"))
    gain = told.gain
    if gain is None:
        gain = ZERO if tax is None else _gain(held, said)
    return SaverInputs(
        symbols=symbols,
        targets=targets,
        covariance=covariance,
        aversion=told.aversion,
        value=float(worth),
        look=told.look,
        currency=portfolio.base_currency,
        prices=prices,
        whole=whole,
        commission=_commission(portfolio, symbols, told),
        least=0.0 if told.move is not None else float(portfolio.costs.min_commission),
        fixed=float(told.fixed),
        deposits=float(told.deposits),
        gain=float(gain),
        tax=None if tax is None else tax_of(tax, symbols),
        notes=tuple(said),
    )


def in_base_currency(history: PriceHistory, foreign: Mapping[str, str]) -> PriceHistory:
    """Return prices in base currency, of funds by the currency pair that theirs are converted with."""
    if not foreign:
        return history
    prices = history.prices.copy()
    for n, symbol in enumerate(history.symbols):
        if symbol in foreign:
            prices[:, n] *= history.rates[foreign[symbol]]
    return replace(history, prices=prices)


def _worth(portfolio: Portfolio) -> Decimal | None:
    return value(portfolio).managed if any(a.holds for a in portfolio.accounts) else None


def _prices(portfolio: Portfolio, symbols: tuple[str, ...]) -> Floats | None:
    quotes = portfolio.quotes
    if any(s not in quotes or quotes[s].by_value for s in symbols):
        return None
    return np.array([float(portfolio.base_price(s)) for s in symbols])


def _commission(portfolio: Portfolio, symbols: tuple[str, ...], told: Told) -> Floats:
    if told.move is not None:
        return np.full(len(symbols), float(told.move) / 2.0)
    costs = portfolio.costs
    foreign = [portfolio.instruments[s].currency != portfolio.base_currency for s in symbols]
    half = told.spread / 2
    return np.array([float(costs.commission + half + (costs.fx_spread if f else ZERO)) for f in foreign])


def _covariance(
    symbols: tuple[str, ...], told: Told, history: PriceHistory | None, notes: list[str]
) -> Floats:
    if history is not None and told.volatility is None:
        columns = [history.symbols.index(s) for s in symbols]
        logs, days = np.log(history.prices[:, columns]), day_numbers(history.dates)
        years = float(days[-1] - days[0]) / _DAYS_A_YEAR
        rows = _TOGETHER if (len(logs) - 1) / years > _OFTEN else 1
        returns = np.diff(logs[::rows], axis=0)
        if len(returns) < _LEAST_RETURNS:
            raise InputError(
                "short-history",
                say("{count} returns say too little about volatility", count=len(returns)),
                say("give longer prices, or --volatility 15%"),
            )
        notes.append(
            say(
                "volatilities are those of {source} from {start} to {end}",
                source=history.source,
                start=history.dates[0],
                end=history.dates[-1],
            )
        )
        found: Floats = np.cov(returns, rowvar=False) * (len(returns) / years)
        return found
    volatility = 0.15 if told.volatility is None else told.volatility
    if told.volatility is None:
        notes.append(
            say(
                "each fund is taken to move {volatility:.0%} a year against every other; "
                "--prices measures it, --volatility says another",
                volatility=volatility,
            )
        )
    return np.eye(len(symbols)) * volatility**2 / 2.0


def _gain(portfolio: Portfolio, notes: list[str]) -> Decimal:
    """Return the unrealised part of the value by the file's lots; say of what there are none."""
    worth = cost = ZERO
    lacking: list[str] = []
    for account in portfolio.accounts:
        for position in account.positions:
            if position.symbol not in portfolio.counted or not position.shares:
                continue
            if not position.lots:
                lacking.append(position.symbol)
                continue
            worth += portfolio.position_value(position)
            for lot in position.lots:
                rate = lot.fx if lot.fx is not None else portfolio.rate(lot.currency)
                cost += lot.shares * lot.unit_cost * rate
    if not worth:
        notes.append(say("no unrealised gain is assumed: the file has no lots; --gain 30% says another"))
        return ZERO
    if lacking:
        notes.append(
            say(
                "the unrealised gain of {symbols} is taken to be that of all others: the file has no lots of "
                "them; --gain 30% says another",
                symbols=", ".join(dict.fromkeys(lacking)),
            )
        )
    return max((worth - cost) / worth, ZERO)


def tax_of(tax: BacktestTax, symbols: Sequence[str]) -> SaverTax:
    """Return how gains are taxed in the few numbers that a saver's years need."""
    own: Mapping[str, int] = {
        kinds.UNTAXED: codes.UNTAXED,
        kinds.YEARLY: codes.YEARLY,
        kinds.EACH_SALE: codes.EACH_SALE,
        kinds.BY_TERM: codes.YEARLY,
    }
    by_term = any(tax.kinds[s] == kinds.BY_TERM for s in symbols)
    return SaverTax(
        kinds=tuple(own[tax.kinds[s]] for s in symbols),
        yearly=float(tax.long if by_term else tax.national + tax.local),
        allowance=float(tax.allowance),
        carries=by_term,
        sale=float(tax.withheld * (1 + tax.withheld_local)),
    )
