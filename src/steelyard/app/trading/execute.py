"""Use case: carry a saved plan out, exactly once, whatever happens in between.

One idea keeps it safe: an order is written down as sent before the broker hears of it, and an order that
was once sent is never sent again. Whoever comes back after a crash or a time-out asks; "not seen" leaves the
order unknown, its money set aside, until the broker reports it or its day is long over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from steelyard.app.trading.free_money import FreeMoney
from steelyard.app.trading.market import Market
from steelyard.app.trading.order_reports import Desk
from steelyard.domain.money import EXACT, ONE, ZERO, plain
from steelyard.domain.trading.brokerage import FX, Statement
from steelyard.domain.trading.conversions import by_hand
from steelyard.domain.trading.execution import Terms
from steelyard.domain.trading.guardrails import Refusal, Situation, inspect
from steelyard.domain.trading.orders import CANCELLED, PLANNED, SENT, UNKNOWN, Order, changed_by_hand, move
from steelyard.domain.trading.plan_checks import (
    moved_positions,
    moved_prices,
    need_exchange_currency,
    too_old,
)
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.domain.trading.sizing import fee, fit, foreign, orders_of
from steelyard.errors import InputError, OrderNotTaken, ServiceError
from steelyard.words import say

WASH_SALE_DAYS = 30
# Judged again, one by one, when it is an order's turn: before the sales have filled nobody can know.
_LATER = ("cash-floor",)
_MONEY_LATER = (*_LATER, "max-position-sold")


@dataclass(frozen=True, slots=True)
class Execution:
    """What happened, or would happen.

    Attributes:
        plan: The plan.
        live: Orders were really sent.
        outcome: `dry-run`, `refused`, `done`, or `waiting` (call again to go on).
        orders: As they are now.
        refusals: Why not, by plan (order_id empty) or by order.
        left_to: What a person has to do before it goes on, by account in the plan's order.
    """

    plan: SavedPlan
    live: bool
    outcome: str
    orders: tuple[Order, ...]
    refusals: tuple[Refusal, ...] = ()
    left_to: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `execute --json` (`steelyard/execution/1`)."""
        return {
            "schema": "steelyard/execution/1",
            "plan": self.plan.id,
            "live": self.live,
            "outcome": self.outcome,
            "orders": [order.to_dict() for order in self.orders],
            "refusals": [refusal.to_dict() for refusal in self.refusals],
            "left_to": [{"account": account, "do": what} for account, what in self.left_to.items()],
        }


def execute(
    desk: Desk,
    plan: SavedPlan,
    market: Market,
    terms: Terms,
    *,
    live: bool,
    who: str,
    unattended: bool = False,
) -> Execution:
    """Carry a saved plan out, or say what would be sent.

    Nothing is written or sent without `live`. With it, sales go first; each purchase is sent when the
    money is there, smaller when that is all the money there will be. Called again, it goes on where it
    stopped. An order that a guardrail holds back stays planned. What a person settles by hand is not waited
    for: that may take until tomorrow.

    Args:
        desk: Book, brokers and clock.
        plan: As the book has it.
        market: Prices of now.
        terms: The owner's.
        live: Send.
        who: Who approves by calling.
        unattended: Nobody is looking: needs an arming that covers the plan.

    Raises:
        PlanError: Another plan is being carried out, or a trade is not priced as its exchange trades.
        InputError: An account has no broker.
        ServiceError: A broker cannot be reached before anything was sent.
    """
    for account in plan.accounts:
        if account not in desk.brokers:
            raise InputError(
                "no-broker",
                say("account {account} has no broker", account=account),
                say("name one for {account}", account=account),
            )
    as_quoted = frozenset(a for a in plan.accounts if desk.brokers[a].trades_as_quoted)
    need_exchange_currency(plan, apart_from=as_quoted)
    run = _Run(desk, plan, market, terms, who, unattended)
    if not live:
        return run.rehearse()
    with desk.book.sole_run():
        return run.perform()


