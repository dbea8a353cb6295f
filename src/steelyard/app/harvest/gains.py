"""Gains worth realising because they are free of tax this year: an unused deduction, an unused bracket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from steelyard.app.harvest.gain_filling import best_filling
from steelyard.app.harvest.sale_value import Proposal, SellableLots, gains_by_bucket, taken
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.harvest.sale_size import Sale, most_within
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, plain
from steelyard.domain.tax.planning import FreeGains
from steelyard.records import replace
from steelyard.words import say


def fill_room(
    rows: Sequence[SellableLots],
    free: FreeGains,
    realised: Mapping[str, Decimal],
    not_back: Mapping[str, str],
) -> tuple[list[Proposal], bool]:
    """Return the sales that are worth most within the gain that stays untaxed, in whole shares.

    Where a gain costs nothing this year and trading is free, that is the most gain that fits. Of equally good
    ones few shares are turned over. Shares leave in the account's order: what stands before a free gain is
    realised with it. After them what is not worth it, with why.

    Args:
        rows: The holdings that are not sold for a loss.
        free: The room without the losses proposed before.
        realised: What those realise by bucket; a loss makes room.
        not_back: Why a symbol should not be bought back now.

    Returns:
        The proposals, and whether no other sales are proven to be worth more.
    """
    able = [r for r in sorted((_free_part(r, free) for r in rows), key=_best_first) if r.order]
    if exact_sum(realised.values()) >= free.room:
        return [], True
    backs = [(row, part) for row in able if row.symbol not in not_back for part in _pieces(row)]
    if not backs:
        return _in_turn(able, free, realised, not_back), True
    filling = best_filling([part for _, part in backs], free, realised)
    parts: dict[tuple[str, str], list[tuple[TaxLot, str | None]]] = {}
    for (row, part), shares in zip(backs, filling.counts, strict=True):
        if shares:
            lots = part.sell(Decimal(shares)).lots
            parts.setdefault((row.account, row.symbol), []).extend(zip(lots, part.buckets, strict=False))
    gains, found, left = dict(realised), [], []
    for row in able:
        chosen = parts.get((row.account, row.symbol))
        if chosen is None:
            left.append(row)
            continue
        # The lots that go are the first of their order now, also where the owner chose them from its midst.
        narrowed = replace(row, order=tuple(x for x, _ in chosen), buckets=tuple(b for _, b in chosen))
        sold = narrowed.sell(narrowed.shares)
        found.append(_together(_proposal(narrowed, sold, free, gains), free))
        for bucket, gain in gains_by_bucket(narrowed, sold).items():
            gains[bucket] = EXACT.add(gains.get(bucket, ZERO), gain)
    one_order = [row for row, part in backs if row.free_choice and len(part.order) > 1]
    return found + _in_turn(left, free, gains, not_back), filling.proven and not one_order


def _pieces(row: SellableLots) -> Iterator[SellableLots]:
    """Yield a holding as what can be sold of it independently: each lot, where the owner chooses.

    A least commission is paid once for all lots of a trade: they do not stand for themselves then.
    """
    if not row.free_choice or row.proceeds.commission_of(ZERO):
        yield row
        return
    for lot, bucket in zip(row.order, row.buckets, strict=True):
        yield replace(row, order=(lot,), buckets=(bucket,))


def _together(proposal: Proposal, free: FreeGains) -> Proposal:
    """Return what belongs to the best combination as to be done, also where it pays with the others only."""
    if proposal.do:
        return proposal
    why = say(
        "{why}; worth it together with the other gains, which what it costs this year serves as well",
        why=free.why,
    )
    return replace(proposal, do=True, why=why)


def _in_turn(
    rows: Sequence[SellableLots],
    free: FreeGains,
    realised: Mapping[str, Decimal],
    not_back: Mapping[str, str],
) -> list[Proposal]:
    room = EXACT.subtract(free.room, exact_sum(realised.values()))
    gains = dict(realised)
    proposals = []
    for row in rows:
        if room <= ZERO:
            break
        sold = most_within(row.order, row.proceeds, room)
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


def _proposal(row: SellableLots, sold: Sale, free: FreeGains, before: dict[str, Decimal]) -> Proposal:
    after = dict(before)
    for bucket, gain in gains_by_bucket(row, sold).items():
        after[bucket] = EXACT.add(after.get(bucket, ZERO), gain)
    lasting = exact_sum(sold.gain_of(x) for x in sold.lots if free.is_free(x))
    saves = EXACT.multiply(free.later_rate, max(lasting, ZERO))
    trading = EXACT.multiply(row.proceeds.commission_of(sold.shares), ONE + ONE)
    now = EXACT.subtract(free.cost(after), free.cost(before))
    costs = EXACT.add(trading, now)
    do = saves > costs
    why = free.why if do else say("what it costs now is no less than the tax it saves later")
    if do and now > ZERO:
        why = say(
            "{why}; what it costs this year, or takes from losses carried forward, is {now}",
            why=why,
            now=plain(now),
        )
    return Proposal(row.account, row.symbol, sold.shares, taken(sold), sold.gain, saves, costs, do, why)


def _free_part(row: SellableLots, free: FreeGains) -> SellableLots:
    """Return a holding from its first share to its last free one; where the owner chooses, only free ones."""
    kept = [(lot, b) for lot, b in zip(row.order, row.buckets, strict=True) if b is not None]
    if row.free_choice:
        kept = sorted((x for x in kept if free.is_free(x[0])), key=lambda x: _unit_cost(x[0]))
    while kept and not free.is_free(kept[-1][0]):
        kept.pop()
    return replace(row, order=tuple(lot for lot, _ in kept), buckets=tuple(b for _, b in kept))


def _best_first(row: SellableLots) -> tuple[Decimal, str, str]:
    if not row.order:
        return ZERO, row.account, row.symbol
    return EXACT.subtract(_unit_cost(row.order[0]), row.proceeds.of_one(row.shares)), row.account, row.symbol


def _unit_cost(lot: TaxLot) -> Decimal:
    return EXACT.divide(lot.cost, lot.shares)
