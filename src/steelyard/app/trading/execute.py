"""Use case: carry a saved plan out, exactly once, whatever happens in between.

One idea keeps it safe: an order is written down as sent before the broker hears of it, and an order that
was once sent is never sent again. Whoever comes back after a crash or a time-out asks; "not seen" leaves the
order unknown, its money set aside, until the broker reports it or its day is long over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_FLOOR
from typing import Any, TypeAlias

from steelyard.app.trading.available_cash import AvailableCash
from steelyard.app.trading.blotter import Blotter
from steelyard.app.trading.execution_request import ExecutionRequest, Snapshot, take_snapshot
from steelyard.app.trading.market import Market
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.refusals import against_order, against_orders, against_plan, against_record
from steelyard.domain.money import EXACT, ONE, ZERO, plain
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.brokerage import FX
from steelyard.domain.trading.conversion_orders import by_hand
from steelyard.domain.trading.execution import ExecutionTerms
from steelyard.domain.trading.guardrails import Refusal
from steelyard.domain.trading.orders import EXPIRED, PLANNED, Order, changed_by_hand
from steelyard.domain.trading.plan_checks import need_exchange_currency, too_old
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.domain.trading.sizing import fit, foreign
from steelyard.errors import InputError, PlanError, ServiceError
from steelyard.records import dataclass, field, replace
from steelyard.words import say

Held: TypeAlias = dict[str, tuple[Refusal, ...]]
"""What holds orders back, by order id; nothing for one that only waits for money to be changed."""


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
    terms: ExecutionTerms,
    *,
    live: bool,
    who: Approver,
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
    if not live:
        halts, attempt = desk.book.halts(), desk.book.attempt(plan.id)
        request = ExecutionRequest(desk, plan, market, terms, who, unattended, attempt, halts)
        return _rehearse(request, Blotter(desk, plan, terms.limit_distance, attempt))
    with desk.book.sole_run():
        # Read first of all: a halt from now on ends this run, also when it is lifted a second later.
        halts = desk.book.halts()
        attempt = desk.book.attempt(plan.id)
        request = ExecutionRequest(desk, plan, market, terms, who, unattended, attempt, halts)
        return _perform(request, Blotter(desk, plan, terms.limit_distance, attempt))


def _settle_earlier(request: ExecutionRequest) -> None:
    """Ask again about orders of earlier attempts that nobody had seen, before another one is begun.

    Raises:
        ServiceError: A broker does not answer.
        PlanError: It may have one of them after all (`earlier-order`).
    """
    desk = request.desk
    for order in desk.book.orders(request.plan.id):
        if order.attempt == request.attempt or order.sent_at is None or order.broker_id:
            continue
        if desk.ask(order) is None and order.state == EXPIRED and desk.may_be_there(order):
            raise PlanError(
                "earlier-order",
                say("the broker shows what may be {id} of an earlier attempt", id=order.id[:11]),
                say("look at it on the broker's own page, then save a new plan"),
            )


def _rehearse(request: ExecutionRequest, blotter: Blotter) -> Execution:
    """Say what would be sent, and what would stop it."""
    snapshot = take_snapshot(request, blotter)
    refusals = [*against_record(request), *against_plan(request, blotter, snapshot)]
    refusals += against_orders(request, blotter, snapshot, _approvals(request))
    return Execution(request.plan, False, "dry-run", tuple(blotter), tuple(refusals))


def _perform(request: ExecutionRequest, blotter: Blotter) -> Execution:
    """Hear, judge, begin, carry out: nothing is written as begun before everything was judged."""
    plan, terms, book, clock = request.plan, request.terms, request.desk.book, request.desk.clock
    # First of all: what is heard below is written down, and must not make a changed record look whole.
    if broken := against_record(request):
        return Execution(plan, True, "refused", tuple(blotter), (*broken, *blotter.refusals))
    _settle_earlier(request)
    resumed = blotter.has_begun
    blotter.hear(terms.unknown_after_hours)
    snapshot = take_snapshot(request, blotter)
    if resumed and too_old(plan, clock.now(), terms.max_plan_age_hours):
        blotter.cancel_planned(say("the plan is too old to begin more of it"))
    refusals = against_plan(request, blotter, snapshot)
    if not resumed:
        refusals += against_orders(request, blotter, snapshot, _approvals(request))
    if refusals:
        body = {"refusals": [{"rule": r.rule, "symbol": r.symbol, "text": r.text} for r in refusals]}
        book.record("refused", plan.id, body, clock.now())
        return Execution(plan, True, "refused", tuple(blotter), tuple(refusals))
    if not resumed:
        try:
            blotter.begin(request.who, request.conditions())
        except PlanError as error:
            return Execution(plan, True, "refused", tuple(blotter), (_refusal(error),))
    return _conclude(request, blotter, _carry_out(request, blotter))


def _approvals(request: ExecutionRequest) -> dict[str, frozenset[str]]:
    """Who approved the attempt, whoever calls now included."""
    plan_id = request.plan.id
    return {plan_id: frozenset({request.who.name}) | request.desk.book.approvals(plan_id, request.attempt)}


def _refusal(error: PlanError, order: Order | None = None) -> Refusal:
    about = ("", "") if order is None else (order.id, order.symbol)
    return Refusal(error.code, *about, error.message, error.hint)


def _carry_out(request: ExecutionRequest, blotter: Blotter) -> Held:
    """Send and ask, round by round, until all is over or nothing goes on; return what held orders back."""
    terms, desk = request.terms, request.desk
    tries: Counter[str] = Counter()
    held: Held = {}
    for poll in range(terms.polls):
        if poll:
            desk.clock.wait(terms.poll_seconds)
            blotter.reread()
            blotter.hear(terms.unknown_after_hours)
        if blotter.refusals or desk.book.halts() != request.halts:
            break
        before = dict(blotter.by_id)
        try:
            turn = _Round(request, blotter, take_snapshot(request, blotter), tries)
            held = turn.held
            turn.send_ready()
        except ServiceError as error:
            # With orders out, a broker that does not answer is waited for, not given up.
            desk.book.record("no-answer", request.plan.id, {"text": str(error)}, desk.clock.now())
            continue
        if turn.stopped or (not blotter.planned and not blotter.out):
            break
        if not blotter.out and all(o.id in held for o in blotter.planned):
            break
        if _left_to_people(request, blotter, turn.cash, moved=blotter.by_id != before):
            break
    return held


def _left_to_people(request: ExecutionRequest, blotter: Blotter, cash: AvailableCash, *, moved: bool) -> bool:
    """Say whether nothing goes on before somebody has typed what happened.

    So it is when every order that is not over is at a broker settled by hand, or when all that is out
    is, and a whole look around has `moved` nothing and misses no broker's credit.
    """
    by_hand = [o for o in blotter.out if request.by_hand(o.account)]
    if not by_hand or len(by_hand) < len(blotter.out):
        return False
    others = [o for o in blotter.planned if not request.by_hand(o.account)]
    return not others or not (moved or any(cash.is_late(o) for o in others))


def _conclude(request: ExecutionRequest, blotter: Blotter, held: Held) -> Execution:
    plan, desk = request.plan, request.desk
    blotter.reread()
    done = not blotter.refusals and all(o.is_final for o in blotter)
    if done:
        desk.book.finish_plan(plan.id, desk.clock.now())
    out = {o.account for o in blotter.out}
    left_to = {a: request.by_hand(a) for a in plan.accounts if a in out and request.by_hand(a)}
    refusals = (*blotter.refusals, *(r for found in held.values() for r in found))
    return Execution(plan, True, "done" if done else "waiting", tuple(blotter), refusals, left_to)


class _Round:
    """One pass over what is not sent yet: sales, then money to change, then what there is money for.

    It knows what the brokers said last, and asks again after each order: a purchase is judged with the
    money and the shares that are there, not with those the plan hoped for.
    """

    def __init__(
        self, request: ExecutionRequest, blotter: Blotter, snapshot: Snapshot, tries: Counter[str]
    ) -> None:
        """Begin a pass.

        Args:
            request: What is carried out.
            blotter: Its orders.
            snapshot: What the brokers said a moment ago.
            tries: How often each order was sent in this call, added to.
        """
        self._request, self._blotter, self._snapshot, self._tries = request, blotter, snapshot, tries
        self.held: Held = {}
        self.stopped = False

    @property
    def cash(self) -> AvailableCash:
        """The money there is by what was heard last."""
        return AvailableCash(
            self._request.plan,
            self._blotter.by_id,
            self._snapshot.statements,
            settled_only=self._request.terms.settled_only,
        )

    def send_ready(self) -> None:
        """Send the sales, then change money, and then send those purchases there is money for."""
        planned = self._blotter.planned
        for order in [o for o in planned if o.side == "sell" and o.exchange != FX]:
            self._offer(order)
            if self.stopped:
                return
        planned = self._blotter.planned
        if any(o.side == "sell" and o.exchange != FX for o in planned):
            return
        for order in [o for o in planned if o.exchange == FX]:
            if not self._change(order):
                return
        waiting = {o.account for o in self._blotter if o.exchange == FX and not o.is_final}
        for order in [o for o in self._blotter.planned if o.exchange != FX]:
            if order.account in waiting:
                self.held[order.id] = ()
            elif not self._buy(order):
                return

    def _buy(self, order: Order) -> bool:
        """Send a purchase as large as its money allows; False when it waits, and later ones with it."""
        sized = fit(self._request.plan, order, self.cash.room(order))
        if sized != order and (self._blotter.out or self.cash.is_late(order)):
            return False  # a later purchase must not take the money this one waits for
        if sized is None:
            self._blotter.cancel(order, say("no money for it; left to the next plan"))
        else:
            self._offer(sized)
        return not self.stopped

    def _change(self, order: Order) -> bool:
        """Have money changed by the broker, or see whether its owner did; False when it has to wait."""
        if not self._request.converts(order.account):
            self._changed_by_hand(order)
            return True
        if order.side == "buy":
            return self._buy(order)
        there = self.cash.free(order.account, foreign(order))
        if there < order.shares and self._blotter.out:
            return False
        step = self._request.plan.trade(order.account, order.symbol).step
        steps = EXACT.divide(max(min(there, order.shares), ZERO), step).to_integral_value(ROUND_FLOOR)
        if not steps:
            self._blotter.cancel(order, say("none of that money is there"))
            return True
        self._offer(replace(order, shares=EXACT.multiply(steps, step)))
        return not self.stopped

    def _changed_by_hand(self, order: Order) -> None:
        """Take a conversion as made once the broker lets one spend its money; until then it is held.

        What is there may be less than planned by as much as a price may move.
        """
        plan, cash = self._request.plan, self.cash
        bought = order.side == "buy"
        got = foreign(order) if bought else order.currency
        trade = plan.trade(order.account, order.symbol)
        worth = EXACT.multiply(order.shares, trade.price)
        brings = order.shares if bought else EXACT.subtract(worth, trade.cost)
        own = max(cash.own(order.account, got), ZERO)
        told = cash.told(order.account, got)
        seen = min(brings, EXACT.subtract(told, own))
        if seen < EXACT.multiply(brings, ONE - self._request.terms.max_price_move):
            given = (plain(worth), order.currency) if bought else (plain(order.shares), foreign(order))
            text, hint = by_hand(given, (plain(brings), got), order.account, EXACT.add(own, brings), told)
            self.held[order.id] = (Refusal("convert-by-hand", order.id, order.symbol, text, hint),)
            return
        if bought:
            order = replace(order, shares=seen)
            paid = EXACT.multiply(seen, trade.price)
        else:
            # What the spread took is counted as a cost of its own.
            paid = EXACT.divide(seen, ONE - plan.fx_spread)
        shares = order.shares
        self._blotter.change(
            order,
            lambda now: changed_by_hand(replace(now, shares=shares), paid) if now.state == PLANNED else now,
            "changed-by-hand",
            {"told": told},
        )

    def _offer(self, order: Order) -> None:
        """Send one order, if every guardrail lets it go."""
        refusals = against_order(self._request, self._blotter, self._snapshot, order)
        attempts = self._request.terms.attempts
        if not refusals and self._tries[order.id] >= attempts:
            text = say("the broker did not take it {attempts} times", attempts=attempts)
            refusals = (Refusal("not-taken", order.id, order.symbol, text, say("run it again later")),)
        if refusals:
            self.held[order.id] = refusals
            return
        self._tries[order.id] += 1
        try:
            self._blotter.send(order, self._request.conditions(order))
        except PlanError as error:
            self.held[order.id], self.stopped = (_refusal(error, order),), True
            return
        self._snapshot = take_snapshot(self._request, self._blotter)
