"""Shares bought together, and which of them a sale takes.

A method is a rule of the broker or of the law, not a wish: `draw` takes exactly the lots it names.
Costs are totals in fixed point, so a lot can be split again and again and no cent is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from heapq import heapify, heappop, heappush

from steelyard.domain.accounts import METHODS
from steelyard.domain.books.ledger import Entry
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.errors import InputError
from steelyard.records import dataclass, replace
from steelyard.words import say

STEP = Decimal("1e-20")


@dataclass(frozen=True, slots=True)
class TaxLot:
    """Shares bought together that are still held.

    Attributes:
        account, symbol: Where and what.
        bought: Trade date of the purchase.
        shares: > 0.
        cost: What all of them cost, fees included, in the tax currency.
        holding_from: Day the holding period counts from: `bought`, or earlier when it was tacked on.
        tax_base: Korean tax base price times shares, in won; None when unknown.
        order: Place among the lots of one day.
    """

    account: str
    symbol: str
    bought: date
    shares: Decimal
    cost: Decimal
    holding_from: date
    tax_base: Decimal | None = None
    order: int = 0

    def part(self, shares: Decimal) -> TaxLot:
        """Return that many of its shares as a lot of their own; cost in proportion, to 20 decimals."""
        if shares == self.shares:
            return self
        base = None if self.tax_base is None else share(self.tax_base, shares, self.shares)
        return self._with(shares, share(self.cost, shares, self.shares), base)

    def less(self, taken: TaxLot) -> TaxLot:
        """Return what is left after a part of it was taken; costs add up exactly."""
        base = None
        if self.tax_base is not None and taken.tax_base is not None:
            base = EXACT.subtract(self.tax_base, taken.tax_base)
        return self._with(
            EXACT.subtract(self.shares, taken.shares), EXACT.subtract(self.cost, taken.cost), base
        )

    def _with(self, shares: Decimal, cost: Decimal, tax_base: Decimal | None) -> TaxLot:
        # Not `replace`: it looks up every field by name, and a long journal splits lots without end.
        return TaxLot(
            self.account, self.symbol, self.bought, shares, cost, self.holding_from, tax_base, self.order
        )


def share(total: Decimal, part: Decimal, whole: Decimal, step: Decimal = STEP) -> Decimal:
    """Return a part's share of a total, to 20 decimals: fixed point, so that parts add up exactly."""
    return EXACT.divide(EXACT.multiply(total, part), whole).quantize(step, context=EXACT).normalize(EXACT)


def total(values: Iterable[Decimal]) -> Decimal:
    """Return the sum; unlike `sum` it does not depend on the thread's decimal context."""
    result = ZERO
    for value in values:
        result = EXACT.add(result, value)
    return result


def queue(lots: Sequence[TaxLot], method: str) -> list[TaxLot]:
    """Return lots in the order a method sells them.

    Args:
        lots: Of one instrument in one account.
        method: fifo (oldest first), lifo (newest first), hifo (dearest share first, then oldest); for
            `average` and `specific` the order of purchase.

    Raises:
        ValueError: For `least_tax`, whose order needs a price: see `by_least_tax`.
    """
    if method in ("fifo", "average", "specific"):
        return sorted(lots, key=lambda x: (x.bought, x.order))
    if method == "lifo":
        return sorted(lots, key=lambda x: (x.bought, x.order), reverse=True)
    if method == "hifo":
        return sorted(lots, key=lambda x: (EXACT.minus(EXACT.divide(x.cost, x.shares)), x.bought, x.order))
    raise ValueError(method)


