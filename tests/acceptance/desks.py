"""A desk to execute on: a book, paper brokers, a clock and a plan worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from steelyard.adapters.broker_paper import PaperBroker, PaperTerms
from steelyard.adapters.calendar import ExchangeSessions
from steelyard.adapters.order_book_sqlite import SqliteOrderBook
from steelyard.app.execute import Market, execute
from steelyard.app.order_reports import Desk
from steelyard.domain.execution import Terms
from steelyard.domain.saved_plans import SavedPlan, SavedTrade

D = Decimal
MOMENT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self, at=MOMENT):
        self.at = at

    def now(self):
        return self.at

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


def trade(symbol, side, shares, price, **more):
    amount = D(shares) * D(price)
    facts = {"cost": amount / 1000, "reason": "drift", "exchange": "XNYS", **more}
    return SavedTrade("main", symbol, side, D(shares), D(price), "USD", amount, **facts)


def plan(**changes):
    """Sell 4 VOO at 500 and buy 20 TLT at 90 and 1 GLD at 250, 0.1 % commission, 1,000 USD in cash.

    Sales bring 1,998 after commission; 2,998 less 1,801.8 less 250.25 leaves 945.95; 900 stay.
    """
    base = SavedPlan(
        as_of=date(2026, 11, 24),
        base_currency="USD",
        policy="threshold 5%",
        targets={"VOO": D("0.5"), "TLT": D("0.3"), "GLD": D("0.2")},
        reserve=D(900),
        value=D(14_000),
        turnover=D(4050),
        commission=D("0.001"),
        min_commission=D(0),
        cash={"main": {"USD": D(1000)}},
        shares={"main": {"VOO": D(20), "TLT": D(10), "GLD": D(8)}},
        prices={"VOO": (D(500), "USD"), "TLT": (D(90), "USD"), "GLD": (D(250), "USD")},
        fx={"USD": D(1)},
        trades=(
            trade("VOO", "sell", 4, 500),
            trade("TLT", "buy", 20, 90),
            trade("GLD", "buy", 1, 250),
        ),
        inputs={"file": "words"},
        saved_at=MOMENT,
    )
    return replace(base, **changes)


class Office:
    """Everything one test needs, in one folder; `reopen` is a new process on the same files."""

    def __init__(self, folder, **paper):
        self.folder, self.clock = folder, Clock()
        self.prices = {"VOO": D(500), "TLT": D(90), "GLD": D(250)}
        self.paper_terms = PaperTerms(**{"commission": D("0.001"), **paper})
        self.reopen()
        if self.broker.is_empty():
            self.broker.endow({"USD": D(1000)}, {"VOO": D(20), "TLT": D(10), "GLD": D(8)})

    def reopen(self):
        self.book = SqliteOrderBook(self.folder / "steelyard.db")
        self.broker = PaperBroker(
            self.folder / "paper.db",
            "main",
            prices=self.prices.get,
            now=self.clock.now,
            sessions=ExchangeSessions(),
            terms=self.paper_terms,
        )

    def market(self):
        return Market({s: (p, self.clock.at) for s, p in self.prices.items()})

    def execute(self, wanted, *, live=True, broker=None, book=None, who="min", unattended=False, **terms):
        book = book or self.book
        book.save_plan(wanted, wanted.saved_at or self.clock.at)
        desk = Desk(book, {"main": broker or self.broker}, self.clock)
        chosen = Terms(**{"polls": 6, **terms})
        return execute(
            desk, book.plan(wanted.id), self.market(), chosen, live=live, who=who, unattended=unattended
        )
