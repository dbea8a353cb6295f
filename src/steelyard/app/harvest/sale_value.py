"""What selling a holding for its loss or its gain is worth: lots in selling order, buckets, costs.

One holding is one account's lots of one instrument. Its gains fall into the buckets of the country's
formula, so what a sale saves is a difference of two values of that formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from steelyard.app.planning.lot_taxes import DISCOUNT, tax_rate
from steelyard.app.tax.selling_order import is_free_choice, method_of, selling_order
from steelyard.app.tax.situation import TaxSituation
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.harvest.sale_size import Proceeds, Sale, sale
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, figure
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.planning import Formula, PlanTax, bends, tax_at
from steelyard.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the value of a harvest rests on.

    Attributes:
        years: Until the shares bought back would be sold.
        discount: A year, for tax paid later.
        likelihood: That a loss carried on is used in a later year, where the owner does not say.
        min_loss: Show holdings that are down by more than this fraction, worth it or not; None leaves
            them out.
    """

    years: int = 10
    discount: Decimal = DISCOUNT
    min_loss: Decimal | None = None
    likelihood: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Proposal:
    """One sale for its loss or its gain; money in the tax currency.

    Attributes:
        account, symbol, shares: What to sell.
        lots: Purchase date and shares of what the account would sell.
        gain: What it realises: negative for a loss.
        saves: Tax saved by a loss; of a gain the later tax it saves.
        carried: The part of what a loss saves that later years save, at its present value.
        costs: Of selling and buying again; of a loss the present value of later tax, of a gain what it
            costs this year.
        do: Whether it is worth it.
        why: One sentence.
        replacement: What to hold instead, with its caution; None means the same instrument again.
        not_before: First day on which what was sold may be bought again.
        do_not_buy: What must not be bought before that day, in any account.
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
    do_not_buy: tuple[str, ...] = ()
    carried: Decimal = ZERO

    @property
    def worth(self) -> Decimal:
        """What is saved after all costs."""
        return EXACT.subtract(self.saves, self.costs)

    def to_dict(self, kind: Literal["loss", "gain"]) -> dict[str, Any]:
        """Return it as in the document of `harvest`; what is realised stands above zero, under its kind."""
        return {
            "account": self.account,
            "symbol": self.symbol,
            "lots": [{"bought": day.isoformat(), "shares": figure(count)} for day, count in self.lots],
            "shares": figure(self.shares),
            kind: figure(-self.gain if kind == "loss" else self.gain),
            "saves": figure(self.saves),
            **({"saves_later": figure(self.carried)} if self.carried else {}),
            "costs": figure(self.costs),
            "worth": figure(self.worth),
            "do": self.do,
            "why": self.why,
            "replacement": None
            if self.replacement is None
            else {"symbol": self.replacement[0], "caution": self.replacement[1]},
            "not_before": self.not_before.isoformat() if self.not_before else None,
            "do_not_buy": list(self.do_not_buy),
        }


@dataclass(frozen=True, slots=True)
class SellableLots:
    """One taxed holding: its lots in selling order, what they bring in, and the bucket of each lot.

    Attributes:
        free_choice: The owner chooses the lots; the order is then only one of many.
    """

    account: str
    symbol: str
    order: tuple[TaxLot, ...]
    free_choice: bool
    proceeds: Proceeds
    buckets: tuple[str | None, ...]

    @property
    def shares(self) -> Decimal:
        """All of them."""
        return exact_sum(lot.shares for lot in self.order)

    def sell(self, shares: Decimal) -> Sale:
        """Return what selling so many in order realises."""
        return sale(self.order, shares, self.proceeds)

    @property
    def bent(self) -> Decimal:
        """Up to how many shares a bucket's gain is no line, since lots of two share one least commission."""
        if len(set(self.buckets)) < 2 or not self.proceeds.commission_of(ZERO):
            return ZERO
        until = self.proceeds.least_until
        return self.shares if until is None else min(until, self.shares)


