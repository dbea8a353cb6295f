"""A broker that does everything a broker should not, in front of a paper account that keeps the truth.

It never refuses a client order id it has seen: a second submission is counted as a duplicate. Every
fault is logged before it happens, so that a parent process can count the faults of children it lost.
`trial` runs one plan through such a broker, with kill -9 at random moments, until it is over.
"""

import os
import random
import signal
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter

from acceptance.desks import NO_LIMITS, Office, in_two_moneys, plan
from steelyard.app.trading.execute import Market, execute
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.sync import sync, verify
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.execution import ExecutionTerms
from steelyard.errors import NoAnswer, OrderNotTaken, PlanError, ServiceError
from steelyard.ports.trading import BrokerHabits

D = Decimal
SUBMIT = (
    "drop the answer",
    "answer with an older state",
    "hang before reading",
    "hang after reading",
    "429",
    "500 before",
    "502 after",
    "close the socket",
    "reject after accepting",
    "kill before",
    "kill after",
)
ASK = ("forget", "older state", "hang", "503", "answer twice", "kill")
LOOK = ("lie high", "lie low", "hang", "kill")
BOOK = ("kill in a statement",)
WEIGHTS = {SUBMIT: 0.85, ASK: 0.15, LOOK: 0.04}


class Chaos:
    """Decides which fault comes next and writes it down first."""

    def __init__(self, seed, log, rate):
        self.rng, self.log, self.rate = random.Random(seed), log, rate

    def pick(self, faults):
        # Sending is where orders are lost and doubled, and happens least often.
        if self.rng.random() >= self.rate * WEIGHTS[faults]:
            return None
        fault = self.rng.choice(faults)
        self.note(fault)
        return fault

    def note(self, fault):
        with self.log.open("a") as out:
            out.write(fault + "\n")

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)


class HostileBroker(BrokerHabits):
    """See above. `truth` is a `PaperBroker`."""

    name, converts = "hostile", True

    def __init__(self, truth, chaos, duplicates):
        self.truth, self.chaos, self.duplicates = truth, chaos, duplicates

    def submit(self, order):
        fault = self.chaos.pick(SUBMIT)
        if fault in ("hang before reading", "500 before"):
            raise NoAnswer("fault", fault, "ask")
        if fault == "429":
            raise OrderNotTaken("fault", fault, "later")
        if fault == "kill before":
            self.chaos.die()
        if self.truth._row(order.id) is not None:
            with self.duplicates.open("a") as out:
                out.write(order.id + "\n")
        report = self.truth.submit(order)
        if fault == "kill after":
            self.chaos.die()
        if fault == "reject after accepting":
            self._reject(order)
        elif fault == "answer with an older state" and report.state != "rejected":
            return replace(report, state="accepted", filled=D(0), paid=D(0), fees=D(0))
        elif fault is not None:
            raise NoAnswer("fault", fault, "ask")
        return report

    def _reject(self, order):
        self.truth._db.execute(
            "UPDATE orders SET state = 'rejected' WHERE id = ? AND state IN ('accepted', 'partially_filled')",
            (order.id,),
        )

    def find(self, order):
        fault = self.chaos.pick(ASK)
        if fault == "kill":
            self.chaos.die()
        if fault in ("hang", "503"):
            raise ServiceError("fault", fault, "ask again")
        report = self.truth.find(order)
        if fault == "forget":
            return None
        if fault == "older state" and report is not None and report.state != "rejected":
            return replace(report, state="accepted", filled=D(0), paid=D(0), fees=D(0))
        if fault == "answer twice":
            return self.truth.find(order)
        return report

    def statement(self):
        fault = self.chaos.pick(LOOK)
        if fault == "kill":
            self.chaos.die()
        if fault == "hang":
            raise ServiceError("fault", fault, "ask again")
        true = self.truth.statement()
        if fault in ("lie high", "lie low"):
            by = D(100) if fault == "lie high" else D("0.01")
            balances = tuple(
                replace(p, buying_power=p.buying_power * by, settled=p.settled * by) for p in true.balances
            )
            return replace(true, balances=balances)
        return true

    def is_open(self, exchange):
        return self.truth.is_open(exchange)

    def open_orders(self):
        return self.truth.open_orders()

    def cancel(self, order):
        return self.truth.cancel(order)

    def fills(self, since):
        return self.truth.fills(since)


@dataclass
class Verdict:
    """What one trial showed; `problems` must stay empty. `changes` counts fills that changed money."""

    faults: list
    problems: list
    kills: int
    recoveries: list
    changes: int = 0


def trial(folder: Path, seed: int, rate: float = 1.0) -> Verdict:
    """Run one plan through faults and kills until it is over, and compare everything with the truth."""
    rng = random.Random(seed)
    log, duplicates = folder / "faults.log", folder / "duplicates.log"
    wanted = PLANS[seed % len(PLANS)]()
    office = Office(folder, wanted, fill_at_most=rng.choice([None, D(1), D(3)]))
    start = dict(office.prices)
    office.book.save_plan(wanted, office.clock.at)
    office.book.close()
    office.broker.close()
    kills = 0
    recoveries = []
    for attempt in range(40):
        calm = attempt >= 12
        if calm:
            # Quiet at last; after a day even orders nobody ever saw are over.
            office.clock.at += timedelta(hours=0 if attempt == 12 else 25)
        # Off the market now and then, so that orders wait, fill in parts and are rejected while open.
        for order in (*wanted.trades, *wanted.conversions):
            away = D("0.992") if order.side == "sell" else D("1.0112")
            still = calm or rng.random() < 0.6
            office.prices[order.symbol] = start[order.symbol] * (1 if still else away)
        began = perf_counter()
        status = _child(
            office, wanted.id, random.Random(rng.random()), log, duplicates, 0.0 if calm else rate
        )
        if calm:
            recoveries.append(perf_counter() - began)
        kills += status == "killed"
        if status == "crashed":
            return Verdict(_lines(log), ["the child crashed"], kills, recoveries)
        if status == "done":
            break
        office.clock.at += timedelta(seconds=30)
    problems, changes = _problems(office, wanted, duplicates, status)
    return Verdict(_lines(log), problems, kills, recoveries, changes)


