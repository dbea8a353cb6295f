"""A portfolio as its owner wrote it, and what it is worth.

`Portfolio` is what a file says, once every problem is out of it; `value` turns it into a
`Valuation`, the one thing that drift, policies and plans are computed from. An instrument that
is held but has no target is unmanaged: valued, listed, never traded and not part of the total.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from steelyard.domain.accounts import UNRESTRICTED, AccountKind, CostMethod, HoldingRules, Household, Keeper
from steelyard.domain.costs import Costs
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.policy.goals import AssetClass, Goal, goals
from steelyard.domain.policy.policies import Policy
from steelyard.errors import InputError
from steelyard.records import dataclass, field, replace
from steelyard.words import say


def home_zone(base_currency: str) -> str:
    """Return the IANA zone of the market that a portfolio in a currency lives by."""
    return "Asia/Seoul" if base_currency == "KRW" else "America/New_York"


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares bought together.

    Attributes:
        bought: Trade date of the purchase.
        shares: Shares left of it, > 0.
        unit_cost: Cost of one share in `currency`, >= 0.
        currency: Currency of the cost.
        fx: Units of base currency for one unit of `currency` at the purchase, None when unknown.
    """

    bought: date
    shares: Decimal
    unit_cost: Decimal
    currency: str
    fx: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Shares of one instrument in one account, with their lots when the file gives them.

    `worth` is the value in base currency where the owner stated it. Shares derived from a value
    are a rounded quotient; the stated value is what weights and bands are computed from.
    """

    symbol: str
    shares: Decimal
    lots: tuple[Lot, ...] = ()
    worth: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One account: who may hold what for which tax treatment, and the cash in it.

    Attributes:
        name: Unique within the portfolio.
        kind: See `AccountKind`.
        cash: Currency to amount; several currencies may lie side by side.
        positions: At most one per symbol.
        cost_method: By tax class (`""` for all of them): fifo | lifo | hifo | average | specific | least_tax.
        owner: Whose tax its sales are; `me` is `[tax]`.
        menu: Only these may be bought in it; None for no such limit.
        locked: Symbols never traded in it.
        fractional: Shares of anything may be divided in it.
        prefer: Targets that are held here first, where nothing else decides.
        kept: file | journal: who says what is held here; None where its owner has not said.
        rules: What the law lets accounts of its kind hold.
    """

    name: str
    kind: AccountKind
    cash: Mapping[str, Decimal]
    positions: tuple[Position, ...]
    cost_method: Mapping[str, CostMethod] = field(default_factory=dict)
    owner: str = "me"
    menu: frozenset[str] | None = None
    locked: frozenset[str] = frozenset()
    fractional: bool = False
    prefer: tuple[str, ...] = ()
    kept: Keeper | None = None
    rules: HoldingRules = UNRESTRICTED

    @property
    def holds(self) -> bool:
        """Whether there is anything in it."""
        return any(p.shares for p in self.positions) or any(self.cash.values())

    def __hash__(self) -> int:
        return _hash(self)


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of one share, > 0, in the currency it was given in.

    `by_value` marks an instrument whose worth is known but not its price: one "share" is then one
    unit of base currency, which serves every calculation but a whole-share plan. `priced_on` is the day
    the price is of, None where nobody said, and `source` who fetched it, empty where the file states it.
    A fetched price older than `max_age_days` is good enough to look at, never to plan on.
    """

    price: Decimal
    currency: str
    by_value: bool = False
    priced_on: date | None = None
    source: str = ""
    max_age_days: int = 7

    def is_stale(self, as_of: date) -> bool:
        """Say whether it was fetched and is older than it may be; exactly as old is not."""
        fetched = self.source and self.priced_on is not None
        return bool(fetched) and (as_of - self.priced_on).days > self.max_age_days  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a plan must respect.

    Attributes:
        fractional: Every instrument may be traded in fractions of a share.
        min_trade: No trade smaller than this, base currency.
        reserve_amount: Cash never spent, base currency.
        reserve_weight: The same as a fraction of the value of targets plus cash; only one is non-zero.
        locked: Symbols never traded.
        accept_drift: How much further from target than the nearest plan is near enough, fraction of the
            managed value; None for the default of contract section 3b.
        max_trades: Most trades of one plan, None for no limit.
    """

    fractional: bool = False
    min_trade: Decimal = ZERO
    reserve_amount: Decimal = ZERO
    reserve_weight: Decimal = ZERO
    locked: frozenset[str] = frozenset()
    accept_drift: Decimal | None = None
    max_trades: int | None = None


