"""The order book in `steelyard.db`: saved plans, orders, what happened to them, and the audit record.

Every write is one transaction that also adds its link to the audit chain, on disk before the call
returns. What happened is only ever added; triggers refuse to change or delete it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.database.connection import connect, open_bare, stamp, time_of, told, transaction
from steelyard.adapters.database.migrations import Part
from steelyard.domain.money import plain
from steelyard.domain.trading.arming import Arming
from steelyard.domain.trading.audit import START, Link, chain
from steelyard.domain.trading.brokerage import Fill
from steelyard.domain.trading.fingerprint import canonical
from steelyard.domain.trading.orders import Order
from steelyard.domain.trading.saved_plans import SavedPlan, from_content
from steelyard.errors import InputError, PlanError
from steelyard.words import say

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE saved_plans (
        id TEXT PRIMARY KEY, text TEXT NOT NULL, saved_at TEXT NOT NULL, finished_at TEXT
    ) STRICT;
    CREATE TABLE orders (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, plan TEXT NOT NULL REFERENCES saved_plans,
        account TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, shares TEXT NOT NULL,
        price_limit TEXT, currency TEXT NOT NULL, exchange TEXT NOT NULL, leg INTEGER NOT NULL,
        state TEXT NOT NULL, filled TEXT NOT NULL, paid TEXT NOT NULL, fees TEXT NOT NULL,
        broker_id TEXT NOT NULL, note TEXT NOT NULL, sent_at TEXT
    ) STRICT;
    CREATE TABLE order_events (
        number INTEGER PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders (id), event TEXT NOT NULL,
        state TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE fills (
        account TEXT NOT NULL, id TEXT NOT NULL, order_id TEXT NOT NULL, broker_id TEXT NOT NULL,
        symbol TEXT NOT NULL, side TEXT NOT NULL, shares TEXT NOT NULL, price TEXT NOT NULL,
        currency TEXT NOT NULL, fees TEXT NOT NULL, at TEXT NOT NULL, settles_on TEXT NOT NULL,
        PRIMARY KEY (account, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE approvals (
        plan TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (plan, who)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY, text TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE execution_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER events_stay BEFORE UPDATE ON order_events BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER events_keep BEFORE DELETE ON order_events BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER fills_stay BEFORE UPDATE ON fills BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER fills_keep BEFORE DELETE ON fills BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    """,
)
EXECUTION = Part("execution", STEPS)


