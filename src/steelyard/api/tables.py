"""The tables of a portfolio as Python values: the keys of the portfolio file, with the same meaning.

Numbers are an int, a Decimal or text and read exactly; a float is refused. Fractions take `Decimal("0.3")`
or `"30%"`; amounts take `500000` (base currency; of a price the quote currency) or `"500 USD"`. None stands
for what is left out. `docs/reference/portfolio-file.md` says what each key means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol, TypedDict

from steelyard.domain.accounts import AccountKind, CostMethod, Keeper
from steelyard.domain.books.ledger import EntryKind
from steelyard.domain.objective import ObjectiveName
from steelyard.domain.policy.looks import Look, LookAt
from steelyard.domain.policy.policies import Destination, PolicyKind
from steelyard.domain.trades import Sell

Number = int | str | Decimal

Method = Literal["shortfall", "absolute", "relative"]
Jurisdiction = Literal["KR", "US", "JP"]


class LotTable(TypedDict, total=False):
    """Shares bought together; `bought`, `shares` and `unit_cost` are needed."""

    bought: date | str
    shares: Number
    unit_cost: Number
    fx: Number
    currency: str


class PositionTable(TypedDict, total=False):
    """Shares of one instrument; `symbol` is needed, and `shares` or `value`."""

    symbol: str
    shares: Number
    value: Number
    price: Number
    priced_on: date | str
    lots: Sequence[LotTable]


class ArrowStream(Protocol):
    """A frame whose columns go by the Arrow C stream: pandas, Polars, pyarrow, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return its columns for another library."""
        ...


class AccountTable(TypedDict, total=False):
    """One account; `name` is needed."""

    name: str
    kind: AccountKind
    owner: str
    kept: Keeper
    cost_method: CostMethod | Mapping[str, CostMethod]
    cash: Mapping[str, Number]
    menu: Sequence[str]
    locked: Sequence[str]
    fractional: bool
    prefer: Sequence[str]
    positions: Sequence[PositionTable] | ArrowStream


class ClassTable(TypedDict, total=False):
    """A class that several funds meet; `members` is needed."""

    members: Sequence[str]
    buy: Sequence[str]


class BandTable(TypedDict, total=False):
    """A band of its own for one target, in place of the policy's; one of both is needed."""

    threshold: Number
    relative_threshold: Number


class PolicyTable(TypedDict, total=False):
    """When to rebalance and where to."""

    kind: PolicyKind
    look: Look
    look_at: LookAt
    threshold: Number
    relative_threshold: Number
    max_interval_days: int
    cooldown_days: int
    destination: Destination
    last_rebalance: date | str


class ConstraintsTable(TypedDict, total=False):
    """What a plan must respect."""

    fractional: bool
    min_trade: Number
    cash_reserve: Number
    locked: Collection[str]
    accept_drift: Number
    max_trades: int


class CostsTable(TypedDict, total=False):
    """What trading costs; `commission` and `fx_spread` are fractions, `min_commission` an amount."""

    commission: Number
    min_commission: Number
    fx_spread: Number


class InstrumentTable(TypedDict, total=False):
    """What is added to the catalogue, or stands in place of what it says."""

    currency: str
    fractional: bool
    exchange: Literal["XKRX", "XNYS"]
    asset_class: str
    tax_class: Literal["krx_domestic_equity", "krx_other", "overseas_listed", "krx_taxable_shares"]
    us_class: Literal["security", "collectible"]
    name: str
    price: Number
    replacement_group: str
    us_ptp: bool
    exposure: Mapping[str, Number]


class EntryFields(TypedDict, total=False):
    """One entry of the journal; `type` is needed, and what that type asks for."""

    date: date | str
    account: str
    type: EntryKind
    symbol: str
    shares: Number
    price: Number
    currency: str
    fees: Number
    fx_rate: Number
    tax_base_price: Number
    lot: date | str
    note: str
    ex_date: date | str
    gift_value: Number
    gift_tax: Number
    order_id: str
    other: str
    part: str
    to: str
    foreign_tax: Number
    foreign_rate: Number | str


class Tables(TypedDict, total=False):
    """The tables of a portfolio file besides targets and accounts; `tax` has `jurisdiction` and more."""

    classes: Mapping[str, ClassTable]
    bands: Mapping[str, BandTable]
    policy: PolicyTable
    constraints: ConstraintsTable
    costs: CostsTable
    fx: Mapping[str, Number]
    tax: Mapping[str, object]
    owners: Mapping[str, Mapping[str, object]]
    instruments: Mapping[str, InstrumentTable]
    prices: Mapping[str, Number]
    priced_on: date | str
    language: str | None


class PlanOptions(TypedDict, total=False):
    """What `plan` may be asked besides the portfolio; see there."""

    cash: Number
    as_of: date | None
    account: str | None
    can_buy: bool
    can_sell: bool
    sell: Sell
    fractional: bool
    objective: ObjectiveName
    policy_gate: bool
    max_tax: Number | None
    max_gain: Number | None
    accept_drift: Number | None
    harvest: bool
    save_tax: bool
    relocate: bool
    allow_wash_sales: bool
    over_limit: bool
    stale_ok: bool


class LabOptions(TypedDict, total=False):
    """What a backtest of a portfolio may be asked besides prices and policies.

    Attributes:
        initial: Money on the first session, base currency, > 0; unless given what the portfolio is worth, or
            100,000,000 won or 100,000 of another currency where it holds nothing.
        monthly, flow: Paid in every month, or an amount in another rhythm, `(-3000, "quarterly")`.
        deposits_wait: Deposits wait for the next rebalance.
        cash_rate, risk_free: A year, what cash earns and what ratios compare with.
        base_prices: All prices are in base currency already.
        whole: Trade whole shares, planned by the exact search of `plan`.
        before_tax: Leave [tax] out.
        harvest_gains: Realise gains up to Korea's yearly allowance.
        distributions: What a share paid out on its ex-dates; see `backtest`.
        start, end: First and last date to use.
        tranches: Also let each policy look on every day of its period, alone and in so many tranches.
        stages: Called before something long with what it is and how many steps it has; what it returns is
            called with how many are done.
    """

    initial: Number | None
    monthly: Number
    flow: tuple[Number, str] | None
    deposits_wait: bool
    cash_rate: Number
    risk_free: Number
    base_prices: bool
    whole: bool
    before_tax: bool
    harvest_gains: bool
    distributions: Any
    start: date | None
    end: date | None
    tranches: int | None
    stages: Callable[[str, int], Callable[[int], None] | None]


class AdviceOptions(TypedDict, total=False):
    """What advice on bands and deposits is told besides the portfolio.

    Attributes:
        value: Of the portfolio, base currency; that of the accounts unless given.
        aversion: Relative risk aversion; 4 unless given, 1 is log utility.
        volatility: Of one fund's return less another's, a year; in place of past prices.
        look: How often one looks: daily unless given.
        move_cost: Cost of a unit of money moved from one fund to another, in place of the file's commission.
        spread: Between bid and ask, part of the price. fixed: Cost of a rebalance besides, base currency.
        deposits: Paid in a year, base currency.
        gain: Part of the value that is unrealised gain; that of the file's lots unless given.
        whole: Whole shares; what the file says unless given.
        before_tax: Leave [tax] out.
        base_prices: All prices are in base currency already.
    """

    value: Number | None
    aversion: Number
    volatility: Number | None
    look: str
    move_cost: Number | None
    spread: Number
    fixed: Number
    deposits: Number
    gain: Number | None
    whole: bool | None
    before_tax: bool
    base_prices: bool