def sellable_lots(portfolio: Portfolio, situation: TaxSituation, rules: PlanTax) -> list[SellableLots]:
    """Return every holding with a known cost and a price that may be traded, by account and symbol.

    What a gift cost depends on whether it is sold at a loss; that is asked of a sale of the whole holding.
    """
    to_base = tax_rate(portfolio, situation.country.currency)
    groups: dict[tuple[str, str], list[TaxLot]] = {}
    for lot in situation.so_far.open_lots:
        groups.setdefault((lot.account, lot.symbol), []).append(lot)
    rows = []
    for (account, symbol), lots in sorted(groups.items()):
        if symbol not in portfolio.quotes or portfolio.quotes[symbol].by_value:
            continue
        if (account, symbol) in situation.unknown:
            continue
        if symbol in portfolio.constraints.locked:
            continue
        price = EXACT.divide(portfolio.base_price(symbol), to_base)
        proceeds = Proceeds(price, portfolio.costs, to_base)
        of_one = proceeds.of_one(exact_sum(x.shares for x in lots))
        method = method_of(situation, account, symbol)
        order = tuple(
            replace(x, cost=rules.cost_of(x, EXACT.multiply(x.shares, of_one)))
            for x in selling_order(lots, method)
        )
        rows.append(
            SellableLots(
                account,
                symbol,
                order,
                is_free_choice(method),
                proceeds,
                tuple(rules.bucket_of(x) for x in order),
            )
        )
    return rows


def gains_by_bucket(row: SellableLots, sold: Sale) -> dict[str, Decimal]:
    """Return what a sale along a holding's order realises in each bucket; untaxed gains are left out."""
    gains: dict[str, Decimal] = {}
    for part, bucket in zip(sold.lots, row.buckets, strict=False):
        if bucket is not None:
            gains[bucket] = EXACT.add(gains.get(bucket, ZERO), sold.gain_of(part))
    return gains


MOST_BENT = 60
"""So many numbers of shares are looked at one by one where the gain of a bucket is no line."""


def turns(taxes: Sequence[Formula], row: SellableLots) -> list[Decimal]:
    """Return the numbers of shares at which the tax on selling a holding bends."""
    lines = bends(taxes)
    found = [Decimal(n) for n in range(1, min(int(row.bent), MOST_BENT) + 1)]
    for of_one, once in row.proceeds.lines:
        gains = {b: EXACT.minus(once) for b in set(row.buckets) if b is not None}
        sold = ZERO
        for lot, bucket in zip(row.order, row.buckets, strict=True):
            each = EXACT.subtract(of_one, EXACT.divide(lot.cost, lot.shares))
            if bucket is not None:
                for line in lines:
                    slope = EXACT.multiply(line.slopes.get(bucket, ZERO), each)
                    more = EXACT.divide(EXACT.minus(line.at(gains)), slope) if slope else ZERO
                    if ZERO < more < lot.shares:
                        found.append(EXACT.add(sold, more))
                gains[bucket] = EXACT.add(gains[bucket], EXACT.multiply(lot.shares, each))
            sold = EXACT.add(sold, lot.shares)
    return found


def break_even(row: SellableLots) -> list[Decimal]:
    """Return the numbers of shares whose sale gains exactly nothing."""
    found = []
    for of_one, once in row.proceeds.lines:
        sold, gain = ZERO, EXACT.minus(once)
        for lot in row.order:
            each = EXACT.subtract(of_one, EXACT.divide(lot.cost, lot.shares))
            more = EXACT.divide(EXACT.minus(gain), each) if each else ZERO
            if ZERO < more < lot.shares:
                found.append(EXACT.add(sold, more))
            gain = EXACT.add(gain, EXACT.multiply(lot.shares, each))
            sold = EXACT.add(sold, lot.shares)
    return found


def tax_on(taxes: Sequence[Formula], gains: Mapping[str, Decimal]) -> Decimal:
    """Return the sum of some taxes at gains by bucket."""
    return exact_sum(tax_at(f, gains) for f in taxes)


def later_rate(rules: PlanTax, row: SellableLots) -> Decimal:
    """Return the rate on the gain that a lower cost basis brings back in a later year."""
    bucket = next((b for b in row.buckets if b is not None), None)
    if bucket is None:
        return ZERO
    if rules.later_rate is not None:
        return rules.later_rate
    plenty = Decimal("1E+12")
    more, less = ({bucket: EXACT.add(plenty, ONE)}, {bucket: plenty})
    return EXACT.subtract(tax_on(rules.taxes, more), tax_on(rules.taxes, less))


def loss_costs(
    row: SellableLots, shares: Decimal, gain: Decimal, later: Decimal, given: Assumptions
) -> Decimal:
    """Return what realising a loss costs: trading once, buying back once, later tax at its present value."""
    # What selling costs is in the gain; buying back costs as much again.
    trading = row.proceeds.commission_of(shares)
    factor = EXACT.power(EXACT.divide(ONE, EXACT.add(ONE, given.discount)), given.years)
    later_tax = EXACT.multiply(EXACT.multiply(max(-gain, ZERO), later), factor)
    return EXACT.add(trading, later_tax)


def taken(sold: Sale) -> tuple[tuple[date, Decimal], ...]:
    """Return purchase date and shares of the lots a sale takes."""
    return tuple((x.bought, x.shares) for x in sold.lots)
