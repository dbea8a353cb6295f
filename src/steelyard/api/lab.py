"""The policy lab as a library: what policies would have done, and which differences are evident."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Unpack

from steelyard import bootstrap
from steelyard.api.reading import Money, amount, fraction
from steelyard.app.lab import backtest as lab
from steelyard.app.lab.compare import Comparison, resampled
from steelyard.domain.portfolio import Portfolio, by_first_fund
from steelyard.errors import InputError
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.api.tables import LabOptions
    from steelyard.app.lab.report import LabReport
    from steelyard.app.lab.study import Study
    from steelyard.domain.policy.policies import Policy
    from steelyard.engines.market.price_history import PriceHistory


def backtest(
    prices: Any,
    targets: Mapping[str, Money],
    policies: str | Policy | Sequence[str | Policy],
    *,
    dates: Iterable[Any] | None = None,
    initial: Money | None = None,
    monthly: Money = 0,
    flow: tuple[Money, str] | None = None,
    commission: Money = 0,
    min_commission: Money = 0,
    conversion: Mapping[str, Money] | None = None,
    currencies: Mapping[str, str] | None = None,
    reserve: Money = 0,
    cash_rate: Money = 0,
    risk_free: Money = 0,
    whole: bool = False,
    min_trade: Money = 0,
    taxed_as: Portfolio | None = None,
    harvest_gains: bool = False,
    distributions: Any = None,
    start: date | None = None,
    end: date | None = None,
) -> Study:
    """Return what policies would have done on past prices; `docs/explanation/backtest-model.md` says how.

    Args:
        prices: Closing prices, as a pandas or Polars frame or a mapping of columns (a column a symbol, or
            date, symbol, close), as an array (T, N) with the targets' order, or as a path or a list of paths:
            CSV or Parquet files, folders of them, a `steelyard.db`, or `SYMBOL=FILE`. An instrument whose
            prices begin later joins then, one whose prices end earlier is sold; the others take its part.
        targets: Symbol to fraction (`"60%"` or a Decimal), summing to 1; for example `portfolio.targets`.
        policies: One or several, in the grammar of `steelyard compare --help` or as in `portfolio.policy`.
        dates: T dates, where `prices` has none of its own.
        initial: Money on the first session, base currency, > 0; 10,000 unless given, and with `taxed_as` what
            that portfolio is worth, or 100,000,000 won or 100,000 of another currency.
        monthly: Paid in every month, taken out where negative.
        flow: The same in another rhythm, `(-3000, "quarterly")`; a look of the policy grammar.
        commission: Fraction of the traded value, in [0, 1). min_commission: Least of one trade.
        conversion: Symbol to what a trade in another currency costs on top, a fraction.
        currencies: Symbol to currency pair (`"USDKRW"`) where its prices are not in base currency; the
            prices must have a column of that name.
        reserve: Cash never spent, base currency.
        cash_rate, risk_free: A year, what cash earns and what ratios compare with.
        whole: Trade whole shares, planned by the exact search of `plan`, none below `min_trade`.
        taxed_as: A portfolio with [tax]: gains are taxed as those of its instruments, in its country.
        harvest_gains: With it, and in Korea: realise gains up to the yearly allowance.
        distributions: What a share paid out on its ex-dates, in the currency of its prices, which then must
            not have it in: a frame or columns, wide or long (date, symbol, amount), or a file. Paid in cash.
        start, end: First and last date to use.

    Returns:
        Results in the order of the policies. `summary(pandas.DataFrame)` and `daily(pandas.DataFrame)` are
        frames of them; any constructor that takes a mapping of columns will do.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    weights = tuple(targets.values())
    given = (
        tuple(targets), weights, tuple(map(type, (*weights, *(flow or ())))),
        (policies,) if isinstance(policies, str) or not isinstance(policies, Sequence) else tuple(policies),
        initial, monthly, flow, commission, min_commission, conversion, currencies, reserve, cash_rate,
        risk_free, whole, min_trade, taxed_as, harvest_gains,
    )  # fmt: skip
    try:
        setup = _kept(*given)
    except TypeError:  # Of what has no hash, as a portfolio.
        setup = _read(*given)
    history = bootstrap.history_of(
        prices, setup.symbols, dates=dates, pairs=setup.pairs, start=start, end=end
    )
    if distributions is not None:
        history = bootstrap.with_paid_out(history, distributions)
    return setup.run(history)


def compare(
    study: Study,
    *,
    paths: int = 1000,
    seed: int = 6,
    block: float | None = None,
    circular: bool = False,
    progress: Any = None,
) -> Comparison:
    """Return what the policies of a study do on resampled histories, and which differences are evident.

    Ctrl-C stops the drawing; what comes back rests on the paths that were done.

    Args:
        study: From `backtest`; its first policy is the yardstick.
        paths: Histories to draw, 0 or more.
        seed: Of the drawing, >= 0; path k depends on it and on k alone.
        block: Mean length of what is drawn in one piece, sessions, >= 1; a month unless given.
        circular: Every piece has just that length, a whole number.
        progress: Called with the number of paths done.

    Returns:
        `between(a, b)` is the paired difference of any two, `statement(a, b)` says it in a sentence,
        `distributions()` and `summary(pandas.DataFrame)` have the spread.
    """
    _check_resampling(paths, seed, block, circular)
    return resampled(study, paths=paths, seed=seed, block=block, circular=circular, progress=progress)


