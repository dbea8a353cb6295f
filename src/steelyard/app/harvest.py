"""Use case: which losses and gains are worth realising before the year ends.

A loss is judged by what it saves this year under the country's netting, less the cost of selling and buying
again, less the present value of the tax on the lower cost basis. A gain is judged by how much of a tax-free
allowance it fills. What a broker's lot order does not allow is not proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from steelyard.app.plan_tax import method_of, tax_rate
from steelyard.app.tax import TaxSituation
from steelyard.domain.harvest import Sale, best_sale, most_within, sale
from steelyard.domain.lots import TaxLot, queue
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.planning import Formula, on_top_of, tax_at

WINDOW_DAYS = 30
"""The wash-sale window on each side of a sale at a loss (26 U.S.C. 1091)."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the value of a harvest rests on.

    Attributes:
        years: Until the shares bought back would be sold.
        discount: A year, for tax paid later.
        min_loss: Show holdings that are down by more than this fraction, worth it or not; None leaves
            them out.
    """

    years: int = 10
    discount: Decimal = Decimal("0.04")
    min_loss: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One sale for its loss or its gain; money in the tax currency.

    Attributes:
        account, symbol, shares: What to sell.
        lots: Purchase date and shares of what the account would sell.
        gain: What it realises: negative for a loss.
        saves: Tax saved this year by a loss; of a gain the later tax it saves.
        costs: Of selling and buying again, and of a loss the present value of later tax.
        do: Whether it is worth it.
        why: One sentence.
        replacement: What to hold instead, with its caution; None means the same instrument again.
        not_before: First day on which what was sold may be bought again.
    """

    account: str
    symbol: str
    shares: Decimal
    lots: tuple[tuple[date, Decimal], ...]
    gain: Decimal
    saves: Decimal
    costs: Decimal
    do: bool
    why: str
    replacement: tuple[str, str] | None = None
    not_before: date | None = None

    @property
    def worth(self) -> Decimal:
        """What is saved after all costs."""
        return EXACT.subtract(self.saves, self.costs)


@dataclass(frozen=True, slots=True)
class HarvestReport:
    """Losses and gains, each by worth, and the day until which they count for this year."""

    currency: str
    losses: tuple[Proposal, ...]
    gains: tuple[Proposal, ...]
    deadline: date


