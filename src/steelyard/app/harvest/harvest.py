"""Use case: which losses and gains are worth realising before the year ends.

A loss is judged by what it saves this year under the country's netting, less the cost of selling and buying
again, less the present value of the tax on the lower cost basis. A gain is judged by how much of what is free
of tax it fills. What a broker's lot order does not allow is not proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.app.harvest.choice import Chosen, best_together
from steelyard.app.harvest.gains import fill_room
from steelyard.app.harvest.value import (
    Assumptions,
    Proposal,
    SellableLots,
    gains_by_bucket,
    later_rate,
    loss_costs,
    sellable_lots,
    taken,
    tax_on,
)
from steelyard.app.tax.situation import TaxSituation
from steelyard.app.tax.wash_window import recent_purchases
from steelyard.domain.caveats import Caveats
from steelyard.domain.harvest.sale_size import sale
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, figure, plain
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.planning import PlanTax, on_top_of
from steelyard.words import say

_UNPROVEN_LOSSES = say(
    "the losses are the best found: there are too many combinations of shares to prove that no "
    "other is better"
)
_UNPROVEN_GAINS = say(
    "the gains are the best found: there are too many combinations of shares to prove that no other is better"
)


@dataclass(frozen=True, slots=True)
class HarvestReport:
    """Losses and gains, each by worth, and the day until which they count for this year.

    `gain_room` is what can still be gained free of tax before any of it, None when that is not known; `notes`
    are what the reader has to know, such as what that rests on; `caveats` says it of amounts and prices.
    """

    currency: str
    losses: tuple[Proposal, ...]
    gains: tuple[Proposal, ...]
    deadline: date
    gain_room: Decimal | None = None
    notes: tuple[str, ...] = ()
    caveats: Caveats = Caveats()  # noqa: RUF009 - a frozen value

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `harvest --json` (`steelyard/harvest/1`); figures are decimal text."""
        return {
            "schema": "steelyard/harvest/1",
            "currency": self.currency,
            "losses": [p.to_dict("loss") for p in self.losses],
            "gains": [p.to_dict("gain") for p in self.gains],
            "deadline": self.deadline.isoformat(),
            "gain_room": figure(self.gain_room),
            "notes": list(self.notes),
            **self.caveats.to_dict(),
        }


def harvest(
    portfolio: Portfolio,
    situation: TaxSituation,
    *,
    as_of: date,
    assumptions: Assumptions | None = None,
) -> HarvestReport:
    """Return the losses and gains worth realising, and the classic list of losing positions when asked for.

    Args:
        portfolio: With prices.
        situation: The journal and the country.
        as_of: Day of the sales.
        assumptions: See there.

    Raises:
        InputError: The owner has not stated a rate that a loss depends on (`tax-setting`).
        DataError: No rate between the tax currency and the base currency.
    """
    given = assumptions or Assumptions()
    rules = situation.country.plan_tax(situation.facts, situation.so_far, as_of)
    rows = sellable_lots(portfolio, situation, rules)
    losses, realised, losses_proven = _losses(rows, rules, given, situation, as_of)
    if situation.country.wash_days is not None:
        losses = _with_replacements(portfolio, situation, losses)
    facts = situation.facts
    free = situation.country.free_gains(facts, situation.so_far, as_of)
    sold = {(p.account, p.symbol) for p in losses if p.do}
    others = [r for r in rows if (r.account, r.symbol) not in sold]
    not_back = _not_back(situation, losses, as_of)
    gains, gains_proven = ([], True) if isinstance(free, str) else fill_room(others, free, realised, not_back)
    unproven = [
        text
        for text, proven in ((_UNPROVEN_LOSSES, losses_proven), (_UNPROVEN_GAINS, gains_proven))
        if not proven
    ]
    return HarvestReport(
        currency=situation.country.currency,
        losses=tuple(sorted(losses, key=lambda p: (-p.worth, p.account, p.symbol))),
        gains=tuple(gains),
        deadline=situation.country.last_sale_day(facts.year, facts.is_session, facts.rates),
        gain_room=None if isinstance(free, str) else max(free.room, ZERO),
        notes=(free if isinstance(free, str) else free.note, *unproven),
    )


