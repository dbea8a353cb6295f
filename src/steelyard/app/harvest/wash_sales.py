"""What the wash-sale window leaves of a loss: purchases of the weeks before, and none in the weeks after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from steelyard.app.harvest.sale_value import Proposal
from steelyard.app.tax.situation import TaxSituation
from steelyard.app.tax.wash_window import recent_purchases
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, written
from steelyard.words import say


def with_window(situation: TaxSituation, found: Proposal, as_of: date) -> Proposal:
    """Add the wash-sale window; what was bought inside it and is kept makes a loss worthless for now."""
    same = situation.same(found.symbol)
    first_free = timedelta(days=1 + (situation.country.wash_days or 0))
    names = (found.symbol, *sorted(same - {found.symbol}))
    dated = replace(found, not_before=as_of + first_free, do_not_buy=names)
    recent = _kept(situation, found, same, as_of)
    washed = exact_sum(shares for _, _, shares in recent)
    if recent and washed < found.shares and found.gain < ZERO:
        part = EXACT.divide(EXACT.subtract(found.shares, washed), found.shares)
        # As many shares as were bought lose their loss, and no more; what is left may still be worth it.
        saves = EXACT.multiply(found.saves, part)
        if saves > found.costs:
            lost = EXACT.multiply(found.gain, EXACT.subtract(part, ONE)).quantize(Decimal("0.01"))
            why = say(
                "{why}; {lost} of the loss is disallowed, because {washed} {washed:share|shares} of "
                "{symbol} were bought on {day}; do not buy {listed} in any account before {as_of}",
                why=found.why,
                lost=written(lost, situation.country.currency),
                washed=washed,
                symbol=max(recent)[1],
                day=max(recent)[0],
                listed=", ".join(names),
                as_of=as_of + first_free,
            )
            return replace(dated, saves=saves, carried=EXACT.multiply(found.carried, part), why=why)
    if recent:
        day, symbol, _ = max(recent)
        free = day + first_free
        if symbol == found.symbol:
            why = say("bought on {day}: a sale before {free} is a wash sale", day=day, free=free)
        else:
            why = say(
                "{symbol}, which may count as identical, was bought on {day}: a sale before {free} "
                "is a wash sale",
                symbol=symbol,
                day=day,
                free=free,
            )
        return replace(dated, saves=ZERO, carried=ZERO, do=False, why=why)
    listed = ", ".join(names)
    return replace(
        dated,
        why=say(
            "{why}; do not buy {listed} in any account before {as_of}",
            why=found.why,
            listed=listed,
            as_of=as_of + first_free,
        ),
    )


def _kept(
    situation: TaxSituation, found: Proposal, same: frozenset[str], as_of: date
) -> list[tuple[date, str, Decimal]]:
    """Return the purchases inside the window whose shares would still be held after the sale, with how many.

    Shares left of the very lot that is sold do not replace it (Rev. Rul. 56-602), but they do replace an
    older lot that is sold with them.
    """
    sold_days = {day for day, _ in found.lots}
    recent = []
    for (day, symbol, account), shares in recent_purchases(situation, same, as_of).items():
        own = symbol == found.symbol and account == found.account
        gone = exact_sum(x for when, x in found.lots if own and when == day)
        if shares > gone and not (own and sold_days == {day}):
            recent.append((day, symbol, EXACT.subtract(shares, gone)))
    return recent
