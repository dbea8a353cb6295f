"""Several accounts, or several currencies, against one target: the problem and its exact arithmetic.

The objective counts each instrument once over all accounts, but every account pays for its own
buys out of its own balances, so more than one budget couples the lines. Everything here is exact
integers and fractions: whatever a solver proposes is judged by `settle` and `missed` before it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor

from steelyard.engines.planning.household.work import Work

ZERO = Fraction(0)
ONE = Fraction(1)

BUY, SELL = 1, -1
Side = tuple[int, int]
"""A position and BUY or SELL."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One instrument over all accounts.

    Attributes:
        symbol: Its name.
        target: Wanted value in ticks, >= 0.
        divisor: What the squared miss is divided by, > 0.
    """

    symbol: str
    target: Fraction
    divisor: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Position:
    """One instrument in one account.

    Attributes:
        account: Index of the account.
        goal: Index of the instrument.
        currency: Index of the balance it is paid from; 0 is the base currency.
        price: Ticks per step, > 0.
        held: Whole steps held, >= 0.
        odd: Ticks that the odd fraction beyond the whole steps is worth; it can only leave together
            with all the rest.
        can_buy, can_sell: Whether it may be traded that way.
        continuous: Steps are so small (1e-9 share) that shares are as good as divisible.
        parts: Goals this position counts for and the fraction of its value that does, where that is not
            all of it for `goal` alone; `goal` is then the first of them.
        symbol: What is held, where several instruments meet one goal; the goal's own symbol unless told.
    """

    account: int
    goal: int
    currency: int
    price: int
    held: int
    odd: int = 0
    can_buy: bool = True
    can_sell: bool = True
    continuous: bool = False
    parts: tuple[tuple[int, Fraction], ...] = ()
    symbol: str = ""

    @property
    def counts(self) -> tuple[tuple[int, Fraction], ...]:
        """Every goal this position counts for, with the fraction of its value that does."""
        return self.parts or ((self.goal, ONE),)


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on purchases in one account: after buying any of some positions, all together are at most a
    fraction of the account. Standing above it without buying is allowed.

    Attributes:
        account: Index of the account.
        positions: Indexes of the positions that count.
        fraction: The limit, 0..1.
        counted: Ticks of other holdings that count too.
        other: Ticks of other holdings that do not count; both belong to the account's worth.
        always: The fraction holds whatever is traded.
    """

    account: int
    positions: tuple[int, ...]
    fraction: Fraction
    counted: int = 0
    other: int = 0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Household:
    """Accounts that are planned together.

    Attributes:
        goals, positions: Instruments, and where each may be held; at most one position an (account, goal).
        balances: Cash in ticks by account and currency, the cash flow included; an entry may be negative.
        reserve: Ticks of cash, over all accounts, that must be left.
        rate: Commission, fraction of the traded amount, >= 0; paid from the base-currency balance.
        floor: Least commission of a trade, ticks, >= 0.
        spread: Cost of converting, fraction of the converted amount, 0 <= spread < 1. Without a
            spread all balances of an account are one.
        min_trade: Least amount of a trade, ticks, >= 0.
        caps: Limits on purchases.
        power: 2 minimises squared misses, 1 minimises their absolute sizes.
        most_trades: Most trades of a change, None for no limit.
        idle: What a tick of money that is in no instrument (cash above the reserve, and costs) counts in
            the objective, >= 0. Squared misses need none.
        work: What may still be spent on searching it; households made from this one share it.
    """

    goals: tuple[Goal, ...]
    positions: tuple[Position, ...]
    balances: tuple[tuple[int, ...], ...]
    reserve: int = 0
    rate: Fraction = ZERO
    floor: int = 0
    spread: Fraction = ZERO
    min_trade: int = 0
    caps: tuple[Cap, ...] = ()
    power: int = 2
    idle: Fraction = ZERO
    most_trades: int | None = None
    work: Work = field(default_factory=Work, compare=False, repr=False)

    @property
    def mixed(self) -> bool:
        """Whether several instruments meet one goal, or one counts for several: values lie on no grid."""
        prices: dict[int, int] = {}
        return any(s.parts or prices.setdefault(s.goal, s.price) != s.price for s in self.positions)

    def miss(self, goal: Goal, value: Fraction) -> Fraction:
        """Return what an instrument worth `value` adds to the objective."""
        return abs(value - goal.target) ** self.power / goal.divisor

    def amount(self, position: Position, steps: int, sold_out: bool) -> int:
        """Return the ticks bought (+) or sold (-) when a position ends at `steps`."""
        return (steps - position.held) * position.price - (position.odd if sold_out else 0)

    def commission(self, amount: int) -> Fraction:
        """Return the commission of one trade in ticks."""
        return max(Fraction(self.floor), self.rate * abs(amount)) if amount else ZERO


