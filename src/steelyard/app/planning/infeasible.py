"""Why no plan exists, and the one thing whose change would make one possible."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from steelyard.app.planning.allocation import allocate
from steelyard.app.planning.plan_request import NotEnoughMoney, PlanRequest
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.portfolio import Portfolio, value
from steelyard.errors import PlanError
from steelyard.records import replace
from steelyard.words import join, say


def infeasible(portfolio: Portfolio, request: PlanRequest, error: NotEnoughMoney) -> PlanError:
    """Name the one constraint whose removal alone would make a plan possible."""
    short = error.amount
    # Sums of an absurd file may be too long to quantize; then they are shown as they are.
    shown = short.quantize(Decimal("0.01"), ROUND_CEILING, EXACT) if abs(short) < Decimal("1e30") else short
    missing = f"{plain(shown)} {portfolio.base_currency}"
    if len(portfolio.accounts) > 1 and error.accounts:
        missing = say("account {accounts}: {missing}", accounts=", ".join(error.accounts), missing=missing)
    limits = portfolio.constraints
    trials: list[tuple[str, str, Portfolio, PlanRequest]] = []
    if not request.can_sell:
        trials.append(
            (
                say("selling is not allowed"),
                say("allow selling (drop --no-sell)"),
                portfolio,
                replace(request, can_sell=True),
            )
        )
    if request.sells is not None:
        trials.append(
            (
                say("only what is over its target is sold"),
                say("allow more to be sold (drop --sell over)"),
                portfolio,
                replace(request, sells=None),
            )
        )
    if limits.reserve_amount or limits.reserve_weight:
        free = replace(limits, reserve_amount=ZERO, reserve_weight=ZERO)
        trials.append(
            (
                say("the cash reserve must stay"),
                say("lower `cash_reserve` under [constraints]"),
                replace(portfolio, constraints=free),
                request,
            )
        )
    if limits.locked:
        free = replace(limits, locked=frozenset())
        trials.append(
            (
                say("{locked} may not be traded", locked=", ".join(sorted(limits.locked))),
                say("take a symbol out of `locked` under [constraints]"),
                replace(portfolio, constraints=free),
                request,
            )
        )
    if limits.min_trade:
        free = replace(limits, min_trade=ZERO)
        trials.append(
            (
                say(
                    "no trade may be smaller than {min_trade} {base_currency}",
                    min_trade=plain(limits.min_trade),
                    base_currency=portfolio.base_currency,
                ),
                say("lower `min_trade` under [constraints]"),
                replace(portfolio, constraints=free),
                request,
            )
        )
    for why, hint, freed, freed_request in trials:
        try:
            allocate(freed, value(freed, cash_flow=request.cash_flow), freed_request)
        except NotEnoughMoney:
            continue
        return PlanError(
            "no-plan", say("{missing} too little, because {why}", missing=missing, why=why), hint
        )
    if request.cash_flow < 0:
        return PlanError(
            "not-enough",
            say(
                "{missing} too little: everything that can be sold does not raise that much after costs",
                missing=missing,
            ),
            say("take out less, or from another account with --account")
            if len(portfolio.accounts) > 1
            else say("take out less"),
        )
    return PlanError(
        "no-plan",
        say(
            "{missing} too little: cash less the cash reserve is negative and sales cannot make up for it",
            missing=missing,
        ),
        say("lower `cash_reserve` under [constraints] or add money with --cash"),
    )


def too_taxed(max_tax: Decimal | None, max_gain: Decimal | None) -> PlanError:
    """Return that limits of tax or gain leave no plan."""
    limits = [
        *([] if max_tax is None else [say("tax of {amount}", amount=plain(max_tax))]),
        *([] if max_gain is None else [say("gain of {amount}", amount=plain(max_gain))]),
    ]
    return PlanError(
        "tax-limit",
        say("no plan stays within {limits}", limits=join(say(" and "), limits)),
        say("raise the limit, or take out less money"),
    )