@dataclass(frozen=True, slots=True)
class _Lots:
    """One taxed holding: its lots in selling order, a price after costs, and its bucket by lot."""

    account: str
    symbol: str
    order: tuple[TaxLot, ...]
    price: Decimal
    trade_cost: Decimal
    buckets: tuple[str | None, ...]


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
        DataError: No rate between the tax currency and the base currency.
    """
    given = assumptions or Assumptions()
    rules = situation.country.plan_tax(situation.facts, situation.so_far, as_of)
    rows = _holdings(portfolio, situation, rules.bucket_of)
    korean = situation.country.code == "KR"
    losses: list[Proposal] = []
    gains: list[Proposal] = []
    realised: dict[str, Decimal] = {}
    # The deepest losses first: each is judged on top of those proposed before it.
    for row in sorted(rows, key=_depth):
        found = _loss(row, [on_top_of(f, realised) for f in rules.taxes], given)
        if found is not None and not korean:
            found = _with_window(portfolio, situation, found, as_of)
        if found is not None and found.do:
            losses.append(found)
            for bucket, gain in _gains_by_bucket(row, sale(row.order, found.shares, row.price)).items():
                realised[bucket] = EXACT.add(realised.get(bucket, ZERO), gain)
        elif given.min_loss is not None or found is not None:
            listed = found or _listed(row, rules.taxes, given, korean)
            if listed is not None:
                losses.append(listed)
    if korean:
        gains = _fill_deduction(rows, situation, losses, rules.taxes)
    else:
        losses = _with_replacements(portfolio, losses)
    return HarvestReport(
        currency=situation.country.currency,
        losses=tuple(sorted(losses, key=lambda p: (-p.worth, p.account, p.symbol))),
        gains=tuple(gains),
        deadline=_deadline(situation, as_of),
    )


def _holdings(portfolio: Portfolio, situation: TaxSituation, bucket_of: object) -> list[_Lots]:
    to_base = tax_rate(portfolio, situation.country.currency)
    groups: dict[tuple[str, str], list[TaxLot]] = {}
    for lot in situation.so_far.open_lots:
        groups.setdefault((lot.account, lot.symbol), []).append(lot)
    rows = []
    for (account, symbol), lots in sorted(groups.items()):
        if symbol not in portfolio.quotes or portfolio.quotes[symbol].by_value:
            continue
        if symbol in portfolio.constraints.locked:
            continue
        method = method_of(situation, account, symbol)
        price = EXACT.divide(portfolio.base_price(symbol), to_base)
        cost = EXACT.multiply(price, portfolio.costs.commission)
        after = EXACT.subtract(price, cost)
        if method in ("specific", "least_tax"):
            order = sorted(lots, key=lambda x: -EXACT.divide(x.cost, x.shares))
        elif method == "average":
            order = _averaged(lots)
        else:
            order = queue(lots, method)
        assert callable(bucket_of)
        rows.append(_Lots(account, symbol, tuple(order), after, cost, tuple(bucket_of(x) for x in order)))
    return rows


def _averaged(lots: Sequence[TaxLot]) -> list[TaxLot]:
    shares, cost = exact_sum(x.shares for x in lots), exact_sum(x.cost for x in lots)
    first = min(lots, key=lambda x: x.bought)
    return [TaxLot(first.account, first.symbol, first.bought, shares, cost, first.holding_from)]


def _depth(row: _Lots) -> Decimal:
    whole = sale(row.order, exact_sum(x.shares for x in row.order), row.price)
    return whole.gain


def _gains_by_bucket(row: _Lots, sold: Sale) -> dict[str, Decimal]:
    buckets = {(x.bought, x.order): b for x, b in zip(row.order, row.buckets, strict=True)}
    gains: dict[str, Decimal] = {}
    for part in sold.lots:
        bucket = buckets[part.bought, part.order]
        if bucket is not None:
            gain = EXACT.subtract(EXACT.multiply(part.shares, row.price), part.cost)
            gains[bucket] = EXACT.add(gains.get(bucket, ZERO), gain)
    return gains


def _tax(taxes: Sequence[Formula], gains: Mapping[str, Decimal]) -> Decimal:
    return exact_sum(tax_at(f, gains) for f in taxes)


def _later_rate(taxes: Sequence[Formula], row: _Lots) -> Decimal:
    """Return what one more unit of gain in the holding's first bucket costs when there is plenty of gain."""
    bucket = next((b for b in row.buckets if b is not None), None)
    if bucket is None:
        return ZERO
    plenty = Decimal("1E+12")
    return EXACT.subtract(_tax(taxes, {bucket: EXACT.add(plenty, ONE)}), _tax(taxes, {bucket: plenty}))


def _costs(row: _Lots, sold_shares: Decimal, gain: Decimal, later: Decimal, given: Assumptions) -> Decimal:
    # The price is after the cost of selling; buying back costs as much again.
    trading = EXACT.multiply(row.trade_cost, sold_shares)
    factor = EXACT.power(EXACT.divide(ONE, EXACT.add(ONE, given.discount)), given.years)
    later_tax = EXACT.multiply(EXACT.multiply(max(-gain, ZERO), later), factor)
    return EXACT.add(trading, later_tax)