@dataclass(frozen=True, slots=True)
class Change:
    """Where every position ends: whole steps, and whether its odd fraction left too."""

    steps: tuple[int, ...]
    sold_out: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Money changed inside one account, in ticks: into a foreign balance when positive, else out of it."""

    account: int
    currency: int
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a change costs and leaves.

    Attributes:
        cash: Ticks left over all accounts, costs paid.
        exchanges: The conversions it takes, the least possible.
        short: Ticks missing: in accounts that cannot pay, else what the reserve lacks. 0 when allowed.
        lacking: The accounts that cannot pay.
        money: Ticks left by account.
    """

    cash: Fraction
    exchanges: tuple[Exchange, ...]
    short: Fraction
    lacking: tuple[int, ...] = ()
    money: tuple[Fraction, ...] = ()


def settle(problem: Household, change: Change) -> Settlement:
    """Pay for a change, exactly, converting as little as possible.

    A foreign balance that lacks money takes it from the base balance; a base balance that lacks money
    takes it from foreign ones, in their order. Each way costs the spread, paid in base currency.
    """
    whole = [list(row) for row in problem.balances]
    traded = [0] * len(whole)
    floors = [ZERO] * len(whole)
    for position, steps, sold in zip(problem.positions, change.steps, change.sold_out, strict=True):
        amount = problem.amount(position, steps, sold)
        if amount:
            whole[position.account][position.currency if problem.spread else 0] -= amount
            if problem.floor:
                floors[position.account] += problem.commission(amount)
            else:
                traded[position.account] += abs(amount)
    costs = floors if problem.floor else [problem.rate * x for x in traded]
    # Amounts are whole ticks; only what is charged on them makes fractions.
    balances = [[row[0] - cost, *map(Fraction, row[1:])] for row, cost in zip(whole, costs, strict=True)]
    exchanges: list[Exchange] = []
    short, lacking = ZERO, []
    for account, row in enumerate(balances):
        if not problem.spread:
            row[:] = [sum(row, ZERO)]
        for currency in range(1, len(row)):
            if row[currency] < 0:
                lack = -row[currency]
                exchanges.append(Exchange(account, currency, lack))
                row[currency] = ZERO
                row[0] -= lack * (1 + problem.spread)
        for currency in range(1, len(row)):
            if row[0] < 0 < row[currency]:
                # Whole ticks are converted, so that what is left is exact in decimals too.
                part = min(row[currency], Fraction(ceil(-row[0] / (1 - problem.spread))))
                exchanges.append(Exchange(account, currency, -part))
                row[currency] -= part
                row[0] += part * (1 - problem.spread)
        if row[0] < 0:
            short -= row[0]
            lacking.append(account)
    money = tuple(sum(row, ZERO) for row in balances)
    cash = sum(money, ZERO)
    short = short or max(problem.reserve - cash, ZERO)
    return Settlement(cash, tuple(exchanges), short, tuple(lacking), money)


def allowed(problem: Household, change: Change) -> bool:
    """Say whether every single trade of a change may be made; `settle` says whether it can be paid."""
    for position, steps, sold in zip(problem.positions, change.steps, change.sold_out, strict=True):
        amount = problem.amount(position, steps, sold)
        if (
            steps < 0
            or (sold and steps)
            or (amount > 0 and not position.can_buy)
            or (amount < 0 and not position.can_sell)
            or (amount and abs(amount) < problem.min_trade)
        ):
            return False
    return True


def feasible(problem: Household, change: Change, settled: Settlement | None = None) -> bool:
    """Say whether a change may be made: every trade allowed, everything paid for, no cap broken.

    Args:
        problem, change: What to do.
        settled: What `settle` says of it, where that is known.
    """
    settled = settled or settle(problem, change)
    if problem.most_trades is not None and traffic(problem, change)[0] > problem.most_trades:
        return False
    return not settled.short and allowed(problem, change) and within_caps(problem, change, settled)


def within_caps(problem: Household, change: Change, settled: Settlement) -> bool:
    """Say whether no purchase breaks a cap."""
    for cap in problem.caps:
        if not cap.always and not any(change.steps[k] > problem.positions[k].held for k in cap.positions):
            continue
        worth = {
            k: 0 if change.sold_out[k] else position.price * change.steps[k] + position.odd
            for k, position in enumerate(problem.positions)
            if position.account == cap.account
        }
        counted = cap.counted + sum(worth[k] for k in cap.positions)
        total = cap.counted + cap.other + sum(worth.values()) + settled.money[cap.account]
        if counted > cap.fraction * total:
            return False
    return True


def cap_room(problem: Household, cap: Cap) -> int:
    """Return an upper limit of the ticks by which all that counts for a cap can grow, over any change.

    Where something that counts is bought, it is at most its fraction of the account, which is worth no more
    than before: trades only cost. Where nothing is bought it does not grow.
    """
    counted, total = _standing(problem, cap)
    room = floor(cap.fraction * total) - counted
    return room if cap.always else max(room, 0)


def _standing(problem: Household, cap: Cap) -> tuple[int, int]:
    """Return what counts for a cap before any trade, and what its account is worth."""
    account = [(k, s) for k, s in enumerate(problem.positions) if s.account == cap.account]
    held = {k: s.price * s.held + s.odd for k, s in account}
    counted = cap.counted + sum(held[k] for k in cap.positions)
    return counted, cap.counted + cap.other + sum(held.values()) + sum(problem.balances[cap.account])