def backtest_portfolio(
    portfolio: Portfolio, prices: Any, *, policies: Sequence[str] = (), **options: Unpack[LabOptions]
) -> LabReport:
    """Return what a portfolio's policies would have done: targets, costs, reserve and tax are its own.

    Args:
        portfolio: From `load`, or `load(path, need_accounts=False)`: positions are not needed.
        prices: As for `backtest`.
        policies: In place of the portfolio's own, in the grammar of `steelyard compare --help`.
        options: See `steelyard.api.tables.LabOptions`.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    from steelyard.app.lab.report import LabReport, lucks, no_stages, odd_scales
    from steelyard.app.lab.stand_ins import stand_ins

    settings, notes = _settings(portfolio, options)
    portfolio, stands = by_first_fund(portfolio)
    notes += stand_ins(stands)
    history = _history(portfolio, settings, prices, options)
    notes += odd_scales(portfolio, history)
    chosen = policies or (portfolio.policy,)
    setup = lab.BacktestSetup(tuple(lab.candidate(p) for p in chosen), settings)
    study, tranches = setup.run(history), options.get("tranches")
    luck = None if tranches is None else lucks(study, setup, tranches, options.get("stages", no_stages))
    return LabReport(study, timing=luck, notes=notes)


def compare_portfolio(
    portfolio: Portfolio,
    prices: Any = None,
    *,
    policies: Sequence[str] = (),
    paths: int = 1000,
    seed: int = 6,
    block: float | None = None,
    circular: bool = False,
    progress: Callable[[int], None] | None = None,
    sweep: bool = False,
    rolling_years: int | None = None,
    **options: Unpack[LabOptions],
) -> LabReport:
    """Compare the usual policies with a portfolio's own, and say which differences are evident.

    Args:
        portfolio: As for `backtest_portfolio`.
        prices: As for `backtest`; simulated ones unless given.
        policies: The policies to compare, the first of which is the yardstick.
        paths, seed, block, circular, progress: How histories are resampled, as for `compare`.
        sweep: Compare bands of many widths at many looks with one policy.
        rolling_years: Also start anew every quarter, for so many years each.
        options: See `steelyard.api.tables.LabOptions`.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    from steelyard.app.lab.report import Resampling, compare_policies, no_stages, odd_scales
    from steelyard.app.lab.stand_ins import stand_ins

    simulated = prices is None
    settings, notes = _settings(portfolio, options, simulated=simulated)
    portfolio, stands = by_first_fund(portfolio)
    notes += stand_ins(stands)
    _check_resampling(paths, seed, block, circular)
    report = compare_policies(
        portfolio,
        settings,
        None if simulated else lambda: _history(portfolio, settings, prices, options),
        policies,
        Resampling(paths, seed, block, circular, progress),
        plain=settings.is_plain and options.get("distributions") is None,
        sweeping=sweep,
        years=rolling_years,
        tranches=options.get("tranches"),
        stages=options.get("stages", no_stages),
    )
    notes += report.notes
    return replace(report, notes=notes if simulated else notes + odd_scales(portfolio, report.study.history))


def _settings(
    portfolio: Portfolio, options: LabOptions, *, simulated: bool = False
) -> tuple[lab.BacktestSettings, tuple[str, ...]]:
    """Return settings, and what to know of them: also why gains are not taxed although there is [tax]."""
    from steelyard.app.lab.report import Asked, notes_of, settings_of, usual_initial

    flow, initial = options.get("flow"), options.get("initial")
    asked = Asked(
        initial=usual_initial(portfolio) if initial is None else amount(initial),
        monthly=amount(options.get("monthly", 0)),
        flow=None if flow is None else (amount(flow[0]), flow[1]),
        deposits_wait=options.get("deposits_wait", False),
        cash_rate=fraction(options.get("cash_rate", 0)),
        risk_free=fraction(options.get("risk_free", 0)),
        base_prices=options.get("base_prices", False),
        whole=options.get("whole", False),
    )
    if asked.initial <= 0:
        raise InputError(
            "initial",
            say("initial is {initial}, not above zero", initial=asked.initial),
            say("give initial=10000"),
        )
    portfolio, _ = by_first_fund(portfolio)
    terms, notes = None, notes_of(portfolio)
    harvest_gains = options.get("harvest_gains", False)
    if portfolio.tax is not None and not options.get("before_tax", False):
        found = bootstrap.backtest_tax(portfolio, harvest=harvest_gains)
        if isinstance(found, str):
            notes = (*notes, found)
        else:
            terms = found
            notes = (*notes, *_said(asked.initial, portfolio)) if initial is None else notes
    elif harvest_gains:
        raise InputError(
            "harvest-allowance",
            say("--harvest-gains needs a taxed backtest"),
            say('add [tax] with jurisdiction = "KR", and leave --before-tax out'),
        )
    return settings_of(portfolio, asked, terms, simulated=simulated), notes


