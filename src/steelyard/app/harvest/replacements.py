"""What to hold instead of what is sold at a loss, and what must not be bought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from steelyard.app.harvest.sale_value import Proposal
from steelyard.app.tax.situation import TaxSituation
from steelyard.domain.money import plain
from steelyard.domain.portfolio import Portfolio
from steelyard.words import say


def with_replacements(
    portfolio: Portfolio, situation: TaxSituation, losses: Sequence[Proposal]
) -> list[Proposal]:
    """Name what to hold instead, never something that is itself sold at a loss or identical to it."""
    sold: frozenset[str] = frozenset().union(*(situation.same(p.symbol) for p in losses if p.do))
    named = []
    for proposal in losses:
        instrument = portfolio.instruments.get(proposal.symbol)
        other = None if instrument is None or not proposal.do else instrument.replacement(sold)
        if other is not None:
            proposal = replace(proposal, replacement=(other.symbol, other.caution))
        named.append(proposal)
    return named


def not_back(situation: TaxSituation, losses: Sequence[Proposal], as_of: date) -> dict[str, str]:
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
        if loss.do and loss.do_not_buy:
            text = say("buying it back would undo the loss proposed on {symbol}", symbol=loss.symbol)
            why |= dict.fromkeys(loss.do_not_buy, text)
    return why
