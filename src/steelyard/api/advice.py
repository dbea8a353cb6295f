"""Advice of the lab: which band and which savings fit one's own costs, taxes and size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Unpack

from steelyard import bootstrap
from steelyard.api.books import build
from steelyard.api.planning import invest
from steelyard.api.reading import Money, amount, day, fraction
from steelyard.domain.money import minor_digits
from steelyard.domain.portfolio import Portfolio, by_first_fund
from steelyard.errors import DataError, InputError
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.api.tables import AdviceOptions
    from steelyard.app.lab.advice.band_map import Grid, MapRow
    from steelyard.app.lab.advice.bands import BandReport
    from steelyard.app.lab.advice.deposits import DepositReport
    from steelyard.app.lab.advice.own_policy import Duels
    from steelyard.app.lab.advice.saver_inputs import SaverInputs
    from steelyard.app.lab.advice.simulation_values import Drawing
    from steelyard.app.lab.literature.review import Review
    from steelyard.engines.market.price_history import PriceHistory

_MOST_MOVES = 10_000_000
"""Price moves of a simulation: at that size it takes some seconds and 300 MB."""


def bands(
    portfolio: Portfolio,
    prices: Any = None,
    *,
    simulate: bool = True,
    paths: int = 200,
    years: int = 10,
    seed: int = 21,
    **options: Unpack[AdviceOptions],
) -> BandReport:
    """Return which trigger and destination cost a portfolio's owner least, and what other rules cost more.

    Args:
        portfolio: From `load`, or `load(path, need_accounts=False)` with `value`.
        prices: Past prices in base currency or the funds' own, as for `backtest`; they say how much the funds
            move. Without them `volatility` does.
        simulate: False leaves the simulation out, where closed form and programme answer.
        paths, years, seed: Of the simulation.
        options: See `steelyard.api.tables.AdviceOptions`.

    Raises:
        InputError, DataError, ExtraMissing: See `steelyard.errors`.
    """
    from steelyard.app.lab.advice import bands as advisor

    drawing = _drawing(paths, years, seed)
    saver, portfolio = _saver_of(portfolio, prices, options)
    _need_room(saver, drawing)
    return advisor.bands(saver, portfolio.policy, drawing if simulate else None)


def deposits(
    portfolio: Portfolio,
    prices: Any = None,
    *,
    paths: int = 200,
    years: int = 10,
    seed: int = 21,
    as_of: date | None = None,
    **options: Unpack[AdviceOptions],
) -> DepositReport:
    """Return how much saving, and how often, makes selling unnecessary, and what the next year then buys.

    Purchases are those of `invest`, month by month at today's prices, in the first account.

    Args:
        portfolio: From `load`; without accounts, `value` is needed and no purchases are planned.
        prices: As for `bands`.
        paths, years, seed: Of the simulation.
        as_of: The day to plan from; today unless given.
        options: See `steelyard.api.tables.AdviceOptions`; `deposits` is a tenth of the value unless given.

    Raises:
        InputError, DataError, PlanError, ExtraMissing: See `steelyard.errors`.
    """
    from steelyard.app.lab.advice import deposits as advisor

    drawing = _drawing(paths, years, seed)
    saver, plain = _saver_of(portfolio, prices, {**options, "before_tax": True})
    _need_room(replace(saver, look="daily"), drawing)
    notes = list(saver.notes)
    if not saver.deposits:
        saver = replace(saver, deposits=saver.value / 10)
        notes.append(say("deposits are taken as a tenth of the portfolio a year; --deposits says another"))
    why_not, purchases = advisor.not_planned(portfolio), []
    if why_not is None:
        start, account, monthly = day(as_of, portfolio), portfolio.accounts[0].name, Decimal(saver.deposits)
        monthly = (monthly / 12).quantize(Decimal(1).scaleb(-minor_digits(portfolio.base_currency)))
        for month in range(12):
            plan = invest(portfolio, monthly, as_of=start, account=account, over_limit=True)
            name = advisor.following(start, month)
            portfolio, purchase = advisor.bought(portfolio, account, plan, name)
            purchases.append(purchase)
    else:
        notes.append(why_not)
    return advisor.deposits(saver, plain.policy, drawing, purchases, notes)


def literature(prices: Any = None, *, seed: int = 7, only: Sequence[str] = ()) -> Review:
    """Return published and exact results beside ours, with the difference, the verdict and why.

    Args:
        prices: Daily total-return closes of SPY and IEF, or of 069500 and 152380, or all four, as for
            `backtest`; what needs those that are not there is listed and not run.
        seed: Of what is simulated.
        only: Beginnings of names; all unless given.

    Raises:
        InputError: Nothing begins with such a name, or the seed is below zero; DataError: See there.
    """
    from steelyard.app.lab.literature import korean, priced, review

    histories: list[PriceHistory | None] = [None, None]
    missing: DataError | None = None
    for n, funds in enumerate((priced.FUNDS, korean.FUNDS) if prices is not None else ()):
        try:
            histories[n] = bootstrap.history_of(prices, funds).together()
        except DataError as error:
            # Of one market alone there is enough to do.
            if error.code != "price-missing":
                raise
            missing = missing or error
    if missing is not None and histories == [None, None]:
        raise missing
    found = review.review(*histories, seed=max(seed, 0), only=only)
    if not found.findings:
        raise InputError(
            "no-finding",
            say("no result is called {names}", names=", ".join(only)),
            say("see the names by `steelyard lab literature`"),
        )
    return found


def rule_duels(
    portfolio: Portfolio,
    prices: Any,
    *,
    paths: int = 200,
    seed: int = 21,
    **options: Unpack[AdviceOptions],
) -> Duels:
    """Return the "even tracking" rule against the usual ones at equal deviation, on each half of a history.

    Args:
        portfolio: From `load`, or `load(path, need_accounts=False)` with `value`.
        prices: Daily closes of its funds, ten years or more, as for `backtest`.
        paths, seed: Resampled, and of the drawing.
        options: See `steelyard.api.tables.AdviceOptions`.

    Raises:
        InputError, DataError, ExtraMissing: See `steelyard.errors`.
    """
    from steelyard.app.lab.advice import own_policy

    _drawing(paths, 10, seed)
    saver, plain = _saver_of(portfolio, prices, options)
    history = _history(plain, prices, options)
    columns = [history.symbols.index(s) for s in saver.symbols]
    return own_policy.duels(saver, history.prices[:, columns], paths=paths, seed=seed)


def band_map(
    *,
    paths: int = 100,
    seed: int = 21,
    small: bool = False,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> tuple[Grid, Iterator[MapRow]]:
    """Return the grid of the band map, and its situations one by one as they are computed.

    Args:
        paths, seed: Of the simulation.
        small: Few situations and rules, for a first look.
        workers: Threads.
        progress: Called with the number of situations done.

    Raises:
        InputError, ExtraMissing: See `steelyard.errors`.
    """
    from steelyard.app.lab.advice import band_map as maps

    _drawing(paths, 10, seed)
    grid = maps.Grid(maps.regimes(_regime_rates()), paths=paths, seed=seed)
    if small:
        grid = maps.small(grid)
    return grid, maps.compute(grid, workers=max(workers, 1), progress=progress)


def _regime_rates() -> list[tuple[str, float, float]]:
    """Return rate and allowance of each regime of the map, from the countries' data."""
    from steelyard.app.lab.advice.saver_inputs import tax_of

    rates = [("none", 0.0, 0.0)]
    cases: Any = (
        ("us", "USD", {"jurisdiction": "US", "ordinary_rate": "24%"}, {"us_class": "security"}),
        ("kr-overseas", "KRW", {"jurisdiction": "KR"}, {"tax_class": "overseas_listed"}),
        ("kr-other", "KRW", {"jurisdiction": "KR"}, {"tax_class": "krx_other"}),
    )
    for name, currency, tax, kind in cases:
        fund: Any = {"A": {"currency": currency, **kind}}
        portfolio = build(currency, {"A": "100%"}, tax=tax, instruments=fund, need_accounts=False)
        found = bootstrap.backtest_tax(portfolio)
        assert not isinstance(found, str), found
        few = tax_of(found, ["A"])
        rates.append((name, few.sale if name == "kr-other" else few.yearly, few.allowance))
    return rates