@dataclass(frozen=True, slots=True)
class Tax:
    """Where and how the owner is taxed.

    Attributes:
        jurisdiction: The country.
        settings: The country's own keys, as written; they hold for every year.
        by_year: Year to keys that hold for it alone, in place of the general ones.
        household: joint (one return with the person of [tax]) | separate | other: not a spouse, so that
            what this person buys undoes no loss of the others.
    """

    jurisdiction: str
    settings: Mapping[str, object] = field(default_factory=dict)
    by_year: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    household: Household = "separate"

    def __hash__(self) -> int:
        return _hash(self)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A portfolio file without problems.

    Attributes:
        base_currency: The currency everything is valued in.
        targets: Symbol or class to weight, in the order of the file, summing to exactly 1.
        accounts: At least one.
        quotes: For every symbol that is targeted or held.
        fx: Foreign currency to units of base currency for one unit of it; the base itself is absent.
        instruments: For every symbol that is targeted or held.
        policy, constraints, costs, tax: The owner's settings.
        owners: Persons besides the one of [tax], by the name that accounts call them.
        source: What it was read from, as its owner named it: for messages, and never to find anything.
        classes: What `[targets]` may name besides symbols.
        exposures: Symbol to class to fraction, of funds that count in parts.
        fx_quotes: Foreign currency to the rate of `fx` with its day and source.
        timezone: IANA name of the zone whose day is today, empty for that of its market.
        language: What its owner reads (`ko`), None where the file does not say.
    """

    base_currency: str
    targets: Mapping[str, Decimal]
    accounts: tuple[Account, ...]
    quotes: Mapping[str, Quote]
    fx: Mapping[str, Decimal]
    instruments: Mapping[str, Instrument]
    policy: Policy
    constraints: Constraints = Constraints()
    costs: Costs = Costs()
    tax: Tax | None = None
    owners: Mapping[str, Tax] = field(default_factory=dict)
    source: str = "portfolio.toml"
    language: str | None = None
    classes: Mapping[str, AssetClass] = field(default_factory=dict)
    exposures: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    fx_quotes: Mapping[str, Quote] = field(default_factory=dict)
    timezone: str = ""
    _goals: list[tuple[Goal, ...]] = field(default_factory=list, init=False, repr=False, compare=False)

    def tax_of(self, owner: str) -> Tax | None:
        """Return where and how a person is taxed, None where the file has no [tax]."""
        return self.owners.get(owner, self.tax)

    def tax_in(self, account: str) -> Tax | None:
        """Return how the owner of an account is taxed; one that the file does not have is `me`'s."""
        return self.tax_of(next((a.owner for a in self.accounts if a.name == account), "me"))

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The targets with what counts for each, in the order of the file."""
        # A plan asks some forty times, and the answer follows from three fields that never change.
        if not self._goals:
            self._goals.append(goals(self.targets, self.classes, self.exposures))
        return self._goals[0]

    @property
    def counted(self) -> tuple[str, ...]:
        """Every symbol that counts for some target, in the order of the goals and their parts."""
        return tuple(dict.fromkeys(s for goal in self.goals for s in goal.parts))

    def __hash__(self) -> int:
        return _hash(self)

    @property
    def zone(self) -> str:
        """IANA name of the zone whose day is today: as its owner said, else that of its market."""
        return self.timezone or home_zone(self.base_currency)

    def rate(self, currency: str) -> Decimal:
        """Units of base currency for one unit of `currency`."""
        return ONE if currency == self.base_currency else self.fx[currency]

    def known_rate(self, currency: str) -> Decimal:
        """Return the rate of a currency that somebody names.

        Raises:
            InputError: The portfolio has none (`fx-missing`).
        """
        if currency != self.base_currency and currency not in self.fx:
            raise InputError(
                "fx-missing",
                say("no exchange rate for {currency}", currency=currency),
                say('add under [fx]: {currency}{base} = "..."', currency=currency, base=self.base_currency),
            )
        return self.rate(currency)

    def position_value(self, position: Position) -> Decimal:
        """Worth of one position in base currency: as stated, else shares times price, exact."""
        if position.worth is not None:
            return position.worth
        return EXACT.multiply(position.shares, self.base_price(position.symbol)) if position.shares else ZERO

    def base_price(self, symbol: str) -> Decimal:
        """Price of one share in base currency, exact."""
        quote = self.quotes[symbol]
        return EXACT.multiply(quote.price, self.rate(quote.currency))


def _hash(record: Account | Tax | Portfolio) -> int:
    """Return the hash of a record with tables in it: two that are equal list theirs in any order."""
    return hash(tuple(_unordered(getattr(record, name)) for name in record.__match_args__))


def _unordered(value: object) -> object:
    if isinstance(value, Mapping):
        return frozenset((key, _unordered(part)) for key, part in value.items())
    return tuple(map(_unordered, value)) if isinstance(value, list | tuple) else value


def by_first_fund(portfolio: Portfolio) -> tuple[Portfolio, dict[str, str]]:
    """Return a portfolio in which the first fund to buy stands for each class; and which for which."""
    stands = {g.name: g.buy[0] for g in portfolio.goals if g.is_class and g.buy}
    if not stands:
        return portfolio, {}
    targets = {stands.get(name, name): weight for name, weight in portfolio.targets.items()}
    own = tuple(replace(b, name=stands.get(b.name, b.name)) for b in portfolio.policy.own_bands)
    policy = replace(portfolio.policy, own_bands=own)
    return replace(portfolio, targets=targets, classes={}, exposures={}, policy=policy), stands


@dataclass(frozen=True, slots=True)
class Holding:
    """All accounts' shares of one instrument, and their value in base currency."""

    symbol: str
    shares: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Valuation:
    """What a portfolio is worth, in base currency.

    Attributes:
        holdings: One per instrument that counts for a target, in the order of the targets and their members,
            zero shares included.
        unmanaged: Held without a target; not part of any total.
        cash: All cash of all accounts.
        reserve: Cash that is never spent (at most what the reserve asks for, also when cash is short of it).
        managed: Value of the targeted instruments plus cash less the reserve: what weights refer to.
    """

    holdings: tuple[Holding, ...]
    unmanaged: tuple[Holding, ...]
    cash: Decimal
    reserve: Decimal
    managed: Decimal

    @property
    def total(self) -> Decimal:
        """Targeted instruments plus all cash, reserve included."""
        return EXACT.add(self.managed, self.reserve)