def _loss(row: _Lots, taxes: Sequence[Formula], given: Assumptions) -> Proposal | None:
    """Return the loss sale of a holding that is worth most, None when none saves anything."""
    later = _later_rate(taxes, row)

    def worth(shares: Decimal, gain: Decimal) -> Decimal:
        sold = sale(row.order, shares, row.price)
        saved = -_tax(taxes, _gains_by_bucket(row, sold))
        return EXACT.subtract(saved, _costs(row, shares, gain, later, given))

    found = best_sale(row.order, row.price, worth)
    if found is None or found[0].gain >= ZERO:
        return None
    sold, value = found
    costs = _costs(row, sold.shares, sold.gain, later, given)
    return Proposal(
        row.account,
        row.symbol,
        sold.shares,
        _taken(sold),
        sold.gain,
        EXACT.add(value, costs),
        costs,
        True,
        "saves more tax this year than it costs",
    )


def _taken(sold: Sale) -> tuple[tuple[date, Decimal], ...]:
    return tuple((x.bought, x.shares) for x in sold.lots)


def _listed(row: _Lots, taxes: Sequence[Formula], given: Assumptions, korean: bool) -> Proposal | None:
    """Return a holding that is down by more than the classic list asks for, with why it is not worth it."""
    held = exact_sum(x.shares for x in row.order)
    sold = sale(row.order, held, row.price)
    cost = exact_sum(x.cost for x in row.order)
    if given.min_loss is None or not cost or -sold.gain <= EXACT.multiply(given.min_loss, cost):
        return None
    saves = max(-_tax(taxes, _gains_by_bucket(row, sold)), ZERO)
    costs = _costs(row, held, sold.gain, _later_rate(taxes, row), given)
    if not any(row.buckets):
        why = "gains and losses of this holding are not taxed, so its loss is worth nothing"
    elif not saves:
        why = "there is no gain this year that the loss could offset"
        why += "; selling would only lower the cost basis: harmful" if korean else ""
    else:
        why = "costs more than it saves"
    return Proposal(row.account, row.symbol, held, _taken(sold), sold.gain, saves, costs, False, why)


def identical(portfolio: Portfolio, symbol: str) -> frozenset[str]:
    """Return a symbol and those the catalogue takes for substantially identical to it (caution `avoid`).

    The relation is read both ways. No ruling says which funds are: see the rule `us.wash-sale`.
    """
    known = portfolio.instruments
    own = known[symbol].replacements if symbol in known else ()
    found = {symbol} | {one.symbol for one in own if one.caution == "avoid"}
    for other, instrument in known.items():
        if any(one.symbol == symbol and one.caution == "avoid" for one in instrument.replacements):
            found.add(other)
    return frozenset(found)


def _with_window(portfolio: Portfolio, situation: TaxSituation, found: Proposal, as_of: date) -> Proposal:
    """Add the wash-sale window; what was bought inside it and is kept makes a loss worthless for now."""
    same = identical(portfolio, found.symbol)
    not_before = as_of + timedelta(days=WINDOW_DAYS + 1)
    recent = _kept(situation, found, same, as_of)
    if recent:
        day, symbol = max(recent)
        wait = day + timedelta(days=WINDOW_DAYS + 1)
        what = "" if symbol == found.symbol else f"{symbol}, which may count as identical, was "
        return replace(
            found,
            saves=ZERO,
            do=False,
            why=f"{what}bought on {day}: a sale before {wait} is a wash sale",
            not_before=not_before,
        )
    names = ", ".join([found.symbol, *sorted(same - {found.symbol})])
    return replace(
        found,
        why=f"{found.why}; do not buy {names} in any account before {not_before}",
        not_before=not_before,
    )


