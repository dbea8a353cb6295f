"""Gains worth realising because they are free of tax this year: an unused deduction, an unused bracket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

from steelyard.app.harvest_value import LotLine, Proposal, gains_by_bucket, taken
from steelyard.domain.harvest import Sale, most_within
from steelyard.domain.lots import TaxLot
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, plain
from steelyard.domain.tax.planning import FreeGains

_PERMUTED = 4
"""So many holdings are tried in every order; of more each one first."""


def fill_room(
    rows: Sequence[LotLine],
    free: FreeGains,
    realised: Mapping[str, Decimal],
    not_back: Mapping[str, str],
) -> list[Proposal]:
    """Return the sales that realise as much gain as stays untaxed, in whole shares, holding by holding.

    The largest gain a share comes first, so that few shares are turned over, unless another order of the
    holdings is worth more: whole shares of one may leave room that those of another fill. Shares leave in
    the account's order: what stands before a free gain is realised with it.

    Args:
        rows: The holdings that are not sold for a loss.
        free: The room without the losses proposed before.
        realised: What those realise by bucket; a loss makes room.
        not_back: Why a symbol should not be bought back now.
    """
    able = [r for r in sorted((_free_part(r, free) for r in rows), key=_best_first) if r.order]
    if len(able) <= _PERMUTED:
        orders: Iterable[Sequence[LotLine]] = permutations(able)
    else:
        orders = ([first, *(r for r in able if r is not first)] for first in able)
    best = list[Proposal]()
    for order in orders:
        found = _in_turn(order, free, realised, not_back)
        if not best or _worth(found) > _worth(best):
            best = found
    return best


def _worth(proposals: Iterable[Proposal]) -> Decimal:
    return exact_sum(p.worth for p in proposals if p.do)


def _in_turn(
    rows: Sequence[LotLine], free: FreeGains, realised: Mapping[str, Decimal], not_back: Mapping[str, str]
) -> list[Proposal]:
    room = EXACT.subtract(free.room, exact_sum(realised.values()))
    gains = dict(realised)
    proposals = []
    for row in rows:
        if room <= ZERO:
            break
        sold = most_within(row.order, row.price, room)
        if sold is None:
            continue
        proposal = _proposal(row, sold, free, gains)
        if row.symbol in not_back:
            proposal = replace(proposal, do=False, why=not_back[row.symbol])
        proposals.append(proposal)
        if proposal.do:
            room = EXACT.subtract(room, sold.gain)
            for bucket, gain in gains_by_bucket(row, sold).items():
                gains[bucket] = EXACT.add(gains.get(bucket, ZERO), gain)
    return proposals


def _proposal(row: LotLine, sold: Sale, free: FreeGains, before: dict[str, Decimal]) -> Proposal:
    after = dict(before)
    for bucket, gain in gains_by_bucket(row, sold).items():
        after[bucket] = EXACT.add(after.get(bucket, ZERO), gain)
    lasting = exact_sum(
        EXACT.subtract(EXACT.multiply(x.shares, row.price), x.cost) for x in sold.lots if free.is_free(x)
    )
    saves = EXACT.multiply(free.later_rate, max(lasting, ZERO))
    trading = EXACT.multiply(EXACT.multiply(row.trade_cost, sold.shares), ONE + ONE)
    now = EXACT.subtract(free.cost(after), free.cost(before))
    costs = EXACT.add(trading, now)
    do = saves > costs
    why = free.why if do else "what it costs now is no less than the tax it saves later"
    if do and now > ZERO:
        why += f"; what it costs this year, or takes from losses carried forward, is {plain(now)}"
    return Proposal(row.account, row.symbol, sold.shares, taken(sold), sold.gain, saves, costs, do, why)


def _free_part(row: LotLine, free: FreeGains) -> LotLine:
    """Return a holding from its first share to its last free one; where the owner chooses, only free ones."""
    kept = [(lot, b) for lot, b in zip(row.order, row.buckets, strict=True) if b is not None]
    if row.free_choice:
        kept = sorted((x for x in kept if free.is_free(x[0])), key=lambda x: _unit_cost(x[0]))
    while kept and not free.is_free(kept[-1][0]):
        kept.pop()
    return replace(row, order=tuple(lot for lot, _ in kept), buckets=tuple(b for _, b in kept))


def _best_first(row: LotLine) -> tuple[Decimal, str, str]:
    if not row.order:
        return ZERO, row.account, row.symbol
    return EXACT.subtract(_unit_cost(row.order[0]), row.price), row.account, row.symbol


def _unit_cost(lot: TaxLot) -> Decimal:
    return EXACT.divide(lot.cost, lot.shares)