class _Run:
    """One call of `execute`: the plan, the orders as the book has them, and what brokers said last."""

    def __init__(
        self, desk: Desk, plan: SavedPlan, market: Market, terms: Terms, who: str, unattended: bool
    ) -> None:
        self.desk, self.plan, self.market, self.terms = desk, plan, market, terms
        self.who, self.unattended = who, unattended
        self.id = plan.id
        self.orders: dict[str, Order] = {}
        self.statements: dict[str, Statement] = {}
        self.money = FreeMoney(plan, self.orders, self.statements, settled_only=terms.settled_only)
        self.opened: frozenset[str] = frozenset()
        self.others: frozenset[tuple[str, str]] = frozenset()
        self.tries: dict[str, int] = {}
        self.held: dict[str, tuple[Refusal, ...]] = {}

    def rehearse(self) -> Execution:
        """Say what would be sent, and what would stop it."""
        self._load()
        self._look()
        refusals = [*self._plan_refusals()]
        approved = {self.id: frozenset({self.who}) | self.desk.book.approvals(self.id)}
        refusals += self._order_refusals(approved)
        return Execution(self.plan, False, "dry-run", tuple(self.orders.values()), tuple(refusals))

    def perform(self) -> Execution:
        """Do it."""
        self._load()
        book, now = self.desk.book, self.desk.clock.now
        resumed = self._started()
        self._hear()
        self._look()
        if resumed and too_old(self.plan, now(), self.terms.max_plan_age_hours):
            self._drop(say("the plan is too old to begin more of it"))
        refusals = list(self._plan_refusals())
        approved = {self.id: frozenset({self.who}) | book.approvals(self.id)}
        if not resumed:
            refusals += self._order_refusals(approved)
        if refusals:
            body = {"refusals": [{"rule": r.rule, "symbol": r.symbol, "text": r.text} for r in refusals]}
            book.record("refused", self.id, body, now())
            return Execution(self.plan, True, "refused", tuple(self.orders.values()), tuple(refusals))
        if not resumed:
            self._begin()
        self._carry_out()
        return self._conclude()

    def _started(self) -> bool:
        return any(o.state != PLANNED for o in self.orders.values())

    def _drop(self, why: str) -> None:
        for order in self._planned():
            self._write(move(order, CANCELLED, why), "cancelled", {})

    # -- what is known ------------------------------------------------------------------------------

    def _load(self) -> None:
        kept = {o.id: o for o in self.desk.book.orders(self.id)}
        derived = orders_of(self.plan, self.terms.limit_distance)
        self.orders.update({o.id: kept.get(o.id, o) for o in derived})

    def _look(self) -> None:
        """Ask every broker for its statement, open orders and hours. Raises when one does not answer."""
        others: set[tuple[str, str]] = set()
        opened: set[str] = set()
        mine = {o.id for o in self.orders.values()} | {o.broker_id for o in self.orders.values()} - {""}
        for account in self.plan.accounts:
            broker = self.desk.brokers[account]
            self.statements[account] = broker.statement()
            for order in broker.open_orders():
                if order.order_id not in mine and order.broker_id not in mine:
                    others.add((account, order.symbol))
            wanted = {o.exchange for o in self.orders.values() if o.account == account}
            wanted -= set() if self._converts(account) else {FX}
            opened |= {e for e in sorted(wanted) if broker.is_open(e)}
        self.opened, self.others = frozenset(opened), frozenset(others)

    def _plan_refusals(self) -> list[Refusal]:
        """What stands against the plan as a whole."""
        terms, now = self.terms, self.desk.clock.now()
        found: list[Refusal] = []
        if not self._started():  # What was begun is finished: half a plan is no safer than a whole one.
            found += [*self.market.doubts, *too_old(self.plan, now, terms.max_plan_age_hours)]
        found += moved_positions(self.plan, self.orders.values(), self.statements)
        if self._planned():
            found += moved_prices(self.plan, self.market.prices, terms.max_price_move)
        if why := self.desk.book.halted():
            text, hint = say("everything is halted: {why}", why=why), say("run `steelyard resume`")
            found.append(self._refusal("halted", text, hint))
        if self.id in self.desk.book.finished():
            text = say("this plan was carried out already")
            hint = say("run `steelyard sync`, bring the file up to date and save a new plan")
            found.append(self._refusal("duplicate-plan", text, hint))
        if any(o.is_out and o.plan_id != self.id for o in self.desk.book.orders()):
            text, hint = say("another plan still has orders out"), say("run `steelyard orders` and finish it")
            found.append(self._refusal("another-plan", text, hint))
        if self.unattended:
            arming = self.desk.book.arming()
            need = ZERO if self._started() else self.plan.turnover
            if arming is None or not arming.covers(need, now.date()):
                text = say("unattended execution is not armed for this amount and day")
                hint = say("run `steelyard arm --until DATE --max-amount AMOUNT`")
                found.append(self._refusal("not-armed", text, hint))
        return found

    def _order_refusals(self, approved: Mapping[str, frozenset[str]]) -> list[Refusal]:
        """What stands against each order that the broker, not its owner, carries out.

        For what is limited by the day the orders before it count as sent: nothing is begun that the
        limits would stop half-way.
        """
        found: list[Refusal] = []
        before = ZERO
        for order in self._planned():
            if order.exchange == FX and not self._converts(order.account):
                continue
            skip = _MONEY_LATER if order.exchange == FX else _LATER
            situation = self._situation(order, approved, before)
            found += inspect(order, situation, self.terms.limits, skip=skip)
            if order.exchange != FX:
                rate = self.plan.fx[order.currency]
                before = EXACT.add(before, EXACT.multiply(self._amount(order), rate))
        return found

    def _refusal(self, rule: str, text: str, hint: str, symbol: str = "") -> Refusal:
        return Refusal(rule, "", symbol, text, hint)

    def _situation(
        self, order: Order, approved: Mapping[str, frozenset[str]], before: Decimal = ZERO
    ) -> Situation:
        book, now = self.desk.book, self.desk.clock.now()
        return Situation(
            at=now,
            plan_id=self.id,
            positions_at=min(s.at for s in self.statements.values()),
            halted=book.halted(),
            approved=approved,
            done=book.finished(),
            turnover=self.plan.turnover,
            prices=self.market.prices,
            second_prices=self.market.second,
            targets=frozenset(self.plan.targets),
            open_exchanges=self.opened,
            others=self.others,
            held=self.money.sellable(),
            rates=self.plan.fx,
            sent_today=EXACT.add(self._sent_on(now.date()), before),
            value=self.plan.value,
            spendable={(order.account, order.currency): self.money.free(order.account, order.currency)},
            cash=self.money.in_base(),
            reserve=self.plan.reserve,
            wash_blocked=self._wash_blocked(now),
            cost=fee(self.plan, self._amount(order), order.currency, order.exchange),
        )

    def _amount(self, order: Order) -> Decimal:
        price = order.limit
        if price is None:
            price = self.plan.trade(order.account, order.symbol).price
        return EXACT.multiply(order.shares, price)

    def _converts(self, account: str) -> bool:
        return self.desk.brokers[account].converts

    def _sent_on(self, day: date) -> Decimal:
        total = ZERO
        for o in self.desk.book.orders():
            if o.sent_at is None or o.sent_at.date() != day or o.state == PLANNED or o.exchange == FX:
                continue
            rate = self.plan.fx.get(o.currency)
            price = o.limit if o.limit is not None else self.plan.prices.get(o.symbol, (ZERO, ""))[0]
            if rate is not None:
                total = EXACT.add(total, EXACT.multiply(EXACT.multiply(o.shares, price), rate))
        return total

    def _wash_blocked(self, now: datetime) -> frozenset[str]:
        """The symbols whose purchase, in any account, would undo a loss: what was sold or is identical."""
        if self.plan.inputs.get("options", {}).get("allow_wash_sales"):
            return frozenset()
        blocked: set[str] = set()
        for plan in (self.plan, *self.desk.book.plans(now - timedelta(days=WASH_SALE_DAYS + 1))):
            losses = [t for t in plan.trades if t.at_loss]
            sold = self.desk.book.orders(plan.id) if losses else ()
            for t in losses:
                # A sale of this very plan counts before it has filled.
                if plan.id == self.id or _filled_sale(sold, t.account, t.symbol):
                    blocked |= {t.symbol, *t.washes}
        return frozenset(blocked)

    # -- what is done -------------------------------------------------------------------------------

    def _begin(self) -> None:
        book, now = self.desk.book, self.desk.clock.now()
        book.approve(self.id, self.who, now)
        if self.unattended and (arming := book.arming()) is not None:
            book.arm(replace(arming, spent=EXACT.add(arming.spent, self.plan.turnover)), now)
        kept = {o.id for o in book.orders(self.id)}
        for order in self.orders.values():
            if order.id not in kept:
                book.write(order, "planned", now, {})

    def _carry_out(self) -> None:
        for poll in range(self.terms.polls):
            if poll:
                self.desk.clock.wait(self.terms.poll_seconds)
                self._hear()
            before = dict(self.orders)
            try:
                self._look()
                self._send_ready()
            except ServiceError as error:
                # With orders out, a broker that does not answer is waited for, not given up.
                self.desk.book.record("no-answer", self.id, {"text": str(error)}, self.desk.clock.now())
                continue
            if not self._planned() and not self._out():
                return
            if not self._out() and all(o.id in self.held for o in self._planned()):
                return
            if self._left_to_people(moved=self.orders != before):
                return

    def _left_to_people(self, *, moved: bool) -> bool:
        """Say whether nothing goes on before somebody has typed what happened.

        So it is when every order that is not over is at a broker settled by hand, or when all that is out
        is, and a whole look around has `moved` nothing and misses no broker's credit.
        """
        by_hand = [o for o in self._out() if self._by_hand(o.account)]
        if not by_hand or len(by_hand) < len(self._out()):
            return False
        others = [o for o in self._planned() if not self._by_hand(o.account)]
        return not others or not (moved or any(self.money.is_late(o) for o in others))

    def _by_hand(self, account: str) -> str:
        return self.desk.brokers[account].by_hand

    def _send_ready(self) -> None:
        """Send the sales, then change money, and then send those purchases there is money for."""
        self.held = {}
        for order in [o for o in self._planned() if o.side == "sell" and o.exchange != FX]:
            self._offer(order)
        if any(o.side == "sell" and o.exchange != FX for o in self._planned()):
            return
        for order in [o for o in self._planned() if o.exchange == FX]:
            if not self._change(order):
                return
        waiting = {o.account for o in self.orders.values() if o.exchange == FX and not o.is_final}
        for order in [o for o in self._planned() if o.exchange != FX]:
            if order.account in waiting:
                self.held[order.id] = ()  # nothing stands against it but that its money is not changed yet
            elif not self._buy(order):
                return

    def _buy(self, order: Order) -> bool:
        """Send a purchase as large as its money allows; False when it waits, and later ones with it."""
        sized = fit(self.plan, order, self.money.room(order))
        if sized != order and (self._out() or self.money.is_late(order)):
            return False  # a later purchase must not take the money this one waits for
        if sized is None:
            done = move(order, CANCELLED, say("no money for it; left to the next plan"))
            self._write(done, "cancelled", {})
        else:
            self._offer(sized)
        return True

    def _change(self, order: Order) -> bool:
        """Have money changed by the broker, or see whether its owner did; False when it has to wait."""
        if not self._converts(order.account):
            self._changed_by_hand(order)
            return True
        if order.side == "buy":
            return self._buy(order)
        there = self.money.free(order.account, foreign(order))
        if there < order.shares and self._out():
            return False
        step = self.plan.trade(order.account, order.symbol).step
        steps = EXACT.divide(max(min(there, order.shares), ZERO), step).to_integral_value(ROUND_FLOOR)
        if not steps:
            self._write(move(order, CANCELLED, say("none of that money is there")), "cancelled", {})
            return True
        self._offer(replace(order, shares=EXACT.multiply(steps, step)))
        return True

    def _changed_by_hand(self, order: Order) -> None:
        """Take a conversion as made once the broker lets one spend its money; until then it is held.

        What is there may be less than planned by as much as a price may move.
        """
        bought = order.side == "buy"
        got = foreign(order) if bought else order.currency
        trade = self.plan.trade(order.account, order.symbol)
        worth = EXACT.multiply(order.shares, trade.price)
        brings = order.shares if bought else EXACT.subtract(worth, trade.cost)
        own = max(self.money.own(order.account, got), ZERO)
        told = self.money.told(order.account, got)
        seen = min(brings, EXACT.subtract(told, own))
        if seen < EXACT.multiply(brings, ONE - self.terms.max_price_move):
            given = (plain(worth), order.currency) if bought else (plain(order.shares), foreign(order))
            text, hint = by_hand(given, (plain(brings), got), order.account, EXACT.add(own, brings), told)
            self.held[order.id] = (Refusal("convert-by-hand", order.id, order.symbol, text, hint),)
            return
        if bought:
            order = replace(order, shares=seen)
            paid = EXACT.multiply(seen, trade.price)
        else:
            # What the spread took is counted as a cost of its own.
            paid = EXACT.divide(seen, ONE - self.plan.fx_spread)
        self._write(changed_by_hand(order, paid), "changed-by-hand", {"told": told})

    def _offer(self, order: Order) -> None:
        """Send one order, if every guardrail lets it go."""
        approved = {self.id: self.desk.book.approvals(self.id)}
        refusals = inspect(order, self._situation(order, approved), self.terms.limits)
        if not refusals and self.tries.get(order.id, 0) >= self.terms.attempts:
            text = say("the broker did not take it {attempts} times", attempts=self.terms.attempts)
            refusals = (Refusal("not-taken", order.id, order.symbol, text, say("run it again later")),)
        if refusals:
            self.held[order.id] = refusals
            return
        broker, now = self.desk.brokers[order.account], self.desk.clock.now()
        self.tries[order.id] = self.tries.get(order.id, 0) + 1
        sent = replace(move(order, SENT), sent_at=now)
        self._write(sent, "sent", {"broker": broker.name})
        try:
            self.orders[order.id] = self.desk.learn(sent, broker.submit(sent))
        except OrderNotTaken as error:
            self._take_back(sent, error)
        except ServiceError as error:
            self._write(move(sent, UNKNOWN, str(error)), "no-answer", {"text": str(error)})
        self._look()

    def _take_back(self, sent: Order, error: OrderNotTaken) -> None:
        """The broker says it has no such order: believe it only when asking says the same."""
        try:
            seen = self.desk.ask(sent)
        except ServiceError:
            self._write(move(sent, UNKNOWN, str(error)), "no-answer", {"text": str(error)})
            return
        if seen is not None:
            self.orders[sent.id] = seen
        else:
            self._write(replace(move(sent, PLANNED), sent_at=None), "not-taken", {"text": str(error)})

    def _hear(self) -> None:
        """Ask about every order that may be at the broker."""
        for order in self._out():
            self.orders[order.id] = self.desk.hear(order, self.terms.unknown_after_hours)

    def _write(self, order: Order, event: str, body: Mapping[str, object]) -> None:
        self.orders[order.id] = self.desk.write(order, event, body)

    def _planned(self) -> list[Order]:
        return [o for o in self.orders.values() if o.state == PLANNED]

    def _out(self) -> list[Order]:
        return [o for o in self.orders.values() if o.is_out]

    def _conclude(self) -> Execution:
        refusals = tuple(r for found in self.held.values() for r in found)
        done = all(o.is_final for o in self.orders.values())
        if done:
            self.desk.book.finish_plan(self.id, self.desk.clock.now())
        outcome = "done" if done else "waiting"
        out = {o.account for o in self._out()}
        left_to = {a: self._by_hand(a) for a in self.plan.accounts if a in out and self._by_hand(a)}
        return Execution(self.plan, True, outcome, tuple(self.orders.values()), refusals, left_to)


def _filled_sale(orders: tuple[Order, ...], account: str, symbol: str) -> bool:
    return any(o.side == "sell" and o.filled and (o.account, o.symbol) == (account, symbol) for o in orders)