def _child(office, plan_id, rng, log, duplicates, rate):
    """Execute in a process of its own; say how it ended."""
    pid = os.fork()
    if not pid:
        code = 70
        try:
            code = _execute(office, plan_id, Chaos(rng.random(), log, rate), duplicates)
        except (ServiceError, PlanError):
            code = 3
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    return {0: "done", 3: "waiting"}.get(os.WEXITSTATUS(status), "crashed")


def _execute(office, plan_id, chaos, duplicates):
    office.reopen()
    if chaos.rng.random() < chaos.rate * 0.4:
        # kill -9 at a random statement of the order book, inside its transactions too
        left = chaos.rng.randrange(5, 160)

        def count(statement):
            nonlocal left
            left -= 1
            if not left:
                chaos.note("kill in a statement")
                chaos.die()

        office.book._db.set_trace_callback(count)
    broker = HostileBroker(office.broker, chaos, duplicates)
    prices = {s: (p, office.clock.now()) for s, p in office.prices.items()}
    terms = ExecutionTerms(limits=NO_LIMITS, polls=8)
    desk = Desk(office.book, {"main": broker}, office.clock)
    result = execute(desk, office.book.plan(plan_id), Market(prices), terms, live=True, who=Approver("min"))
    return 0 if result.outcome == "done" or plan_id in office.book.finished() else 3


def _problems(office, wanted, duplicates, status):
    """Compare the book with the truth at the broker; return what differs, and how often money was changed."""
    office.reopen()
    with closing(office.book) as book, closing(office.broker) as truth:
        found = [f"duplicate {line}" for line in _lines(duplicates)]
        if status != "done":
            found.append(f"it ended {status}: {[(o.symbol, o.state) for o in book.orders()]}")
        desk = Desk(book, {"main": truth}, office.clock)
        sync(desk, lambda: (), since=date(2026, 11, 1))
        ours = {o.id: o for o in book.orders()}
        theirs = {r["id"]: r for r in truth._query("SELECT * FROM orders")}
        for order_id, row in theirs.items():
            if order_id not in ours:
                found.append(f"lost {order_id}")
                continue
            order = ours[order_id]
            there = (row["state"], D(row["filled"]), D(row["paid"]), str(row["number"]))
            here = (order.state, order.filled, order.paid, order.broker_id)
            if there != here:
                found.append(f"{order.symbol}: the broker has {there}, the book {here}")
        for order_id, order in ours.items():
            if order_id not in theirs and order.filled:
                found.append(f"{order.symbol} filled in the book only")
        for trade in (*wanted.trades, *wanted.conversions):
            sent = sum(D(r["shares"]) for r in theirs.values() if r["symbol"] == trade.symbol)
            if sent > trade.shares:
                found.append(f"{sent} {trade.symbol} sent, {trade.shares} planned")
        found += _overspent(wanted, truth)
        broken = verify(book)
        if broken is not None:
            found.append(f"audit: {broken}")
        money = {c.symbol for c in wanted.conversions}
        return found, sum(f.symbol in money for f in truth.fills(date(2026, 11, 1)))


def _overspent(wanted, truth):
    """Follow the money through the fills: no balance below zero, the reserve whole, and the end as shown.

    Foreign money is counted at the plan's rate; what changing it at another rate made of it is told apart.
    """
    balances, base, moved, found = dict(wanted.cash["main"]), wanted.base_currency, D(0), []
    changed = {c.symbol for c in wanted.conversions}
    for fill in truth.fills(date(2026, 11, 1)):
        sign = 1 if fill.side == "sell" else -1
        balances[fill.currency] = (
            balances.get(fill.currency, D(0)) + sign * fill.shares * fill.price - fill.fees
        )
        foreign = fill.symbol.removesuffix(base)
        if fill.symbol in changed:
            balances[foreign] = balances.get(foreign, D(0)) - sign * fill.shares
            moved += sign * fill.shares * (wanted.fx[foreign] - fill.price)
        if min(balances.values()) < 0:
            found.append(f"a balance fell below zero: {balances}")
        cash = sum(money * wanted.fx[currency] for currency, money in balances.items())
        if cash < wanted.reserve - max(moved, D(0)):
            found.append(f"cash fell to {cash}, below the reserve")
    shown = truth.statement()
    if any(shown.balance(currency).cash != money for currency, money in balances.items()):
        found.append("cash does not follow from the fills")
    return found


def home():
    """Dollars from selling VOO become won for 069500."""
    trades = ("VOO", "sell", 4), ("069500", "buy", 90)
    return in_two_moneys(*trades, cash={"KRW": D(1_000_000)}, reserve=500_000)


def abroad():
    """Won from selling 069500 become dollars for VOO."""
    trades = ("069500", "sell", 60), ("VOO", "buy", 4)
    return in_two_moneys(*trades, cash={"KRW": D(1_500_000)}, reserve=400_000)


PLANS = (plan, home, abroad)
"""One plan in dollars alone and two that change money; a trial's seed says which."""


def _lines(path):
    return path.read_text().splitlines() if path.exists() else []
