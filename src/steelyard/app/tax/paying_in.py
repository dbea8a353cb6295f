"""New money that the law lets nobody pay into an account any more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.app.tax.contribution_limits import Figures, contribution_room
from steelyard.domain.accounts import ContributionRoom
from steelyard.domain.money import EXACT, plain
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.codes import TAXED_KINDS
from steelyard.errors import PlanError
from steelyard.words import say


def need_room(
    portfolio: Portfolio, figures: Figures, *, account: str | None, money: Decimal, as_of: date
) -> None:
    """Refuse new money beyond what may still be paid into the account that it goes to.

    Args:
        portfolio: With its books; without them all of a year's limit counts as room.
        figures: Of countries.
        account: Where the money goes to; the first account unless told.
        money: Base currency.
        as_of: The limits of its year count.

    Raises:
        PlanError: `contribution-room`, with the room and the law.
    """
    named = account or (portfolio.accounts[0].name if portfolio.accounts else None)
    kind = next((a.kind for a in portfolio.accounts if a.name == named), "taxable")
    if money <= 0 or kind in TAXED_KINDS or portfolio.tax is None:
        return
    for room in contribution_room(portfolio, figures, as_of=as_of):
        known = room.currency == portfolio.base_currency or room.currency in portfolio.fx
        if named not in room.accounts or not known:
            continue
        left = room.limit if room.left is None else room.left
        if money > EXACT.multiply(left, portfolio.rate(room.currency)):
            raise _refusal(portfolio, room, str(named), left)


def _refusal(portfolio: Portfolio, room: ContributionRoom, account: str, left: Decimal) -> PlanError:
    text = say(
        "at most {left} {currency} of new money may go into {account} in {year} ({source}, verified "
        "{verified})",
        left=plain(left.normalize()),
        currency=room.currency,
        account=account,
        year=room.year,
        source=room.source,
        verified=room.verified,
    )
    free = [a.name for a in portfolio.accounts if a.kind in TAXED_KINDS]
    hint = say("pay in less; --over-limit plans it all the same")
    if free:
        hint = say(
            "pay in less, or into {other} with --account; --over-limit plans it all the same", other=free[0]
        )
    if room.note:
        hint = say("{hint} ({note})", hint=hint, note=room.note)
    return PlanError("contribution-room", text, hint)
