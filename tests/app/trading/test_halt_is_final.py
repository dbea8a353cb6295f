"""A halt against a process that waits and one that sleeps: what it says is cancelled never reaches a broker.

Each trial carries the desk's plan out (sell 4 VOO, then buy 20 TLT and 1 GLD) while somebody halts and
resumes; a seed says in which order the steps of the three come, and when the sale fills.
"""

import random
import threading
from contextlib import closing

import pytest

from acceptance.desks import MOMENT, NO_LIMITS, Clock, Office, plan
from acceptance.interleaving import Stage
from lanes import sizes
from steelyard.adapters.database.copies import back_up, restore
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.app.trading import sync
from steelyard.app.trading.execute import execute
from steelyard.app.trading.market import Market
from steelyard.app.trading.order_reports import Desk
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.execution import ExecutionTerms
from steelyard.errors import PlanError


class Trial:
    """One folder, two or three actors with connections of their own, and what reached the broker."""

    def __init__(self, folder, seed):
        self.rng = random.Random(seed)
        self.office, self.stage = Office(folder), Stage(self.rng)
        self.office.book.save_plan(plan(), MOMENT)
        self.office.prices["VOO"] = self.rng.choice([496, 500, 500])
        self.submitted, self.halted_at, self.told, self.failed = [], None, {}, {}
        self.clock = self.stage.watched(_Clock(self))

    def desk(self):
        """As a process of its own has it."""
        mine = object.__new__(Office)
        mine.__dict__ |= self.office.__dict__
        mine.reopen()
        return Desk(self.stage.watched(mine.book), {"main": _Broker(self, mine.broker)}, self.clock)

    def carry_out(self):
        desk = self.desk()
        desk = Desk(_Book(desk.book), desk.brokers, desk.clock)
        prices = {s: (p, MOMENT) for s, p in plan().prices.items() for p in [p[0]]}
        terms = ExecutionTerms(limits=NO_LIMITS, polls=8, poll_seconds=4)
        try:
            execute(desk, desk.book.plan(plan().id), Market(prices), terms, live=True, who=Approver("min"))
        except PlanError as error:
            if error.code != "another-run":
                raise

    def carry_out_again(self):
        """Another call afterwards, by somebody who looks at nothing."""
        self.stage.enter("third execute", self.carry_out)
        self.stage.play()

    def stop(self):
        desk = self.desk()
        for _ in range(self.rng.randrange(130)):
            self.stage.point()
        after, self.failed = sync.halt(desk, "fire")
        self.halted_at = len(self.submitted)
        self.told = {o.id: o for o in after}
        for _ in range(self.rng.randrange(6)):
            self.stage.point()
        desk.book.resume(self.clock.now())

    def problems(self):
        found = list(self.stage.problems)
        self.office.reopen()
        there = {r["id"]: r for r in self.office.broker._query("SELECT * FROM orders")}
        # A run that began after the halt was lifted is somebody's new decision.
        late = [i for i, halts in self.submitted[self.halted_at :] if not halts and i not in self.failed]
        found += [f"{i[:9]} reached the broker after the halt had ended" for i in late]
        if len({i for i, _ in self.submitted}) < len(self.submitted):
            found.append("an order reached the broker twice")
        kept = {o.id: o for o in self.office.book.orders()}
        for name, told in self.told.items():
            now = kept[name]
            if told.state == "cancelled" and (now.state, now.filled) != ("cancelled", told.filled):
                found.append(f"{name[:9]} was told cancelled, and is {now.state} with {now.filled}")
            if name in there and told.state == "cancelled" and there[name]["filled"] != str(told.filled):
                found.append(f"{name[:9]} was told cancelled, and the broker filled {there[name]['filled']}")
        found += [f"{i[:9]} is still planned" for i in self.told if kept[i].state == "planned"]
        broken = sync.verify(self.office.book)
        return found + ([f"audit: {broken}"] if broken else [])


class _Clock(Clock):
    """The sale may fill while somebody waits."""

    def __init__(self, trial):
        super().__init__()
        self._trial = trial

    def wait(self, seconds):
        super().wait(seconds)
        self._trial.office.clock.at = self.at
        if self._trial.rng.random() < 0.3:
            self._trial.office.prices["VOO"] = 500


class _Book:
    """Remembers how many halts there had been when this actor's run began."""

    began = threading.local()

    def __init__(self, book):
        self._book, self._first = book, True

    def __getattr__(self, name):
        return getattr(self._book, name)

    def halts(self):
        found = self._book.halts()
        if self._first:
            self.began.halts, self._first = found, False
        return found


class _Broker:
    """Writes down what reaches it."""

    def __init__(self, trial, paper):
        self._trial, self._paper = trial, trial.stage.watched(paper)
        self.name = "paper"

    def __getattr__(self, name):
        return getattr(self._paper, name)

    def submit(self, order):
        self._trial.stage.point()  # asleep between "sent" and the call
        self._trial.submitted.append((order.id, _Book.began.halts))
        return self._paper.submit(order)


def is_halted(folder):
    with closing(SqliteOrderBook(folder / "steelyard.db")) as book:
        return book.halted()


@pytest.mark.parametrize("trials", sizes(15, 60, "sixty interleavings with a restore among them"))
def test_a_restore_in_between_sends_nothing_twice_and_lifts_no_halt(tmp_path, trials):
    """The copy is of before anything was sent; it comes back between two executes and a halt."""
    problems, restored = [], 0
    for seed in range(trials):
        folder = tmp_path / str(seed)
        folder.mkdir()
        trial = Trial(folder, seed)
        back_up(folder / "steelyard.db", folder / "b.db")

        def put_back(trial=trial, folder=folder):
            nonlocal restored
            for _ in range(trial.rng.randrange(130)):
                trial.stage.point()
            halted = is_halted(folder)
            try:
                restore(folder / "b.db", folder / "steelyard.db", trial.office.clock.at)
            except PlanError:
                return  # a plan is being carried out
            restored += 1
            if halted and not is_halted(folder):
                trial.stage.problems.append("the restore lifted a halt")

        trial.stage.enter("execute", trial.carry_out)
        trial.stage.enter("restore", put_back)
        trial.stage.enter("halt", trial.stop)
        trial.stage.play()
        trial.carry_out_again()
        problems += [f"seed {seed}: {p}" for p in trial.problems()]
    assert problems == []
    assert restored > trials / 5


@pytest.mark.parametrize("trials", sizes(40, 1000, "a thousand interleavings, each on databases of its own"))
def test_no_interleaving_sends_an_order_that_a_halt_reported_cancelled(tmp_path, trials):
    problems, reached, met = [], 0, 0
    for seed in range(trials):
        folder = tmp_path / str(seed)
        folder.mkdir()
        trial = Trial(folder, seed)
        trial.stage.enter("execute", trial.carry_out)
        if seed % 4 == 0:
            trial.stage.enter("second execute", trial.carry_out)
        trial.stage.enter("halt", trial.stop)
        trial.stage.play()
        problems += [f"seed {seed}: {p}" for p in trial.problems()]
        reached += len(trial.submitted)
        met += any(o.state == "cancelled" for o in trial.told.values())
    assert problems == []
    assert reached > trials / 2, "the halt came before anything in most of them"
    assert met > trials / 4, "the halt met orders in few of them"
