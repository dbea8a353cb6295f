"""What a plan is asked to reach, and what comes back: values that the ways of planning share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from steelyard.domain.money import ZERO
from steelyard.domain.objective import Objective
from steelyard.domain.trades import Conversion, Effort, Trade
from steelyard.records import dataclass, field

if TYPE_CHECKING:
    from steelyard.domain.books.lots import TaxLot
    from steelyard.domain.tax.planning import Formula


@dataclass(frozen=True, slots=True)
class LotTaxes:
    """How a plan looks at tax; all money in base currency.

    Attributes:
        lots: By (account, symbol): the lots held, in the order in which the account sells them.
        gains: Gain on one share of each of those lots at today's price, selling costs taken off.
        buckets: The bucket the gain of each of those lots falls into, None when it is not taxed.
        free_choice: (account, symbol) pairs whose owner chooses the lots.
        taxes: What further gains add to the year's tax.
        max_tax, max_gain: Limits on what the plan may cause and realise.
        wash_groups: Symbol to group; a plan does not buy in a group of which it sells something at a loss.
            None where that is allowed.
        left_out: (account, symbol) to what `taxes` does not know of its sale, for people.
    """

    lots: Mapping[tuple[str, str], tuple[TaxLot, ...]]
    gains: Mapping[tuple[str, str], tuple[Decimal, ...]]
    buckets: Mapping[tuple[str, str], tuple[str | None, ...]]
    free_choice: frozenset[tuple[str, str]]
    taxes: tuple[Formula, ...]
    max_tax: Decimal | None = None
    max_gain: Decimal | None = None
    wash_groups: Mapping[str, str] | None = None
    left_out: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What the planner is asked to reach.

    Attributes:
        objective: What is minimised.
        targets: Symbol to wanted fraction of the managed value: the destination of the trades.
        cash_flow: New money (+) or money taken out (-), base currency.
        flow_account: Name of the account the money goes to or comes from.
        can_buy, can_sell: Whether the plan may trade that way at all.
        fractional: Whole shares are not required.
        tax: What sales cost in tax, None when that is not known.
        accept_drift: How much further from target than the nearest plan is near enough, fraction of the
            managed value (contract section 3b); 0 asks for the nearest.
        relocate: Selling a target in one account to buy it in another is no matter.
        blocked: Symbols that are not bought, in any account, with why.
        taxed_sales: (account, symbol) pairs whose sale is taxed, where others are sheltered and what was paid
            is not known.
        sells_in: The only accounts in which anything is sold; None for all.
        buys_in: The only accounts in which anything is bought; None for all.
        sells: The only symbols that are sold; None for all.
        gated: Nothing is traded because no rebalance is due.
    """

    objective: Objective
    targets: Mapping[str, Decimal]
    cash_flow: Decimal
    flow_account: str
    can_buy: bool = True
    can_sell: bool = True
    fractional: bool = False
    tax: LotTaxes | None = None
    accept_drift: Decimal = ZERO
    relocate: bool = False
    blocked: Mapping[str, str] = field(default_factory=dict)
    taxed_sales: frozenset[tuple[str, str]] = frozenset()
    sells_in: frozenset[str] | None = None
    buys_in: frozenset[str] | None = None
    sells: frozenset[str] | None = None
    gated: bool = False

    def may_buy(self, account: str) -> bool:
        """Say whether anything may be bought in an account."""
        return self.can_buy and (self.buys_in is None or account in self.buys_in)

    def may_sell(self, account: str, symbol: str) -> bool:
        """Say whether an instrument may be sold in an account."""
        return (
            self.can_sell
            and (self.sells_in is None or account in self.sells_in)
            and (self.sells is None or symbol in self.sells)
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Trades with the objective they reach, in base currency (squared where the objective is).

    Attributes:
        trades, conversions: What to do.
        value: The objective reached.
        bound: A lower bound of any plan's objective.
        proven: No plan is nearer than the nearest one.
        note: Why not.
        sold: By (account, symbol) how many shares each lot gives, where the plan chose them.
        nearest: The objective of the nearest plan; None where it is the plan itself.
        nearest_trades: What the nearest plan would trade, where that is another one.
        nearest_tax, nearest_costs: What it would cost, base currency.
        nearest_square, square: Sum of the squared misses of it and of the plan, base currency squared.
        managed: What the plan was made for, base currency.
        effort: Tax and costs of the plan with their bound, None where they decided nothing.
    """

    trades: tuple[Trade, ...]
    conversions: tuple[Conversion, ...]
    value: Decimal
    bound: Decimal
    proven: bool
    note: str = ""
    sold: Mapping[tuple[str, str], tuple[Decimal, ...]] = field(default_factory=dict)
    nearest: Decimal | None = None
    nearest_trades: tuple[Trade, ...] = ()
    nearest_tax: Decimal = ZERO
    nearest_costs: Decimal = ZERO
    nearest_square: Decimal = ZERO
    square: Decimal = ZERO
    managed: Decimal = ZERO
    effort: Effort | None = None


class NotEnoughMoney(Exception):
    """No allowed plan exists; `amount` (base currency) is missing even after every allowed sale.

    `accounts` names the accounts that cannot pay for themselves, when there are several.
    """

    def __init__(self, amount: Decimal, accounts: tuple[str, ...] = ()) -> None:
        super().__init__(str(amount))
        self.amount = amount
        self.accounts = accounts
