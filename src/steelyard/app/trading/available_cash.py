"""What may be spent while a plan is carried out: our own books, and never more than the broker says.

A broker may be late to credit a sale, or lie about buying power. So money counts twice, by what the plan
counted on and its orders brought, and by the last statement, and the smaller of the two is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.trading.brokerage import FX, Statement
from steelyard.domain.trading.orders import Order
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.domain.trading.sizing import foreign, own_money, unheard

_CREDITED = Decimal("0.99")


class AvailableCash:
    """The money of one run; orders and statements are read each time, as they are then."""

    def __init__(
        self,
        plan: SavedPlan,
        orders: Mapping[str, Order],
        statements: Mapping[str, Statement],
        *,
        settled_only: bool,
    ) -> None:
        """Look after the money of a plan.

        Args:
            plan: Being carried out.
            orders: Of the plan, by id.
            statements: The last one of each account's broker.
            settled_only: Buy with settled money only.
        """
        self._plan, self._orders, self._statements = plan, orders, statements
        self._settled_only = settled_only

    def own(self, account: str, currency: str) -> Decimal:
        """Return what is free by our own books."""
        return own_money(self._plan, self._orders.values(), account, currency)

    def told(self, account: str, currency: str) -> Decimal:
        """Return what the broker lets one spend."""
        balance = self._statements[account].balance(currency)
        return min(balance.settled, balance.buying_power) if self._settled_only else balance.buying_power

    def free(self, account: str, currency: str) -> Decimal:
        """Return what our own books say, or less when the broker says less."""
        waits = unheard(self._plan, self._orders.values(), account, currency)
        return min(self.own(account, currency), EXACT.subtract(self.told(account, currency), waits))

    def in_base(self) -> Decimal:
        """Return all money by our own books, base currency at the plan's rates."""
        total = ZERO
        for account, balances in self._plan.cash.items():
            mine = [o for o in self._orders.values() if o.account == account]
            used = {o.currency for o in mine} | {foreign(o) for o in mine} - {""}
            for currency in {*balances, *used}:
                worth = EXACT.multiply(self.own(account, currency), self._plan.fx[currency])
                total = EXACT.add(total, worth)
        return total

    def is_late(self, order: Order) -> bool:
        """Say whether the broker has not credited yet what our books have: it is waited for.

        A difference of up to a hundredth is fees and rounding, not lateness.
        """
        own = self.own(order.account, order.currency)
        return self.free(order.account, order.currency) < EXACT.multiply(own, _CREDITED)

    def room(self, order: Order) -> Decimal:
        """Return the money for one purchase: what its account has free, less what keeps the reserve whole."""
        free = self.free(order.account, order.currency)
        if order.exchange == FX:
            return free  # money that is changed stays money; the reserve is looked at in base currency
        above = EXACT.subtract(self.in_base(), self._plan.reserve)
        return min(free, EXACT.divide(above, self._plan.fx[order.currency]))

    def sellable(self) -> dict[tuple[str, str], Decimal]:
        """Return shares free at the broker and foreign money to be changed, by account and symbol."""
        held = {(a, h.symbol): h.free for a, s in self._statements.items() for h in s.holdings}
        for t in self._plan.conversions:
            held[t.account, t.symbol] = self.free(t.account, t.symbol[:3])
        return held