def _drawing(paths: int, years: int, seed: int) -> Drawing:
    from steelyard.app.lab.advice.simulation_values import FEWEST, Drawing

    if seed < 0 or not 1 <= years <= 100:
        raise InputError(
            "paths",
            say("{years} years or seed {seed} cannot be simulated", years=years, seed=seed),
            say("give 1 to 100 years and a seed of 0 or more"),
        )
    if paths < FEWEST:
        raise InputError(
            "paths",
            say("{paths} paths are too few for an interval", paths=paths),
            say("give {fewest} or more", fewest=FEWEST),
        )
    return Drawing(paths, years, seed)


def _need_room(saver: SaverInputs, drawing: Drawing) -> None:
    """Refuse a simulation that memory and patience would not bear.

    Raises:
        InputError: It is too large (`paths`).
    """
    size = drawing.years * saver.looks * len(saver.symbols)
    if drawing.paths * size > _MOST_MOVES:
        raise InputError(
            "paths",
            say("{paths} paths of {years} years are too many", paths=drawing.paths, years=drawing.years),
            say("give {most} or fewer, or rarer looks", most=_MOST_MOVES // size),
        )


def _saver_of(portfolio: Portfolio, prices: Any, options: AdviceOptions) -> tuple[SaverInputs, Portfolio]:
    """Return the numbers that advice rests on, and the portfolio with a fund for each class."""
    from steelyard.app.lab.advice.saver_inputs import LOOKS_A_YEAR, Told, inputs
    from steelyard.app.lab.stand_ins import stand_ins

    held = portfolio
    portfolio, stands = by_first_fund(held)
    volatility, move, gain = options.get("volatility"), options.get("move_cost"), options.get("gain")
    told = Told(
        value=_amount(options, "value"),
        aversion=float(fraction(options.get("aversion", 4))),
        volatility=None if volatility is None else float(fraction(volatility)),
        look=options.get("look", "daily"),
        move=None if move is None else fraction(move),
        spread=fraction(options.get("spread", 0)),
        fixed=amount(options.get("fixed", 0)),
        deposits=amount(options.get("deposits", 0)),
        gain=None if gain is None else fraction(gain),
        whole=options.get("whole"),
    )
    least = {"spread": told.spread, "fixed": told.fixed, "deposits": told.deposits, "gain": told.gain or 0}
    wrong = next((name for name, number in least.items() if number < 0), None)
    if not 0 < told.aversion <= 1000:
        wrong = "aversion"
    if told.volatility is not None and not 0 < told.volatility <= 5:
        wrong = "volatility"
    if told.gain is not None and told.gain >= 1:
        wrong = "gain"
    if (told.move is not None and not 0 <= told.move < 1) or told.spread >= 1:
        wrong = "move_cost"
    if told.look not in LOOKS_A_YEAR:
        wrong = "look"
    if wrong is not None:
        raise InputError(
            "advice",
            say("{name} is out of its range", name=wrong),
            say("see `steelyard bands --help` for what it means"),
        )
    history = None if prices is None else _history(portfolio, prices, options)
    tax, more = None, stand_ins(stands)
    if portfolio.tax is not None and not options.get("before_tax", False):
        found = bootstrap.backtest_tax(portfolio)
        if isinstance(found, str):
            more = (*more, found)
        else:
            tax, more = found, (*more, *found.notes)
    return inputs(portfolio, told, history, tax, more, held=held), portfolio


def _history(portfolio: Portfolio, prices: Any, options: AdviceOptions) -> PriceHistory:
    """Return past prices of a portfolio's funds in base currency."""
    from steelyard.app.lab.advice.saver_inputs import in_base_currency

    known = {s: i for s, i in portfolio.instruments.items() if s in portfolio.targets}
    base = portfolio.base_currency
    foreign = {s: i.currency + base for s, i in known.items() if i.currency != base}
    pairs = () if options.get("base_prices") else tuple(sorted(set(foreign.values())))
    history = bootstrap.history_of(
        prices,
        tuple(portfolio.targets),
        pairs=pairs,
        called={s: i.name for s, i in known.items() if i.name},
        exchanges={s: i.exchange for s, i in known.items() if i.exchange},
    )
    return in_base_currency(history.together(), foreign if pairs else {})


def _amount(options: AdviceOptions, name: str) -> Any:
    given: Money | None = options.get(name)  # type: ignore[assignment]
    return None if given is None else amount(given)