def _kept(
    situation: TaxSituation, found: Proposal, same: frozenset[str], as_of: date
) -> list[tuple[date, str]]:
    """Return the purchases inside the window whose shares would still be held after the sale.

    Shares left of the very lot that is sold do not replace it (Rev. Rul. 56-602), but they do replace an
    older lot that is sold with them.
    """
    sold_days = {day for day, _ in found.lots}
    held: dict[tuple[date, str, str], Decimal] = {}
    for lot in situation.so_far.open_lots:
        if lot.symbol in same and as_of - lot.bought <= timedelta(days=WINDOW_DAYS):
            key = lot.bought, lot.symbol, lot.account
            held[key] = EXACT.add(held.get(key, ZERO), lot.shares)
    # The return lists no lots of a sheltered account, but a purchase there is a replacement as well.
    for entry in situation.facts.entries:
        day = entry.lot if entry.kind == "transfer_in" and entry.lot else entry.traded_on
        sheltered = situation.facts.account_kinds.get(entry.account, "taxable") != "taxable"
        inside = as_of - day <= timedelta(days=WINDOW_DAYS)
        if sheltered and inside and entry.symbol in same and entry.kind in ("buy", "transfer_in"):
            held[day, entry.symbol, entry.account] = entry.shares
    recent = []
    for (day, symbol, account), shares in held.items():
        own = symbol == found.symbol and account == found.account
        taken = exact_sum(x for when, x in found.lots if own and when == day)
        if shares > taken and not (own and sold_days == {day}):
            recent.append((day, symbol))
    return recent


def _with_replacements(portfolio: Portfolio, losses: Sequence[Proposal]) -> list[Proposal]:
    """Name what to hold instead, never something that is itself sold at a loss or identical to it."""
    sold: frozenset[str] = frozenset().union(*(identical(portfolio, p.symbol) for p in losses if p.do))
    named = []
    for proposal in losses:
        instrument = portfolio.instruments.get(proposal.symbol)
        choices = () if instrument is None or not proposal.do else instrument.replacements
        fit = [x for x in choices if x.caution != "avoid" and x.symbol not in sold]
        named.append(replace(proposal, replacement=(fit[0].symbol, fit[0].caution)) if fit else proposal)
    return named


def _fill_deduction(
    rows: Sequence[_Lots], situation: TaxSituation, losses: Sequence[Proposal], taxes: Sequence[Formula]
) -> list[Proposal]:
    """Return the sales that realise the unused part of the yearly deduction, holding by holding.

    The largest gain a share comes first, so that few shares are turned over.
    """
    so_far = situation.so_far.summary["overseas_listed"]
    net = EXACT.add(so_far["net_gain"], exact_sum(p.gain for p in losses if p.do))
    room = EXACT.subtract(so_far["deduction"], net)
    sold_for_loss = {(p.account, p.symbol) for p in losses if p.do}
    proposals = []

    def per_share(row: _Lots) -> Decimal:
        first = row.order[0]
        return EXACT.subtract(row.price, EXACT.divide(first.cost, first.shares))

    for row in sorted(rows, key=lambda r: (-per_share(r), r.account, r.symbol)):
        if row.buckets[0] != "overseas" or (row.account, row.symbol) in sold_for_loss or room <= ZERO:
            continue
        sold = most_within(row.order, row.price, room)
        if sold is None:
            continue
        saves = EXACT.multiply(_later_rate(taxes, row), sold.gain)
        costs = EXACT.multiply(EXACT.multiply(row.trade_cost, sold.shares), ONE + ONE)
        worthwhile = saves > costs
        proposals.append(
            Proposal(
                row.account, row.symbol, sold.shares, _taken(sold), sold.gain, saves, costs, worthwhile,
                "fills the unused part of the yearly deduction; buy back the same day"
                if worthwhile else "trading costs more than the tax it saves later",
            )
        )  # fmt: skip
        if worthwhile:
            room = EXACT.subtract(room, sold.gain)
    return proposals


def _deadline(situation: TaxSituation, as_of: date) -> date:
    """Return the last day on which a sale still counts for the year."""
    if situation.country.code == "KR":
        return date.fromisoformat(str(situation.so_far.summary["overseas_listed"]["last_trade_day"]))
    day = date(as_of.year, 12, 31)
    while not situation.facts.is_session("XNYS", day):
        day -= timedelta(days=1)
    return day
