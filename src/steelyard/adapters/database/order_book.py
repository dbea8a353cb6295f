"""The order book in `steelyard.db`: saved plans, orders, what happened to them, and the audit record.

Every write is one transaction that also adds its link to the audit chain, on disk before the call
returns, and that reads what it changes: what another process wrote meanwhile is never written over. What
happened is only ever added; triggers refuse to change or delete it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import reduce

from steelyard.adapters.database.audit_book import AuditBook, armed_text
from steelyard.adapters.database.connection import number_of, stamp, time_of, told, transaction, understood
from steelyard.adapters.database.order_rows import CHANGING, COLUMNS, facts_of, order_of, row_of
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.brokerage import Fill
from steelyard.domain.trading.fingerprint import canonical
from steelyard.domain.trading.orders import CANCELLED, PLANNED, SENT, Order, content, move
from steelyard.domain.trading.saved_plans import SavedPlan, from_content
from steelyard.domain.trading.send_conditions import SendConditions, changed, need
from steelyard.errors import InputError, PlanError
from steelyard.records import replace
from steelyard.words import say


class SqliteOrderBook(AuditBook):
    """The order book. See `steelyard.ports.trading.OrderBook`."""

    def save_plan(self, plan: SavedPlan, at: datetime) -> None:
        """Keep a plan; one that is there already stays as it is.

        One whose last attempt ended without a fill may be tried once more: it was made again of what is true
        now, so the moment is the newest, and another attempt comes next.
        """
        plan_id = plan.id
        facts = {"trades": len(plan.trades), "turnover": plan.turnover}
        with self._writing():
            if not self._rows("SELECT 1 FROM saved_plans WHERE id = ?", plan_id):
                self._db.execute(
                    "INSERT INTO saved_plans (id, text, saved_at) VALUES (?, ?, ?)",
                    (plan_id, plan.text, stamp(at)),
                )
                self._link("plan-saved", plan_id, facts, at)
            elif self._traded_nothing(plan_id):
                self._db.execute(
                    "UPDATE saved_plans SET saved_at = ?, finished_at = NULL, attempt = attempt + 1"
                    " WHERE id = ?",
                    (stamp(at), plan_id),
                )
                self._link("plan-saved", plan_id, {**facts, "attempt": self.attempt(plan_id)}, at)

    def _traded_nothing(self, plan_id: str) -> bool:
        """Say whether the last attempt at a plan is over, and none ever filled."""
        kept = self.orders(plan_id)
        begun = any(o.attempt == self.attempt(plan_id) for o in kept)
        return begun and all(o.is_final and not o.filled for o in kept)

    def plan(self, name: str) -> SavedPlan:
        """Return a plan by id, beginning of id, or `latest`.

        Raises:
            InputError: There is none, or more than one.
        """
        if name == "latest":
            rows = self._rows("SELECT * FROM saved_plans ORDER BY saved_at DESC, rowid DESC LIMIT 1")
        else:
            rows = self._rows("SELECT * FROM saved_plans WHERE substr(id, 1, ?) = ?", len(name), name)
        if len(rows) != 1 or not name:
            raise InputError(
                "unknown-plan",
                say("there is no saved plan {name!r}", name=name)
                if not rows
                else say("{name!r} names {rows} plans", name=name, rows=len(rows)),
                say("save one with `steelyard plan --save`")
                if not rows
                else say("give more letters of the id"),
            )
        return self._plan(rows[0])

    def plans(self, since: datetime) -> tuple[SavedPlan, ...]:
        """Return the plans saved since a moment, oldest first."""
        rows = self._rows("SELECT * FROM saved_plans WHERE saved_at >= ? ORDER BY saved_at, id", stamp(since))
        return tuple(self._plan(r) for r in rows)

    def finish_plan(self, plan_id: str, at: datetime) -> None:
        """Note that a plan was carried out."""
        with self._writing():
            self._db.execute(
                "UPDATE saved_plans SET finished_at = ? WHERE id = ? AND finished_at IS NULL",
                (stamp(at), plan_id),
            )
            self._link("plan-done", plan_id, {}, at)

    def finished(self) -> frozenset[str]:
        """Return the ids of the plans whose last attempt is over."""
        return frozenset(r["id"] for r in self._rows("SELECT id FROM saved_plans WHERE finished_at NOT NULL"))

    def begin(self, orders: Sequence[Order], who: Approver, conditions: SendConditions, at: datetime) -> None:
        """Approve an attempt by beginning it, and write down every order of it that is not there yet.

        Raises:
            PlanError: Something was halted meanwhile.
        """
        with self._writing():
            self._need(replace(conditions, proven=0), {who.name}, (), at)
            for plan_id, attempt in {(o.plan_id, o.attempt) for o in orders}:
                self._approve(plan_id, attempt, who, at)
            for order in orders:
                if self._stored(order.id) is None:
                    self._put(None, order, "planned", at, {})

    def change(
        self,
        order_id: str,
        step: Callable[[Order], Order],
        event: str,
        at: datetime,
        body: Mapping[str, object],
    ) -> Order:
        """Put an order through a step, in one transaction with reading it; return it as it is then."""
        with self._writing():
            now = self._known(order_id)
            then = step(now)
            if then != now:
                self._put(now, then, event, at, body)
            return then

    def become_sent(
        self, order: Order, conditions: SendConditions, at: datetime, body: Mapping[str, object]
    ) -> Order:
        """Write a planned order down as sent, if at this very moment everything lets it; return it.

        Compare-and-set: halt, approval, arming and the order itself are read in the transaction that writes.
        What it may cost is taken from the arming there, once, however often it is offered.

        Raises:
            PlanError: It may not be sent (`halted`, `not-approved`, `not-armed`, `order-changed`).
        """
        with self._writing():
            now = self._known(order.id)
            if now.state != PLANNED or content(now) != content(order) or now.shares < order.shares:
                raise changed(order, now)
            this = (order.plan_id, order.attempt)
            approved, proven = self.approvals(*this), self.approvals(*this, proven=True)
            cost = self._not_counted_yet(order.id, conditions.amount) if conditions.unattended else ZERO
            self._need(replace(conditions, amount=cost), approved, proven, at)
            sent = replace(move(now, SENT), shares=order.shares, limit=order.limit, sent_at=at)
            more: dict[str, object] = {}
            if conditions.unattended and (arming := self.arming()) is not None:
                more["armed"] = cost
                self._set("arming", armed_text(replace(arming, spent=EXACT.add(arming.spent, cost))))
            self._put(now, sent, "sent", at, {**body, **more})
            return sent

    def take_back(self, order: Order, halts: int, at: datetime, body: Mapping[str, object]) -> Order:
        """Return an order that its broker certainly does not have to its plan; cancelled after a halt.

        Args:
            order: As it was planned.
            halts: How many halts there had been when the run began.
            at: Now.
            body: Why, for the record.
        """
        with self._writing():
            now = self._known(order.id)
            if now.state != SENT:
                return now
            then = replace(move(now, PLANNED), sent_at=None, shares=order.shares, limit=order.limit)
            if self.halts() != halts:
                then = move(then, CANCELLED, say("halted before its broker had it"))
            self._put(now, then, "not-taken", at, body)
            return then

    def _known(self, order_id: str) -> Order:
        found = self._stored(order_id)
        if found is None:
            raise PlanError(
                "order-changed",
                say("the order {id} is not in the book any more", id=order_id[:11]),
                say("run `steelyard audit verify`"),
            )
        return found

    def _stored(self, order_id: str) -> Order | None:
        rows = self._rows("SELECT * FROM orders WHERE id = ?", order_id)
        with understood(self._path):
            return order_of(rows[0]) if rows else None

    def _put(
        self, was: Order | None, order: Order, event: str, at: datetime, body: Mapping[str, object]
    ) -> None:
        """Write an order, what happened to it and a link of the audit record, within a transaction."""
        row = row_of(order)
        if was is None:
            places = ", ".join("?" * len(COLUMNS))
            sql = f"INSERT INTO orders ({', '.join(COLUMNS)}) VALUES ({places})"
            self._db.execute(sql, [row[c] for c in COLUMNS])
        else:
            # What the plan decided is never written again.
            sql = f"UPDATE orders SET {', '.join(f'{c} = ?' for c in CHANGING)} WHERE id = ?"
            self._db.execute(sql, [*(row[c] for c in CHANGING), order.id])
        self._db.execute(
            "INSERT INTO order_events (order_id, event, state, at, body) VALUES (?, ?, ?, ?, ?)",
            (order.id, event, order.state, stamp(at), canonical(dict(body))),
        )
        self._link(event, order.plan_id, {**facts_of(order), **body}, at)

    def _need(
        self,
        conditions: SendConditions,
        approved: Collection[str],
        proven: Collection[str],
        at: datetime,
    ) -> None:
        need(
            conditions,
            halted=self.halted(),
            halts=self.halts(),
            approved=approved,
            proven=proven,
            arming=self.arming(),
            on=at.date(),
        )

    def _not_counted_yet(self, order_id: str, amount: Decimal) -> Decimal:
        """Return what of an amount no earlier offer of the same order has taken from the arming."""
        rows = self._rows("SELECT body FROM order_events WHERE order_id = ? AND event = 'sent'", order_id)
        with understood(self._path):
            counted = [Decimal(json.loads(r["body"]).get("armed", "0")) for r in rows]
        return max(EXACT.subtract(amount, reduce(EXACT.add, counted, ZERO)), ZERO)

    def orders(self, plan_id: str | None = None) -> tuple[Order, ...]:
        """Return the orders of a plan, or all of them."""
        where = "" if plan_id is None else " WHERE plan = ?"
        rows = self._rows(f"SELECT * FROM orders{where} ORDER BY number", *([plan_id] if plan_id else []))
        with understood(self._path):
            return tuple(order_of(r) for r in rows)

    def keep_fills(self, account: str, fills: Sequence[Fill], at: datetime) -> int:
        """Keep the fills that are not there yet; return how many were new."""
        new = 0
        with self._writing():
            for f in fills:
                done = self._db.execute(
                    "INSERT OR IGNORE INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        account,
                        f.id,
                        f.order_id,
                        f.broker_id,
                        f.symbol,
                        f.side,
                        plain(f.shares),
                        plain(f.price),
                        f.currency,
                        plain(f.fees),
                        stamp(f.at),
                        f.settles_on.isoformat(),
                    ),
                )
                if done.rowcount:
                    new += 1
                    body = {"account": account, "symbol": f.symbol, "side": f.side, "shares": f.shares}
                    self._link("fill", "", {**body, "price": f.price, "fill": f.id}, at)
        return new

    def fills(self) -> tuple[tuple[str, Fill], ...]:
        """Return every fill that was kept, with its account, oldest first."""
        rows = self._rows("SELECT * FROM fills ORDER BY at, account, id")
        with understood(self._path):
            return tuple(
                (
                    r["account"],
                    Fill(
                        r["id"],
                        r["order_id"],
                        r["broker_id"],
                        r["symbol"],
                        r["side"],
                        number_of(r["shares"]),
                        number_of(r["price"]),
                        r["currency"],
                        number_of(r["fees"]),
                        time_of(r["at"]),
                        date.fromisoformat(r["settles_on"]),
                    ),
                )
                for r in rows
            )

    def adopt(self, orders: Sequence[Order], at: datetime) -> None:
        """Take over orders of another record, as far as they are not here; no attempt goes on with them."""
        with self._writing():
            for order in orders:
                if self._stored(order.id) is None:
                    self._put(None, order, "adopted", at, {})

    def approve(self, plan_id: str, who: Approver, at: datetime) -> int:
        """Note that somebody approved the attempt at a plan that comes next or is going on; return it."""
        with self._writing():
            attempt = self.attempt(plan_id)
            self._approve(plan_id, attempt, who, at)
            return attempt

    def _approve(self, plan_id: str, attempt: int, who: Approver, at: datetime) -> None:
        self._db.execute(
            "INSERT INTO plan_approvals VALUES (?, ?, ?, ?, ?) ON CONFLICT (plan, attempt, who)"
            " DO UPDATE SET proven = max(proven, excluded.proven)",
            (plan_id, attempt, who.name, stamp(at), int(who.proven)),
        )
        self._link("approval", plan_id, {"who": who.name, "attempt": attempt, "proven": who.proven}, at)

    def approvals(self, plan_id: str, attempt: int, *, proven: bool = False) -> frozenset[str]:
        """Return who approved an attempt at a plan; only who proved to be who they say, where `proven`."""
        sql = "SELECT who FROM plan_approvals WHERE plan = ? AND attempt = ? AND proven >= ?"
        return frozenset(r["who"] for r in self._rows(sql, plan_id, attempt, int(proven)))

    def all_approvals(self) -> frozenset[tuple[str, int, str]]:
        """Return every approval, as (plan, attempt, who)."""
        rows = self._rows("SELECT plan, attempt, who FROM plan_approvals")
        return frozenset((r["plan"], r["attempt"], r["who"]) for r in rows)

    def attempt(self, plan_id: str) -> int:
        """Return which attempt at a plan goes on or comes next, from 1."""
        rows = self._rows("SELECT attempt FROM saved_plans WHERE id = ?", plan_id)
        with understood(self._path):
            return int(rows[0]["attempt"]) if rows else 1

    def _plan(self, row: sqlite3.Row) -> SavedPlan:
        with understood(self._path):
            plan = from_content(json.loads(row["text"]), time_of(row["saved_at"]))
        if plan.id != row["id"]:
            raise InputError(
                "plan-changed",
                say("the saved plan {row} is not as it was saved", row=row["id"][:12]),
                say("make a new plan"),
            )
        return plan

    def asked(self, order_id: str) -> tuple[int, datetime | None]:
        """Return how often an order of unknown fate was asked about, and when it is its turn again."""
        rows = self._rows("SELECT asked, next_at FROM order_questions WHERE order_id = ?", order_id)
        with understood(self._path):
            return (int(rows[0]["asked"]), time_of(rows[0]["next_at"])) if rows else (0, None)

    def note_asked(self, order_id: str, next_at: datetime | None) -> None:
        """Note that an order was asked about, and when to ask again; None when its fate is known."""
        with told(self._path), transaction(self._db):
            if next_at is None:
                self._db.execute("DELETE FROM order_questions WHERE order_id = ?", (order_id,))
                return
            self._db.execute(
                "INSERT INTO order_questions VALUES (?, 1, ?) ON CONFLICT (order_id)"
                " DO UPDATE SET asked = asked + 1, next_at = excluded.next_at",
                (order_id, stamp(next_at)),
            )