def need_accounts(portfolio: Portfolio) -> None:
    """Refuse a portfolio that was read for its targets and policy alone.

    Raises:
        InputError: It has no accounts (`no-accounts`).
    """
    if not portfolio.accounts:
        raise InputError(
            "no-accounts",
            say("there are no accounts in {source}", source=portfolio.source),
            say("add [[accounts]] with what is held, and load it without need_accounts=False"),
        )


def value(portfolio: Portfolio, *, cash_flow: Decimal = ZERO) -> Valuation:
    """Value every holding and all cash in base currency.

    Args:
        portfolio: Without problems.
        cash_flow: New money (or, negative, money taken out) to count as cash already, base currency.

    Returns:
        The valuation. A reserve given as a weight is that fraction of targets plus cash.
    """
    counted = portfolio.counted
    shares: dict[str, Decimal] = dict.fromkeys(counted, ZERO)
    worth: dict[str, Decimal] = dict(shares)
    for account in portfolio.accounts:
        for position in account.positions:
            symbol = position.symbol
            shares[symbol] = EXACT.add(shares.get(symbol, ZERO), position.shares)
            worth[symbol] = EXACT.add(worth.get(symbol, ZERO), portfolio.position_value(position))
    holdings = [Holding(symbol, held, worth[symbol]) for symbol, held in shares.items()]
    cash = cash_flow
    for account in portfolio.accounts:
        for currency, amount in account.cash.items():
            cash = EXACT.add(cash, EXACT.multiply(amount, portfolio.rate(currency)) if amount else ZERO)
    managed = tuple(h for h in holdings if h.symbol in counted)
    gross = exact_sum((h.value for h in managed), cash)
    limits = portfolio.constraints
    reserve = limits.reserve_amount or EXACT.multiply(limits.reserve_weight, gross)
    return Valuation(
        holdings=managed,
        unmanaged=tuple(h for h in holdings if h.symbol not in counted),
        cash=cash,
        reserve=reserve,
        managed=EXACT.subtract(gross, reserve),
    )
