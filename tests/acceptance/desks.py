"""A desk to execute on: a book, paper brokers, a clock and a plan worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.trading.execute import Market, execute
from steelyard.app.trading.order_reports import Desk
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.conversion_orders import conversions
from steelyard.domain.trading.execution import ExecutionTerms
from steelyard.domain.trading.guardrails import OrderLimits
from steelyard.domain.trading.saved_plans import SavedPlan, SavedTrade

D = Decimal
MOMENT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
NO_LIMITS = OrderLimits(max_order_part=None, max_turnover=None, collar=None, max_price_age_hours=None)
"""What is not about limits is tried without them: the plan below sells a third of its account."""


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self, at=MOMENT):
        self.at = at

    def now(self):
        return self.at

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


def trade(symbol, side, shares, price, account="main", **more):
    amount = D(shares) * D(price)
    facts = {"cost": amount / 1000, "reason": "drift", "exchange": "XNYS", **more}
    return SavedTrade(account, symbol, side, D(shares), D(price), "USD", amount, **facts)


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


def in_two_moneys(*trades, cash, reserve):
    """A plan in won of (symbol, side, shares); what is short is changed at 1,400 won, 0.5 % of spread.

    VOO costs 500 dollars, 069500 35,000 won; 10 and 100 shares are held; 0.1 % commission.
    """
    rates, prices = {"KRW": D(1), "USD": D(1400)}, {"VOO": (D(500), "USD"), "069500": (D(35_000), "KRW")}
    saved = []
    for symbol, side, shares in trades:
        price, currency = prices[symbol]
        worth = shares * price * rates[currency]
        facts = {
            "currency": currency,
            "cost": worth / 1000,
            "exchange": "XNYS" if currency == "USD" else "XKRX",
        }
        saved.append(replace(trade(symbol, side, shares, price), amount=worth, **facts))
    return plan(
        base_currency="KRW",
        targets={"VOO": D("0.5"), "069500": D("0.5")},
        reserve=D(reserve),
        value=D(12_000_000),
        turnover=sum(t.amount for t in saved),
        cash={"main": cash},
        shares={"main": {"VOO": D(10), "069500": D(100)}},
        prices=prices,
        fx=rates,
        trades=tuple(saved),
        conversions=conversions(tuple(saved), {"main": cash}, rates, base="KRW", spread=D("0.005")),
        fx_spread=D("0.005"),
    )


class Office:
    """Everything one test needs, in one folder; `reopen` is a new process on the same files.

    The paper account begins as `wanted` found it.
    """

    def __init__(self, folder, wanted=None, **paper):
        self.folder, self.clock = folder, Clock()
        wanted = wanted or plan()
        self.prices = {s: price for s, (price, _) in wanted.prices.items()}
        self.prices |= {f"{c}{wanted.base_currency}": rate for c, rate in wanted.fx.items() if rate != 1}
        self.paper_terms = PaperTerms(
            **{"commission": wanted.commission, "fx_spread": wanted.fx_spread, **paper}
        )
        self.reopen()
        if self.broker.is_empty():
            self.broker.endow(wanted.cash["main"], wanted.shares["main"])

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
        if wanted.id not in {p.id for p in book.plans(datetime(2000, 1, 1, tzinfo=UTC))}:
            book.save_plan(wanted, wanted.saved_at or self.clock.at)
        desk = Desk(book, {"main": broker or self.broker}, self.clock)
        chosen = ExecutionTerms(**{"polls": 6, "limits": NO_LIMITS, **terms})
        saved, named = book.plan(wanted.id), who if isinstance(who, Approver) else Approver(who)
        return execute(desk, saved, self.market(), chosen, live=live, who=named, unattended=unattended)
