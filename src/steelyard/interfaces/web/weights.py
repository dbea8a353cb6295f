"""Weights against targets as a table of rows that add up to a hundred, cash one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from steelyard.app.check import CheckReport
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.policy.policies import band
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Plan
from steelyard.interfaces.web.display import hundred
from steelyard.interfaces.web.strips import Strip, scale, strip
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One target.

    Attributes:
        symbol, name: Which.
        value, weight: What it is worth, and its percentage, which adds up with the others to 100.
        target: Wanted percentage.
        drift: Weight less target, fraction.
        strip: The picture of it.
        outside: Outside its band.
        before, before_value: The same before a plan.
        moved: Shares that the plan trades, signed; None where it has no shares.
    """

    symbol: str
    name: str
    value: Decimal
    weight: Decimal
    target: Decimal
    drift: Decimal
    strip: Strip | None
    outside: bool
    before: Decimal | None = None
    before_value: Decimal | None = None
    moved: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """The rows of the targets, that of cash, and their sum.

    Attributes:
        rows: One a target, in the order of the file.
        cash: All cash but the reserve; its target is what the others leave, which is nothing.
        total, total_before: The sum of the rows, which weights refer to.
        band: Half-width of the band where all targets have the same, else None.
        anything: Whether there is any money at all.
    """

    rows: tuple[Row, ...]
    cash: Row
    total: Decimal
    band: Decimal | None
    anything: bool
    total_before: Decimal | None = None


def weights_of(report: CheckReport) -> Weights:
    """Return the weights that a check found."""
    portfolio, valuation = report.portfolio, report.valuation
    total = valuation.managed
    values = {d.symbol: d.value for d in report.drifts}
    cash = EXACT.subtract(valuation.cash, valuation.reserve)
    parts = _parts([*values.values(), cash], total)
    aims = _aims(portfolio)
    bands = _bands(portfolio)
    end = scale(bands.values(), [d.drift for d in report.drifts])
    rows = tuple(
        Row(
            d.symbol,
            name_of(portfolio, d.symbol),
            d.value,
            part,
            aim,
            d.drift,
            strip(d.drift, bands[d.symbol], end),
            d.symbol in report.breaches,
        )
        for d, part, aim in zip(report.drifts, parts, aims, strict=False)
    )
    return Weights(rows, _cash_row(cash, parts[-1], total), total, _same(bands.values()), bool(total))


def weights_after(plan: Plan, report: CheckReport) -> Weights:
    """Return the weights after a plan beside those of a check of the same portfolio."""
    before = weights_of(report)
    was = {row.symbol: row for row in before.rows}
    portfolio, total = report.portfolio, plan.managed_after
    reserve = EXACT.subtract(plan.total_after, plan.managed_after)
    cash = EXACT.subtract(plan.cash_after, reserve)
    parts = _parts([*(h.drift.value for h in plan.after), cash], total)
    bands = _bands(portfolio)
    drifts = [h.drift.drift for h in plan.after] + [row.drift for row in before.rows]
    end = scale(bands.values(), drifts)
    traded: dict[str, Decimal] = {}
    for trade in plan.trades:
        count = trade.shares if trade.side == "buy" else -trade.shares
        traded[trade.symbol] = EXACT.add(traded.get(trade.symbol, ZERO), count)
    rows = tuple(
        Row(
            h.symbol,
            name_of(portfolio, h.symbol),
            h.drift.value,
            part,
            aim,
            h.drift.drift,
            strip(h.drift.drift, bands[h.symbol], end, before=was[h.symbol].drift),
            (limit := bands[h.symbol]) is not None and h.drift.beyond(limit),
            was[h.symbol].weight,
            was[h.symbol].value,
            traded.get(h.symbol, ZERO) if h.shares is not None else None,
        )
        for h, part, aim in zip(plan.after, parts, _aims(portfolio), strict=False)
    )
    kept = _cash_row(cash, parts[-1], total, before.cash)
    return Weights(rows, kept, total, before.band, bool(total), before.total)


def name_of(portfolio: Portfolio, symbol: str) -> str:
    """Return the name of an instrument, nothing for a class."""
    known = portfolio.instruments.get(symbol)
    return known.name if known is not None and known.name != symbol else ""


def _cash_row(cash: Decimal, part: Decimal, total: Decimal, before: Row | None = None) -> Row:
    drift = EXACT.divide(cash, total) if total else ZERO
    was = (None, None) if before is None else (before.weight, before.value)
    return Row("", "", cash, part, ZERO.quantize(Decimal("0.1")), drift, None, False, *was)


def _parts(values: Sequence[Decimal], total: Decimal) -> tuple[Decimal, ...]:
    return hundred([EXACT.divide(v, total) if total else ZERO for v in values])


def _aims(portfolio: Portfolio) -> tuple[Decimal, ...]:
    targets: Mapping[str, Decimal] = portfolio.targets
    return hundred(list(targets.values()))


def _bands(portfolio: Portfolio) -> dict[str, Decimal | None]:
    """Return the band of each target, None where the policy asks for none."""
    policy = portfolio.policy
    asks = policy.kind in ("threshold", "hybrid")
    return {s: band(s, target, policy) if asks else None for s, target in portfolio.targets.items()}


def _same(bands: object) -> Decimal | None:
    found = set(bands)  # type: ignore[call-overload]
    return found.pop() if len(found) == 1 else None