class SqliteOrderBook:
    """The order book. See `steelyard.ports.trading.OrderBook`."""

    def __init__(self, path: Path) -> None:
        """Open the database, with its tables up to date.

        Raises:
            As `connection.connect`.
        """
        self._path = path
        self._db = connect(path, EXECUTION, wait_seconds=10)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def save_plan(self, plan: SavedPlan, at: datetime) -> None:
        """Keep a plan; one that is there already stays as it is."""
        plan_id = plan.id
        with self._writing():
            if not self._db.execute("SELECT 1 FROM saved_plans WHERE id = ?", (plan_id,)).fetchone():
                self._db.execute(
                    "INSERT INTO saved_plans VALUES (?, ?, ?, NULL)", (plan_id, plan.text, stamp(at))
                )
                self._link("plan-saved", plan_id, {"trades": len(plan.trades), "turnover": plan.turnover}, at)

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
                say("save one with `steelyard plan --save`") if not rows else say("give more of the id"),
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
        """Return the ids of the plans that were carried out."""
        return frozenset(r["id"] for r in self._rows("SELECT id FROM saved_plans WHERE finished_at NOT NULL"))

    def write(self, order: Order, event: str, at: datetime, body: Mapping[str, object]) -> None:
        """Keep an order, what happened to it, and a link of the audit record."""
        values = (
            order.id,
            order.plan_id,
            order.account,
            order.symbol,
            order.side,
            plain(order.shares),
            None if order.limit is None else plain(order.limit),
            order.currency,
            order.exchange,
            order.leg,
            order.state,
            plain(order.filled),
            plain(order.paid),
            plain(order.fees),
            order.broker_id,
            order.note,
            None if order.sent_at is None else stamp(order.sent_at),
        )
        facts = {
            "order": order.id,
            "account": order.account,
            "symbol": order.symbol,
            "side": order.side,
            "shares": order.shares,
            "limit": order.limit,
            "state": order.state,
            "filled": order.filled,
            "paid": order.paid,
            **body,
        }
        with self._writing():
            self._db.execute(
                "INSERT INTO orders (id, plan, account, symbol, side, shares, price_limit, currency,"
                " exchange, leg, state, filled, paid, fees, broker_id, note, sent_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET shares = excluded.shares,"
                " price_limit = excluded.price_limit,"
                " state = excluded.state, filled = excluded.filled, paid = excluded.paid,"
                " fees = excluded.fees,"
                " broker_id = excluded.broker_id, note = excluded.note, sent_at = excluded.sent_at",
                values,
            )
            self._db.execute(
                "INSERT INTO order_events (order_id, event, state, at, body) VALUES (?, ?, ?, ?, ?)",
                (order.id, event, order.state, stamp(at), canonical(dict(body))),
            )
            self._link(event, order.plan_id, facts, at)

    def orders(self, plan_id: str | None = None) -> tuple[Order, ...]:
        """Return the orders of a plan, or all of them."""
        where = "" if plan_id is None else " WHERE plan = ?"
        rows = self._rows(f"SELECT * FROM orders{where} ORDER BY number", *([plan_id] if plan_id else []))
        return tuple(_order(r) for r in rows)

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
        return tuple(
            (
                r["account"],
                Fill(
                    r["id"],
                    r["order_id"],
                    r["broker_id"],
                    r["symbol"],
                    r["side"],
                    Decimal(r["shares"]),
                    Decimal(r["price"]),
                    r["currency"],
                    Decimal(r["fees"]),
                    time_of(r["at"]),
                    date.fromisoformat(r["settles_on"]),
                ),
            )
            for r in rows
        )

    def record(self, kind: str, plan_id: str, body: Mapping[str, object], at: datetime) -> None:
        """Add a link to the audit record."""
        with self._writing():
            self._link(kind, plan_id, body, at)

    def links(self) -> Iterator[Link]:
        """Return the audit record, link by link; bytes that are no UTF-8 come as lone surrogates."""
        # As bytes: a damaged character, or a column that became of another type, is to be told link by link.
        columns = "number, CAST(text AS BLOB), CAST(previous AS BLOB), CAST(hash AS BLOB)"
        with told(self._path):
            for number, *raw in self._db.execute(f"SELECT {columns} FROM audit ORDER BY number"):
                text, previous, hash_ = (bytes(b or b"").decode("utf-8", "surrogateescape") for b in raw)
                yield Link(number, text, previous, hash_)

    def head(self) -> tuple[int, str]:
        """Return how many links there should be, and the hash of the last one."""
        value = self._value("audit-head")
        count, _, last = (value or f"0 {START}").partition(" ")
        return int(count), last

    def approve(self, plan_id: str, who: str, at: datetime) -> None:
        """Note that somebody approved a plan."""
        with self._writing():
            self._db.execute("INSERT OR IGNORE INTO approvals VALUES (?, ?, ?)", (plan_id, who, stamp(at)))
            self._link("approval", plan_id, {"who": who}, at)

    def approvals(self, plan_id: str) -> frozenset[str]:
        """Return who approved a plan."""
        return frozenset(r["who"] for r in self._rows("SELECT who FROM approvals WHERE plan = ?", plan_id))

    def halted(self) -> str:
        """Return why everything is halted, empty when it is not."""
        return self._value("halted") or ""

    def halt(self, why: str, at: datetime) -> None:
        """Refuse everything from now on."""
        with self._writing():
            self._set("halted", why or "no reason given")
            self._link("halt", "", {"why": why}, at)

    def resume(self, at: datetime) -> None:
        """Lift the halt."""
        with self._writing():
            self._set("halted", "")
            self._link("resume", "", {}, at)

    def arm(self, arming: Arming, at: datetime) -> None:
        """Give leave to trade unattended."""
        body = {"until": arming.until, "max_amount": arming.max_amount, "spent": arming.spent}
        with self._writing():
            self._set("arming", canonical(body))
            self._link("arming", "", body, at)

    def disarm(self, at: datetime) -> None:
        """Take the leave to trade unattended back."""
        with self._writing():
            self._set("arming", "")
            self._link("disarming", "", {}, at)

    def arming(self) -> Arming | None:
        """Return the leave to trade unattended, None when there is none."""
        text = self._value("arming")
        if not text:
            return None
        data = json.loads(text)
        return Arming(date.fromisoformat(data["until"]), Decimal(data["max_amount"]), Decimal(data["spent"]))

    @contextmanager
    def sole_run(self) -> Iterator[None]:
        """Keep every other process from executing.

        The lock is a transaction on a file of its own: the system lets go of it when the process ends,
        a kill included, so no stale lock is ever left.
        """
        beside = self._path.with_name(self._path.name + ".run")
        with told(beside):
            lock = open_bare(beside, wait_seconds=0)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise PlanError(
                    "another-run", say("another plan is being carried out"), say("wait until it has ended")
                ) from None
            yield
        finally:
            with suppress(sqlite3.Error):
                lock.close()

    def _link(self, kind: str, plan_id: str, body: Mapping[str, object], at: datetime) -> None:
        count, last = self.head()
        link = chain(count + 1, last, at=stamp(at), kind=kind, plan=plan_id, body=body)
        self._db.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?)", (link.number, link.text, link.previous, link.hash)
        )
        self._set("audit-head", f"{link.number} {link.hash}")

    def _plan(self, row: sqlite3.Row) -> SavedPlan:
        plan = from_content(json.loads(row["text"]), time_of(row["saved_at"]))
        if plan.id != row["id"]:
            raise InputError(
                "plan-changed",
                say("the saved plan {row} is not as it was saved", row=row["id"][:12]),
                say("make a new plan"),
            )
        return plan

    def _value(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM execution_state WHERE name = ?", name)
        return rows[0]["value"] if rows else None

    def _set(self, name: str, value: str) -> None:
        self._db.execute("REPLACE INTO execution_state VALUES (?, ?)", (name, value))

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with told(self._path):
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with told(self._path), transaction(self._db):
            yield


def _order(r: sqlite3.Row) -> Order:
    return Order(
        id=r["id"],
        plan_id=r["plan"],
        account=r["account"],
        symbol=r["symbol"],
        side=r["side"],
        shares=Decimal(r["shares"]),
        limit=None if r["price_limit"] is None else Decimal(r["price_limit"]),
        currency=r["currency"],
        exchange=r["exchange"],
        leg=r["leg"],
        state=r["state"],
        filled=Decimal(r["filled"]),
        paid=Decimal(r["paid"]),
        fees=Decimal(r["fees"]),
        broker_id=r["broker_id"],
        note=r["note"],
        sent_at=None if r["sent_at"] is None else time_of(r["sent_at"]),
    )
