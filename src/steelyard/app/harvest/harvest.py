"""Use case: which losses and gains are worth realising before the year ends.

A loss is judged by what it saves this year under the country's netting, less the cost of selling and buying
again, less the present value of the tax on the lower cost basis. A gain is judged by how much of what is free
of tax it fills. What a broker's lot order does not allow is not proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.app.harvest.gains import fill_room
from steelyard.app.harvest.loss_netting import NettedLoss, best_together
from steelyard.app.harvest.replacements import not_back, with_replacements
from steelyard.app.harvest.sale_value import (
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
from steelyard.app.harvest.wash_sales import with_window
from steelyard.app.tax.situation import Returns, TaxSituation
from steelyard.domain.caveats import Caveats
from steelyard.domain.money import EXACT, ZERO, exact_sum, figure, plain, written
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.gaps import how_to_tell
from steelyard.domain.tax.planning import Formula, PlanTax, on_top_of
from steelyard.records import dataclass, replace
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
    are what the reader has to know, such as what that rests on; `caveats` says it of amounts and prices;
    `as_of` is the day it was asked for. `owner` is whose return it is where there are
    several, and `others` are theirs.
    """

    currency: str
    losses: tuple[Proposal, ...]
    gains: tuple[Proposal, ...]
    deadline: date
    gain_room: Decimal | None = None
    notes: tuple[str, ...] = ()
    caveats: Caveats = Caveats()
    as_of: date | None = None
    owner: str = ""
    others: tuple[HarvestReport, ...] = ()

    @property
    def all(self) -> tuple[HarvestReport, ...]:
        """This report and those of the other returns."""
        return (self, *self.others)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """Its losses and gains."""
        return (*self.losses, *self.gains)

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
            **({"owner": self.owner} if self.owner else {}),
            **({"others": [x.to_dict() for x in self.others]} if self.others else {}),
            **self.caveats.to_dict(),
        }


def harvest(
    portfolio: Portfolio,
    returns: Returns,
    *,
    as_of: date,
    assumptions: Assumptions | None = None,
) -> HarvestReport:
    """Return the losses and gains worth realising, and the classic list of losing positions when asked for.

    Args:
        portfolio: With prices.
        returns: The journal and the country of each return.
        as_of: Day of the sales.
        assumptions: See there.

    Raises:
        InputError: The owner has not stated a rate that a loss depends on (`tax-setting`).
        DataError: No rate between the tax currency and the base currency.
    """
    given = assumptions or Assumptions()
    reports: list[HarvestReport] = []
    for situation in returns:
        losses = [p for report in reports for p in report.losses]
        found = _of_return(portfolio, situation, as_of, given, losses)
        reports.append(replace(found, owner=", ".join(situation.filer.owners)) if len(returns) > 1 else found)
    return replace(reports[0], others=tuple(reports[1:]))


def _of_return(
    portfolio: Portfolio,
    situation: TaxSituation,
    as_of: date,
    given: Assumptions,
    before: Sequence[Proposal],
) -> HarvestReport:
    """Return what is worth realising on one return; `before` are losses proposed on the others."""
    rules = situation.country.plan_tax(situation.facts, situation.so_far, as_of)
    later, carried_note = _later_years(rules, given, situation.country.currency)
    rows = sellable_lots(portfolio, situation, rules)
    losses, realised, losses_proven = _losses(rows, rules, later, given, situation, as_of)
    if situation.country.wash_days is not None:
        losses = with_replacements(portfolio, situation, losses)
    facts = situation.facts
    free = situation.country.free_gains(facts, situation.so_far, as_of)
    sold = {(p.account, p.symbol) for p in losses if p.do}
    others = [r for r in rows if (r.account, r.symbol) not in sold]
    kept_out = not_back(situation, [*before, *losses], as_of)
    gains, gains_proven = ([], True) if isinstance(free, str) else fill_room(others, free, realised, kept_out)
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
        notes=(
            *_costless(portfolio, situation),
            free if isinstance(free, str) else free.note,
            *(carried_note if any(p.carried for p in losses) else ()),
            *unproven,
            *((situation.so_far.provisional,) if situation.so_far.provisional else ()),
        ),
    )


def _costless(portfolio: Portfolio, situation: TaxSituation) -> tuple[str, ...]:
    """Say of what nobody has said what was paid, so that it is not judged."""
    unknown = sorted({s for a, s in situation.unknown - situation.untaxed if s in portfolio.quotes})
    if not unknown:
        return ()
    return (
        say(
            "what was paid for {symbols} is not known, so its loss or gain is not judged: {hint}",
            symbols=", ".join(unknown),
            hint=how_to_tell(unknown, situation.so_far.gaps),
        ),
    )


def _later_years(rules: PlanTax, given: Assumptions, currency: str) -> tuple[Formula | None, tuple[str, ...]]:
    """Return what a loss carried on is worth, and what that rests on, for people."""
    carried = rules.carried
    if carried is None:
        return None, ()
    likelihood = given.likelihood if carried.likelihood is None else carried.likelihood
    if not likelihood:
        return None, ()
    discount = given.discount if carried.discount is None else carried.discount
    note = say(
        "a loss carried on counts as {limit} a year off other income at {rate} %, discounted by "
        "{discount} % a year and counted with a likelihood of {likelihood} % (carry_likelihood and "
        "carry_discount under [tax])",
        limit=written(carried.limit, currency),
        rate=_percent(carried.rate),
        discount=_percent(discount),
        likelihood=_percent(likelihood),
    )
    return carried.formula(discount, likelihood), (note,)


def _percent(fraction: Decimal) -> str:
    return plain(EXACT.multiply(fraction, Decimal(100)))


def _losses(
    rows: Sequence[SellableLots],
    this_year: PlanTax,
    later: Formula | None,
    given: Assumptions,
    situation: TaxSituation,
    as_of: date,
) -> tuple[list[Proposal], dict[str, Decimal], bool]:
    """Return what to sell for its loss, what has to wait, what the former realise, and whether proven."""
    rules = this_year if later is None else replace(this_year, taxes=(*this_year.taxes, later))
    window = situation.country.wash_days is not None

    def proposed(found: NettedLoss) -> Proposal:
        plain_one = _proposal(found, later)
        return with_window(situation, plain_one, as_of) if window else plain_one

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


def _proposal(found: NettedLoss, later: Formula | None) -> Proposal:
    carried = ZERO if later is None else found.saved_by(later)
    return Proposal(
        found.row.account,
        found.row.symbol,
        found.sold.shares,
        taken(found.sold),
        found.sold.gain,
        found.saves,
        found.costs,
        True,
        say("saves more tax this year than it costs")
        if carried <= ZERO
        else say("saves more tax, most of it or all in later years, than it costs")
        if EXACT.add(carried, carried) >= found.saves
        else say("saves more tax, a part of it in later years, than it costs"),
        carried=max(carried, ZERO),
    )


def _listed(row: SellableLots, rules: PlanTax, given: Assumptions, carried: bool) -> Proposal | None:
    """Return a holding that is down by more than the classic list asks for, with why it is not worth it."""
    sold = row.sell(row.shares)
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