def draw(
    lots: Sequence[TaxLot],
    shares: Decimal,
    *,
    method: str,
    bought: date | None = None,
    order: Sequence[TaxLot] | None = None,
) -> tuple[list[TaxLot], list[TaxLot]]:
    """Take shares out of lots.

    Args:
        lots: Of one instrument in one account.
        shares: How many to take, > 0.
        method: See `queue`. Under `average` every lot gives the same part of its shares' average cost:
            shares leave oldest first, at the average cost of all.
        bought: Under `specific`: the purchase date of the lot that is sold; others are not touched.
        order: The order to take them in, instead of the method's (`least_tax`).

    Returns:
        The parts taken, and the lots left, each by purchase date.

    Raises:
        InputError: Fewer shares are held (`sold-more-than-held`), or none of that date (`lot-unknown`).
    """
    pool = list(lots)
    if method == "average" and pool:
        pool = averaged(pool)
    line = list(order) if order is not None else queue(pool, method)
    if bought is not None and method in ("specific", "least_tax"):
        line = [x for x in line if x.bought == bought]
        if not line:
            raise InputError(
                "lot-unknown",
                say("no lot bought on {bought} is held", bought=bought),
                say(
                    "name one of the purchase dates {days}",
                    days=tuple(sorted({x.bought for x in pool})) or "-",
                ),
            )
    taken: list[TaxLot] = []
    left = shares
    rest = {id(x): x for x in pool}
    for lot in line:
        if left <= ZERO:
            break
        part = lot.part(min(left, lot.shares))
        taken.append(part)
        left = EXACT.subtract(left, part.shares)
        if part.shares == lot.shares:
            del rest[id(lot)]
        else:
            rest[id(lot)] = lot.less(part)
    if left > ZERO:
        held = total(x.shares for x in line)
        raise InputError(
            "sold-more-than-held",
            say("{shares} shares are sold but only {held} are held", shares=shares, held=held),
            say(
                "add the purchase or the transfer that is missing before it, or correct the number of shares"
            ),
        )
    return taken, sorted(rest.values(), key=lambda x: (x.bought, x.order))


def averaged(lots: Sequence[TaxLot]) -> list[TaxLot]:
    """Spread the whole cost evenly over all shares; the last lot takes what rounding leaves."""
    ordered = sorted(lots, key=lambda x: (x.bought, x.order))
    shares = total(x.shares for x in ordered)
    cost = total(x.cost for x in ordered)
    bases = [x.tax_base for x in ordered if x.tax_base is not None]
    base = total(bases) if len(bases) == len(ordered) else None
    result = []
    cost_left, base_left = cost, base
    for lot in ordered[:-1]:
        part = replace(
            lot,
            cost=share(cost, lot.shares, shares),
            tax_base=None if base is None else share(base, lot.shares, shares),
        )
        cost_left = EXACT.subtract(cost_left, part.cost)
        if base_left is not None and part.tax_base is not None:
            base_left = EXACT.subtract(base_left, part.tax_base)
        result.append(part)
    result.append(replace(ordered[-1], cost=cost_left, tax_base=base_left))
    return result


def by_least_tax(
    lots: Iterable[TaxLot], price: Callable[[TaxLot], Decimal], rate: Callable[[TaxLot], Decimal]
) -> list[TaxLot]:
    """Return lots by tax per unit of proceeds, least first: losses at the highest rate, then the gains.

    Args:
        lots: Of one instrument, or of several when money is raised.
        price: Of one share of the lot's instrument, in the currency of the cost, > 0.
        rate: The tax rate on the lot's gain, a fraction; for a loss what it saves.

    Returns:
        Ties by purchase date, then order.
    """

    def key(lot: TaxLot) -> tuple[Decimal, date, int]:
        proceeds = EXACT.multiply(lot.shares, price(lot))
        tax = EXACT.multiply(EXACT.subtract(proceeds, lot.cost), rate(lot))
        return (EXACT.divide(tax, proceeds), lot.bought, lot.order)

    return sorted(lots, key=key)


def resized(lots: Sequence[TaxLot], shares: Decimal) -> list[TaxLot]:
    """Return lots as so many shares in all, each by its size, at the same cost."""
    pool = Pool("fifo")
    for lot in lots:
        pool.add(lot)
    if lots:
        pool.grow(EXACT.subtract(shares, pool.shares))
    return pool.lots()


def _scaled(shares: Decimal, new: Decimal, per: Decimal) -> Decimal:
    return EXACT.multiply(shares, new) if per == ONE else share(shares, new, per)