def _said(initial: Decimal, portfolio: Portfolio) -> tuple[str, ...]:
    """Say what a taxed backtest starts with where nobody gave it: the tax depends on it."""
    return (
        say(
            "it starts with {initial:,.0f} {currency}, which tax depends on; --initial sets it",
            initial=initial,
            currency=portfolio.base_currency,
        ),
    )


def _history(
    portfolio: Portfolio, settings: lab.BacktestSettings, prices: Any, options: LabOptions
) -> PriceHistory:
    pairs = sorted(set(settings.currencies.values()))
    symbols = tuple(portfolio.targets)
    start, end, paid = options.get("start"), options.get("end"), options.get("distributions")
    known = {s: portfolio.instruments[s] for s in symbols if s in portfolio.instruments}
    history = bootstrap.history_of(
        prices,
        symbols,
        pairs=pairs,
        start=start,
        end=end,
        called={s: i.name for s, i in known.items() if i.name},
        exchanges={s: i.exchange for s, i in known.items() if i.exchange},
    )
    return history if paid is None else bootstrap.with_paid_out(history, paid)


def _check_resampling(paths: int, seed: int, block: float | None, circular: bool) -> None:
    if paths < 0 or seed < 0 or (block is not None and block < 1.0):
        raise InputError(
            "resampling",
            say(
                "paths {paths}, seed {seed}, block {block:g}: one of them is too small",
                paths=paths,
                seed=seed,
                block=1.0 if block is None else block,
            ),
            say("give paths and seed of 0 or more, and a block of at least one session"),
        )
    if circular and block is not None and block != int(block):
        raise InputError(
            "resampling",
            say("block {block:g} is no whole number", block=block),
            say("give block=21, or circular=False"),
        )


def _read(
    symbols: tuple[str, ...],
    weights: tuple[Money, ...],
    kinds: tuple[type, ...],
    policies: tuple[str | Policy, ...],
    initial: Money | None,
    monthly: Money,
    flow: tuple[Money, str] | None,
    commission: Money,
    min_commission: Money,
    conversion: Mapping[str, Money] | None,
    currencies: Mapping[str, str] | None,
    reserve: Money,
    cash_rate: Money,
    risk_free: Money,
    whole: bool,
    min_trade: Money,
    taxed_as: Portfolio | None,
    harvest_gains: bool,
) -> lab.BacktestSetup:
    """Return all that `backtest` is given but the prices.

    `kinds` are the types of numbers inside others: what is kept for Decimal(1) must not be found for 1.0.
    """
    targets = {symbol: fraction(weight) for symbol, weight in zip(symbols, weights, strict=True)}
    if sum(targets.values()) != 1 or min(targets.values(), default=0) < 0:
        raise InputError(
            "target-sum",
            say("targets add up to {total:%}, or one is negative", total=sum(targets.values())),
            say("give fractions from 0 to 1 that add up to 1"),
        )
    if not policies:
        raise InputError(
            "policy-text", say("no policy is given"), say('give one, for example "calendar quarterly"')
        )
    paid_in, every = lab.rhythm(amount(monthly), None if flow is None else (amount(flow[0]), flow[1]))
    terms = None
    if taxed_as is not None:
        if taxed_as.tax is None:
            raise InputError(
                "tax-missing",
                say("{source} has no [tax]", source=taxed_as.source),
                say('add jurisdiction = "KR" or "US"'),
            )
        found = bootstrap.backtest_tax(taxed_as, harvest=harvest_gains)
        if isinstance(found, str):
            raise InputError("tax-missing", found, say("leave taxed_as out for a backtest before tax"))
        terms = found
    settings = lab.BacktestSettings(
        targets=targets,
        initial=_start(initial, taxed_as),
        commission=fraction(commission),
        min_commission=amount(min_commission),
        conversion={symbol: fraction(part) for symbol, part in (conversion or {}).items()},
        reserve_amount=amount(reserve),
        flow=paid_in,
        flow_look=every,
        cash_rate=fraction(cash_rate),
        risk_free=fraction(risk_free),
        currencies=dict(currencies or {}),
        whole=whole,
        min_trade=amount(min_trade),
        tax=terms,
    )
    if settings.initial <= 0:
        raise InputError(
            "initial", say("initial is {initial}, not above zero", initial=initial), say("give initial=10000")
        )
    return lab.BacktestSetup(tuple(lab.candidate(p) for p in policies), settings)


def _start(initial: Money | None, taxed_as: Portfolio | None) -> Decimal:
    if initial is not None:
        return amount(initial)
    if taxed_as is None:
        return Decimal(10_000)
    from steelyard.app.lab.report import usual_initial

    return usual_initial(taxed_as)


# A study of many histories asks for the same again and again, and reading it took as long as the walk.
_kept = lru_cache(maxsize=64, typed=True)(_read)
