"""Wash sales: losses that are not deductible because the shares were bought again.

The one idea: sales are walked in one order, and a loss only ever moves forward in it. A replacement is a
share sold later in that order or not at all, so one pass settles every chain, and what is already filed is
never changed by a loss that comes after it.

Source: 26 U.S.C. 1091; 26 CFR 1.1091-1; IRS Pub. 550, Wash Sales; Rev. Rul. 2008-5 for IRAs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from steelyard.domain.books.lots import STEP, share
from steelyard.domain.money import EXACT, ZERO
from steelyard.records import dataclass

WINDOW_DAYS = 30
_NEVER = date.max


@dataclass(frozen=True, slots=True)
class Block:
    """Shares of one purchase with one fate: sold together, or still held.

    Attributes:
        lot: Identity of the purchase; shares of one lot are never each other's replacement.
        symbol: What was bought.
        bought: Trade date of the purchase.
        shares: > 0, in one unit over all blocks (after splits).
        cost: What they cost; adjusted in what `wash_sales` returns.
        sold_on: Trade date of the sale, None while held.
        proceeds: Of the sale, fees taken off; zero while held.
        account: Where.
        sheltered: Bought in an IRA: a loss there is none, and a loss that lands there is lost for good.
        order: Place among the blocks bought on one day and sold on one day: what goes first.
        holding_from: Day the holding period counts from, None for `bought`.
        replaced: Already used as a replacement for something outside of the list.
        disallowed: Loss that is not deductible; set by `wash_sales`.
        source: Index of the block of the input it is a part of; set by `wash_sales`.
    """

    lot: str
    symbol: str
    bought: date
    shares: Decimal
    cost: Decimal
    sold_on: date | None = None
    proceeds: Decimal = ZERO
    account: str = ""
    sheltered: bool = False
    order: int = 0
    holding_from: date | None = None
    replaced: bool = False
    disallowed: Decimal = ZERO
    source: int = 0

    @property
    def held_from(self) -> date:
        """The day the holding period counts from."""
        return self.holding_from or self.bought

    @property
    def gain(self) -> Decimal:
        """Proceeds less cost plus what is disallowed: what the return shows; zero while held."""
        if self.sold_on is None:
            return ZERO
        return EXACT.add(EXACT.subtract(self.proceeds, self.cost), self.disallowed)


@dataclass(frozen=True, slots=True)
class Wash:
    """One loss, or a part of one, that moved to a replacement.

    Attributes:
        loss: Index of the block sold at a loss.
        replacement: Index of the block that replaces it.
        shares: How many shares.
        amount: The loss that is disallowed, > 0.
        permanent: The replacement is sheltered: nothing was added to its basis.
    """

    loss: int
    replacement: int
    shares: Decimal
    amount: Decimal
    permanent: bool


@dataclass(frozen=True, slots=True)
class WashSales:
    """What the rule makes of a list of blocks.

    Attributes:
        blocks: The blocks, split where only a part was replaced, with adjusted cost and holding period;
            in the order of the input, parts of one block in the order of its shares.
        washes: Every loss that moved, in the order of the sales.
    """

    blocks: tuple[Block, ...]
    washes: tuple[Wash, ...]


def wash_sales(
    blocks: Sequence[Block],
    groups: Mapping[str, str] | None = None,
    *,
    window_days: int = WINDOW_DAYS,
    step: Decimal = STEP,
) -> WashSales:
    """Disallow the losses whose shares were bought again, and move them to the replacements.

    Sales are walked by day, sales of one day by day of purchase, then by `order`. Each share sold at a
    loss (counting what earlier losses added to its cost) takes the first share of the same group that
    was bought from 30 days before to 30 days after the sale, by day of purchase, then day of sale, then
    `order`; not one of its own lot, none used before, none sold earlier in that walk. Its loss and the
    days it was held go to the replacement. The result is that of single shares, but whole parts are
    handled at once, in O(n log n) and the number of parts.

    Args:
        blocks: All blocks of all accounts, sheltered ones included, in any order.
        groups: Symbol to the name of its group of substantially identical symbols; a symbol that is
            missing is a group of its own.
        window_days: Days on either side of the sale.
        step: What amounts are rounded to when a block is split; `Decimal("0.01")` keeps whole cents, at
            the price that splitting a block beforehand may move a cent.
    """
    families: dict[str, list[int]] = defaultdict(list)
    for index, block in enumerate(blocks):
        families[(groups or {}).get(block.symbol, block.symbol)].append(index)
    parts: list[list[_Part]] = [[] for _ in blocks]
    washes: list[tuple[tuple[date, date, int, str, str, str], Wash]] = []
    for members in families.values():
        family = _Family(blocks, members, timedelta(window_days), parts, step)
        for index in sorted((i for i in members if blocks[i].sold_on), key=lambda i: _sale(blocks[i])):
            key = _sale(blocks[index])
            washes.extend((key, wash) for wash in family.settle(index))
        family.close()
    washes.sort(key=lambda x: x[0])
    return WashSales(
        tuple(part.block(blocks[part.source]) for group in parts for part in group),
        tuple(wash for _, wash in washes),
    )


def _sale(block: Block) -> tuple[date, date, int, str, str, str]:
    return (block.sold_on or _NEVER, block.bought, block.order, block.account, block.symbol, block.lot)


def _purchase(block: Block) -> tuple[date, date, int, str, str, str]:
    return (block.bought, block.sold_on or _NEVER, block.order, block.account, block.symbol, block.lot)


class _Part:
    """Some shares of a block while the rule is applied; changed in place, since it is split so often."""

    __slots__ = ("cost", "disallowed", "held_from", "proceeds", "shares", "source")

    def __init__(self, source: int, shares: Decimal, cost: Decimal, proceeds: Decimal, held: date) -> None:
        self.source = source
        self.shares = shares
        self.cost = cost
        self.proceeds = proceeds
        self.held_from = held
        self.disallowed = ZERO

    def cut(self, shares: Decimal, step: Decimal) -> _Part:
        """Take that many shares off as a part of their own; both together are exactly the whole."""
        cost = share(self.cost, shares, self.shares, step)
        proceeds = share(self.proceeds, shares, self.shares, step) if self.proceeds else ZERO
        self.shares = EXACT.subtract(self.shares, shares)
        self.cost = EXACT.subtract(self.cost, cost)
        self.proceeds = EXACT.subtract(self.proceeds, proceeds)
        return _Part(self.source, shares, cost, proceeds, self.held_from)

    def block(self, whole: Block) -> Block:
        """Return it as a block."""
        # Not `replace`: it looks up every field by name, and this is done for each part of a long journal.
        return Block(
            whole.lot,
            whole.symbol,
            whole.bought,
            self.shares,
            self.cost,
            whole.sold_on,
            self.proceeds,
            whole.account,
            whole.sheltered,
            whole.order,
            self.held_from,
            whole.replaced,
            self.disallowed,
            self.source,
        )


class _Family:
    """The blocks of one group: which shares may still replace others, and the parts made so far."""

    def __init__(
        self,
        blocks: Sequence[Block],
        members: Iterable[int],
        window: timedelta,
        parts: list[list[_Part]],
        step: Decimal,
    ) -> None:
        self.line = sorted(members, key=lambda i: _purchase(blocks[i]))
        self.place = {index: place for place, index in enumerate(self.line)}
        self.blocks = [blocks[i] for i in self.line]
        self.bought = [x.bought for x in self.blocks]
        self.lots = [x.lot for x in self.blocks]
        # What is left of each block untouched; its used parts stand before it in `parts`.
        self.left: list[_Part | None] = [
            _Part(i, x.shares, x.cost, x.proceeds, x.held_from)
            for i, x in zip(self.line, self.blocks, strict=True)
        ]
        self.window = window
        self.parts = parts
        self.step = step
        count = len(self.line)
        self.next = list(range(count + 1))
        self.other_lot = [count] * count
        for place in range(count - 2, -1, -1):
            same = self.lots[place] == self.lots[place + 1]
            self.other_lot[place] = self.other_lot[place + 1] if same else place + 1
        for place, block in enumerate(self.blocks):
            if block.replaced:
                self.next[place] = place + 1

    def settle(self, index: int) -> Iterable[Wash]:
        """Settle the sale of one block: each part sold at a loss looks for its replacements."""
        place = self.place[index]
        self.next[place] = place + 1
        pieces = self.parts[index]
        rest = self.left[place]
        if rest is not None:
            pieces.append(rest)
            self.left[place] = None
        if self.blocks[place].sheltered:
            return
        done: list[_Part] = []
        for piece in pieces:
            if piece.proceeds < piece.cost:
                yield from self._wash(piece, self.blocks[place], done)
            done.append(piece)
        self.parts[index] = done

    def close(self) -> None:
        """Put down what is left of the blocks that are still held."""
        for place, index in enumerate(self.line):
            rest = self.left[place]
            if rest is not None:
                self.parts[index].append(rest)

    def _wash(self, piece: _Part, sold: Block, done: list[_Part]) -> Iterable[Wash]:
        """Look for replacements; parts cut off the piece are done, what is left of it is the caller's."""
        sold_on = sold.sold_on or _NEVER
        last = sold_on + self.window
        place = self._open(bisect_left(self.bought, sold_on - self.window))
        while place < len(self.line) and self.bought[place] <= last:
            if self.lots[place] == sold.lot:
                place = self._open(self.other_lot[place])
                continue
            found = self.left[place]
            assert found is not None
            if piece.shares <= found.shares:
                yield self._move(piece, sold_on, place)
                return
            lost = piece.cut(found.shares, self.step)
            yield self._move(lost, sold_on, place)
            done.append(lost)
            place = self._open(place)

    def _move(self, lost: _Part, sold_on: date, place: int) -> Wash:
        """Use as many shares of an untouched block as were sold at a loss."""
        found = self.left[place]
        assert found is not None
        if found.shares == lost.shares:
            used = found
            self.left[place] = None
            self.next[place] = place + 1
        else:
            used = found.cut(lost.shares, self.step)
        amount = EXACT.subtract(lost.cost, lost.proceeds)
        lost.disallowed = amount
        permanent = self.blocks[place].sheltered
        if not permanent:
            used.cost = EXACT.add(used.cost, amount)
            used.held_from -= sold_on - lost.held_from
        self.parts[used.source].append(used)
        return Wash(lost.source, used.source, lost.shares, amount, permanent)

    def _open(self, place: int) -> int:
        """Return the first place from here that may still replace something."""
        root = place
        while self.next[root] != root:
            root = self.next[root]
        while self.next[place] != root:
            self.next[place], place = root, self.next[place]
        return root