def without_choice(problem: Household) -> list[Household]:
    """Return households whose caps always hold, and which together allow what this one does.

    A cap lets a change choose: buy nothing that counts, or stay under the fraction. Each choice is a
    household of its own. The first choice is left out where the second allows all of it: where the account
    is so far under the cap that no costs could bring it above.
    """
    open_ = next((n for n, cap in enumerate(problem.caps) if not cap.always), None)
    if open_ is None:
        return [problem]
    cap = problem.caps[open_]
    always = (*problem.caps[:open_], replace(cap, always=True), *problem.caps[open_ + 1 :])
    choices = without_choice(replace(problem, caps=always))
    counted, total = _standing(problem, cap)
    traded = 2 * total  # no position is sold for more than there is, and nothing else pays for purchases
    positions = sum(s.account == cap.account for s in problem.positions)
    costs = (problem.rate + problem.spread) * traded + problem.floor * positions
    if counted > cap.fraction * (total - costs):
        kept = tuple(
            replace(s, can_buy=s.can_buy and k not in cap.positions) for k, s in enumerate(problem.positions)
        )
        rest = (*problem.caps[:open_], *problem.caps[open_ + 1 :])
        choices = [*without_choice(replace(problem, positions=kept, caps=rest)), *choices]
    return choices


def values(problem: Household, change: Change) -> list[int | Fraction]:
    """Return the ticks that count for every goal over all accounts after a change; whole but for parts."""
    worth: list[int | Fraction] = [0] * len(problem.goals)
    for position, steps, sold in zip(problem.positions, change.steps, change.sold_out, strict=True):
        ticks = 0 if sold else position.price * steps + position.odd
        if position.parts:
            for goal, part in position.parts:
                worth[goal] += part * ticks
        else:
            worth[position.goal] += ticks
    return worth


def missed(problem: Household, change: Change, worth: Sequence[int | Fraction] | None = None) -> Fraction:
    """Return the objective a change reaches, exact.

    Args:
        problem, change: What is done.
        worth: Its `values`, where they are known.
    """
    total = _squares(problem, worth if worth is not None else values(problem, change))
    if problem.idle:
        money = sum(map(sum, problem.balances)) - problem.reserve
        total += problem.idle * (money - sum(problem.amount(*x) for x in _ends(problem, change)))
    return total


def _squares(problem: Household, worth: Sequence[int | Fraction]) -> Fraction:
    """Return the sum of all misses, in whole numbers where values are: fractions take long."""
    total, whole = ZERO, dict[int, int]()
    for value, goal in zip(worth, problem.goals, strict=True):
        if problem.power == 2 and goal.divisor == 1 and isinstance(value, int):
            bottom = goal.target.denominator
            away = value * bottom - goal.target.numerator
            whole[bottom] = whole.get(bottom, 0) + away * away
        else:
            total += problem.miss(goal, Fraction(value))
    return sum((Fraction(x, bottom * bottom) for bottom, x in whole.items()), total)


def _ends(problem: Household, change: Change) -> Iterator[tuple[Position, int, bool]]:
    return zip(problem.positions, change.steps, change.sold_out, strict=True)


def traffic(problem: Household, change: Change) -> tuple[int, int]:
    """Return the number of trades and the ticks traded."""
    amounts = [
        abs(problem.amount(position, steps, sold))
        for position, steps, sold in zip(problem.positions, change.steps, change.sold_out, strict=True)
    ]
    return sum(a > 0 for a in amounts), sum(amounts)


def unchanged(problem: Household) -> Change:
    """Return the change that trades nothing."""
    return Change(tuple(s.held for s in problem.positions), (False,) * len(problem.positions))


def most_raised(problem: Household) -> Change:
    """Return the change that sells whatever brings in more than its commission."""
    steps, sold = [], []
    for position in problem.positions:
        whole = position.price * position.held
        out = position.can_sell and position.odd > 0
        amount = whole + (position.odd if out else 0)
        sell = (
            position.can_sell and amount >= max(problem.min_trade, 1) and amount > problem.commission(amount)
        )
        steps.append(0 if sell else position.held)
        sold.append(bool(sell and out))
    return Change(tuple(steps), tuple(sold))


def by_goal(problem: Household) -> list[list[int]]:
    """Return the positions that count for every goal."""
    lists: list[list[int]] = [[] for _ in problem.goals]
    for index, position in enumerate(problem.positions):
        for goal, _ in position.counts:
            lists[goal].append(index)
    return lists


def affordable(problem: Household) -> list[int]:
    """Return by position an upper limit of the steps it can hold: all its account can raise, spent on it."""
    raised = [sum(row) for row in problem.balances]
    for position in problem.positions:
        if position.can_sell:
            raised[position.account] += position.price * position.held + position.odd
    most = []
    for position in problem.positions:
        money = raised[position.account]
        if position.can_sell:
            money -= position.price * position.held + position.odd
        most.append(position.held + (max(money // position.price, 0) if position.can_buy else 0))
    return most