class Pool:
    """The lots of one instrument in one account while a journal is walked: what `draw` does, in log time.

    The lots' `order` must differ.
    """

    def __init__(self, method: str) -> None:
        if method not in METHODS:
            raise ValueError(method)
        self.method = method
        self._held: dict[int, TaxLot] = {}
        self._line: list[tuple[object, ...]] = []
        self._shares = ZERO
        self._cost = ZERO
        self._base: Decimal | None = ZERO

    @property
    def shares(self) -> Decimal:
        """How many are held."""
        return self._shares

    def add(self, lot: TaxLot) -> None:
        """Put a lot in."""
        self._held[lot.order] = lot
        heappush(self._line, self._key(lot))
        self._shares = EXACT.add(self._shares, lot.shares)
        self._cost = EXACT.add(self._cost, lot.cost)
        known = self._base is not None and lot.tax_base is not None
        self._base = EXACT.add(self._base, lot.tax_base) if known else None  # type: ignore[arg-type]

    def take(
        self,
        shares: Decimal,
        *,
        bought: date | None = None,
        order: Callable[[Iterable[TaxLot]], Sequence[TaxLot]] | None = None,
    ) -> list[TaxLot]:
        """Take shares out, as `draw` does.

        Args:
            shares: > 0.
            bought: See `draw`.
            order: Puts lots in the order to take them (`least_tax`).

        Raises:
            InputError: As `draw` does; nothing is taken then.
        """
        named = bought is not None and self.method in ("specific", "least_tax")
        if named or self.method == "least_tax" or shares > self._shares:
            held = list(self._held.values())
            taken, _ = draw(
                held,
                shares,
                method=self.method,
                bought=bought,
                order=None if order is None else order(held),
            )
            for lot in taken:
                self._remove(lot)
            return taken
        taken = []
        left = shares
        while left > ZERO:
            lot_order = self._line[0][-1]
            lot = self._held.get(lot_order)  # type: ignore[call-overload]
            if lot is None:
                heappop(self._line)
                continue
            part = self._priced(lot.part(min(left, lot.shares)))
            left = EXACT.subtract(left, part.shares)
            self._remove(part)
            taken.append(part)
        return taken

    def move_out(self, shares: Decimal, *, bought: date | None = None) -> list[TaxLot]:
        """Take shares out that go on being held elsewhere: the oldest, or those of one purchase date.

        By which method the account sells plays no part, but that under `average` they leave at the average.

        Args:
            shares: > 0.
            bought: The purchase date of the lots that move, where they are named.

        Raises:
            InputError: As `draw` does; nothing is taken then.
        """
        taken, _ = draw(self.lots(), shares, method="specific" if bought else "fifo", bought=bought)
        for lot in taken:
            self._remove(lot)
        return taken

    def split(self, new: Decimal, per: Decimal = ONE) -> None:
        """Turn every `per` shares into `new` shares at the same total cost."""
        self._resize(_scaled(self._shares, new, per), lambda shares: _scaled(shares, new, per))

    def grow(self, added: Decimal) -> None:
        """Add shares that cost nothing to the lots there are, by their size; negative takes them away.

        Raises:
            ValueError: Nothing is held, or not as much as is taken away.
        """
        before = self._shares
        after = EXACT.add(before, added)
        if before <= ZERO or after <= ZERO:
            raise ValueError("no shares to spread over")
        self._resize(after, lambda shares: share(shares, after, before))

    def _resize(self, after: Decimal, size: Callable[[Decimal], Decimal]) -> None:
        ordered = sorted(self._held.values(), key=lambda x: (x.bought, x.order))
        left = after
        lots = []
        for number, lot in enumerate(ordered, 1):
            # The last lot takes what rounding leaves: the sum is what the broker states.
            shares = left if number == len(ordered) else size(lot.shares)
            left = EXACT.subtract(left, shares)
            lots.append(replace(lot, shares=shares))
        self._set([lot for lot in lots if lot.shares > ZERO])

    def pay_back(self, amount: Decimal) -> list[tuple[TaxLot, Decimal]]:
        """Lower the cost of the lots by what is paid back, the same for each share and never below zero.

        Args:
            amount: On all shares, >= 0.

        Returns:
            Each lot whose cost was less than its part, and by how much: that is a gain.

        Source: 26 U.S.C. 301(c)(2) and (3).
        """
        ordered = self.lots()
        left, shares = amount, self._shares
        lots, gains = [], []
        for lot in ordered:
            part = left if lot.shares == shares else share(left, lot.shares, shares)
            left, shares = EXACT.subtract(left, part), EXACT.subtract(shares, lot.shares)
            if part > lot.cost:
                gains.append((lot, EXACT.subtract(part, lot.cost)))
            lots.append(replace(lot, cost=max(EXACT.subtract(lot.cost, part), ZERO)))
        self._set(lots)
        return gains

    def hand_over(self, entry: Entry) -> list[TaxLot]:
        """Give the lots, or a part of their cost, to the symbol that a merger or a spin-off gives.

        Each lot keeps its purchase; what is received is spread over them by their size.

        Args:
            entry: Of the kind merger, which leaves nothing here, or spin_off.

        Returns:
            The lots of what is received, at the average cost under `average`; none where nothing is held.

        Source: 26 U.S.C. 358(b), 1223(1).
        """
        if entry.kind == "merger":
            self.split(entry.shares, ONE if entry.per is None else entry.per)
            given = self.lots()
            self._set([])
        else:
            given = resized(self._part_with(ZERO if entry.part is None else entry.part), entry.shares)
        return [replace(lot, symbol=entry.other) for lot in given]

    def _part_with(self, part: Decimal) -> list[TaxLot]:
        """Give away a part of the cost of each lot; return the lots with that part as their cost."""
        kept, given = [], []
        for lot in self.lots():
            cost = share(lot.cost, part, ONE)
            base = None if lot.tax_base is None else share(lot.tax_base, part, ONE)
            given.append(replace(lot, cost=cost, tax_base=base))
            left = None if lot.tax_base is None or base is None else EXACT.subtract(lot.tax_base, base)
            kept.append(replace(lot, cost=EXACT.subtract(lot.cost, cost), tax_base=left))
        self._set(kept)
        return given

    def _set(self, lots: Sequence[TaxLot]) -> None:
        self._held = {x.order: x for x in lots}
        self._line = [self._key(x) for x in lots]
        heapify(self._line)
        self._shares = total(x.shares for x in lots)
        self._cost = total(x.cost for x in lots)
        bases = [x.tax_base for x in lots if x.tax_base is not None]
        self._base = total(bases) if len(bases) == len(lots) else None

    def lots(self) -> list[TaxLot]:
        """Return what is held, by purchase date; under `average` at the average cost of all."""
        lots = sorted(self._held.values(), key=lambda x: (x.bought, x.order))
        if self.method == "average" and lots:
            spare = replace(lots[-1], cost=self._cost, tax_base=self._base)
            nothing = None if self._base is None else ZERO
            return averaged([*(replace(x, cost=ZERO, tax_base=nothing) for x in lots[:-1]), spare])
        return lots

    def _key(self, lot: TaxLot) -> tuple[object, ...]:
        if self.method == "lifo":
            return (-lot.bought.toordinal(), -lot.order, lot.order)
        if self.method == "hifo":
            return (EXACT.minus(EXACT.divide(lot.cost, lot.shares)), lot.bought, lot.order)
        return (lot.bought, lot.order)

    def _priced(self, part: TaxLot) -> TaxLot:
        """Under `average` a part leaves at the average cost."""
        if self.method != "average":
            return part
        base = None if self._base is None else share(self._base, part.shares, self._shares)
        return replace(part, cost=share(self._cost, part.shares, self._shares), tax_base=base)

    def _remove(self, part: TaxLot) -> None:
        lot = self._held[part.order]
        if lot.shares == part.shares:
            del self._held[part.order]
        else:
            self._held[part.order] = lot.less(part)
        self._shares = EXACT.subtract(self._shares, part.shares)
        self._cost = EXACT.subtract(self._cost, part.cost)
        if self._base is not None and part.tax_base is not None:
            self._base = EXACT.subtract(self._base, part.tax_base)
        if not self._held:
            self._base = ZERO