def _losses(
    rows: Sequence[SellableLots], rules: PlanTax, given: Assumptions, situation: TaxSituation, as_of: date
) -> tuple[list[Proposal], dict[str, Decimal], bool]:
    """Return what to sell for its loss, what has to wait, what the former realise, and whether proven."""
    window = situation.country.wash_days is not None

    def proposed(found: Chosen) -> Proposal:
        plain_one = _proposal(found)
        return _with_window(situation, plain_one, as_of) if window else plain_one

    free = list(rows)
    waiting: dict[tuple[str, str], Proposal] = {}
    while True:
        chosen, proven = best_together(free, rules, given)
        proposals = [proposed(x) for x in chosen]
        # What is washed for now makes room for others, so they are chosen again without it.
        late = {(p.account, p.symbol): p for p in proposals if not p.do}
        if not late:
            break
        waiting |= late
        free = [r for r in free if (r.account, r.symbol) not in waiting]
    realised: dict[str, Decimal] = {}
    for found in chosen:
        for bucket, gain in gains_by_bucket(found.row, found.sold).items():
            realised[bucket] = EXACT.add(realised.get(bucket, ZERO), gain)
    sold = {(p.account, p.symbol) for p in proposals}
    on_top = replace(rules, taxes=tuple(on_top_of(f, realised) for f in rules.taxes))
    for row in rows:
        key = (row.account, row.symbol)
        if key in waiting:
            proposals.append(waiting[key])
        elif given.min_loss is not None and key not in sold:
            listed = _listed(row, on_top, given, situation.country.carries_losses)
            proposals += [listed] if listed is not None else []
    return proposals, realised, proven


def _proposal(found: Chosen) -> Proposal:
    return Proposal(
        found.row.account,
        found.row.symbol,
        found.sold.shares,
        taken(found.sold),
        found.sold.gain,
        found.saves,
        found.costs,
        True,
        say("saves more tax this year than it costs"),
    )


def _listed(row: SellableLots, rules: PlanTax, given: Assumptions, carried: bool) -> Proposal | None:
    """Return a holding that is down by more than the classic list asks for, with why it is not worth it."""
    sold = sale(row.order, row.shares, row.price)
    cost = exact_sum(x.cost for x in row.order)
    if given.min_loss is None or not cost or -sold.gain <= EXACT.multiply(given.min_loss, cost):
        return None
    saves = max(-tax_on(rules.taxes, gains_by_bucket(row, sold)), ZERO)
    costs = loss_costs(row, row.shares, sold.gain, later_rate(rules, row), given)
    if not any(row.buckets):
        why = say("gains and losses of this holding are not taxed, so its loss is worth nothing")
    elif not saves:
        why = (
            say(
                "there is no gain this year that the loss could offset; selling would carry it to a "
                "later year"
            )
            if carried
            else say(
                "there is no gain this year that the loss could offset; selling would only lower the cost "
                "basis: harmful"
            )
        )
    else:
        why = say("costs more than it saves")
    return Proposal(row.account, row.symbol, row.shares, taken(sold), sold.gain, saves, costs, False, why)


def _with_window(situation: TaxSituation, found: Proposal, as_of: date) -> Proposal:
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
                lost=plain(lost),
                washed=washed,
                symbol=max(recent)[1],
                day=max(recent)[0],
                listed=", ".join(names),
                as_of=as_of + first_free,
            )
            return replace(dated, saves=saves, why=why)
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
        return replace(dated, saves=ZERO, do=False, why=why)
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


def _with_replacements(
    portfolio: Portfolio, situation: TaxSituation, losses: Sequence[Proposal]
) -> list[Proposal]:
    """Name what to hold instead, never something that is itself sold at a loss or identical to it."""
    sold: frozenset[str] = frozenset().union(*(situation.same(p.symbol) for p in losses if p.do))
    named = []
    for proposal in losses:
        instrument = portfolio.instruments.get(proposal.symbol)
        choices = () if instrument is None or not proposal.do else instrument.replacements
        fit = [x for x in choices if x.caution != "avoid" and x.symbol not in sold]
        named.append(replace(proposal, replacement=(fit[0].symbol, fit[0].caution)) if fit else proposal)
    return named


def _not_back(situation: TaxSituation, losses: Sequence[Proposal], as_of: date) -> dict[str, str]:
    """Return by symbol why it should not be bought back now: that would undo a loss."""
    why: dict[str, str] = {}
    for block in situation.country.no_buys(situation.facts, as_of):
        text = say(
            "buying it back before {not_before} would undo the loss of {loss} on {sold}, sold on {sold_on}",
            not_before=block.not_before,
            loss=plain(block.loss),
            sold=block.sold,
            sold_on=block.sold_on,
        )
        why |= dict.fromkeys(block.symbols, text)
    for loss in losses:
        if loss.do:
            text = say("buying it back would undo the loss proposed on {symbol}", symbol=loss.symbol)
            why |= dict.fromkeys(loss.do_not_buy, text)
    return why
