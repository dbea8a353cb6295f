"""What a plan leaves unbought because a purchase would undo a loss that was realised a short while ago."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from steelyard.app.tax.situation import Returns, TaxSituation
from steelyard.domain.money import exact_sum, plain
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.planning import NoBuy
from steelyard.domain.trades import Blocked
from steelyard.errors import InputError
from steelyard.words import join, say


def wash_blocks(portfolio: Portfolio, returns: Returns, *, as_of: date) -> tuple[Blocked, ...]:
    """Return the targets that are not bought on a day, in any account, in the order of the targets.

    `block_wash_sales = false` under [tax] lifts the block.

    Args:
        portfolio: Its targets are looked at.
        returns: The journal and the country of each.
        as_of: Day of the purchases.

    Raises:
        InputError: The setting is neither true nor false (`tax-setting`).
    """
    found = [
        (x.country.currency, loss)
        for x in returns
        if blocks_wash_sales(x)
        for loss in x.country.no_buys(x.facts, as_of)
    ]
    losses = [loss for _, loss in found]
    rows = []
    for symbol in portfolio.counted:
        undone = [x for x in losses if symbol in x.symbols]
        if undone:
            # Only one country has such a rule, so one currency.
            reason = _reason(symbol, undone, found[0][0])
            text = join("", (reason, _stand_in(portfolio, symbol, losses)))
            rows.append(Blocked(symbol, max(x.not_before for x in undone), text))
    return tuple(rows)


def blocks_wash_sales(situation: TaxSituation) -> bool:
    """Say whether the owner wants purchases left out that would undo a loss: yes, unless [tax] says no.

    Raises:
        InputError: The setting is neither true nor false (`tax-setting`).
    """
    wanted = situation.facts.settings.get("block_wash_sales", True)
    if not isinstance(wanted, bool):
        raise InputError(
            "tax-setting",
            say("tax.block_wash_sales is {wanted!r}, neither true nor false", wanted=wanted),
            say("write block_wash_sales = false under [tax] to lift the block"),
        )
    return wanted


def own_blocks(
    portfolio: Portfolio, returns: Returns, sold: Collection[str], *, as_of: date
) -> tuple[Blocked, ...]:
    """Return the targets that are not bought because a plan sells them, or their like, at a loss.

    Args:
        portfolio, returns, as_of: As for `wash_blocks`.
        sold: What the plan sells at a loss.
    """
    washing = next((x for x in returns if x.country.wash_days is not None), None)
    if washing is None:
        return ()
    first_free = as_of + timedelta(days=1 + (washing.country.wash_days or 0))
    return tuple(
        Blocked(
            symbol,
            first_free,
            say(
                "this plan sells {same} at a loss, which buying it before {first_free} would undo",
                same=", ".join(sorted(same & set(sold))),
                first_free=first_free,
            ),
        )
        for symbol in portfolio.counted
        for same in [washing.same(symbol)]
        if same & set(sold)
    )


_CAUTIONS = {"accepted": say("accepted"), "caution": say("caution")}


def _stand_in(portfolio: Portfolio, symbol: str, losses: Sequence[NoBuy]) -> str:
    """Name what may be held meanwhile: another fund that no loss forbids."""
    forbidden = {s for x in losses for s in x.symbols}
    other = portfolio.instruments[symbol].replacement(forbidden)
    if other is None:
        return ""
    return say(
        "; {symbol} may stand in meanwhile ({caution})",
        symbol=other.symbol,
        caution=_CAUTIONS[other.caution],
    )


def _reason(symbol: str, undone: list[NoBuy], currency: str) -> str:
    loss = plain(exact_sum(x.loss for x in undone))
    sales = tuple(say("{sold} on {sold_on}", sold=x.sold, sold_on=x.sold_on) for x in undone)
    alike = "" if all(x.sold == symbol for x in undone) else say("; it counts as identical")
    until = max(x.not_before for x in undone)
    return say(
        "a purchase before {until} could undo {loss} {currency} of loss realised by selling {sales}{alike}",
        until=until,
        loss=loss,
        currency=currency,
        sales=sales,
        alike=alike,
    )
