"""Whatever the market fills or moves: no balance below zero, the reserve whole, never more than planned.

Random plans in two currencies on a paper account that keeps the truth; what happened is read off its fills.
"""

import tempfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from acceptance.desks import MOMENT, NO_LIMITS, Clock
from lanes import given_in_lanes
from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.database.order_book import SqliteOrderBook
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.trading.execute import execute
from steelyard.app.trading.market import Market
from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.sync import cancel, verify
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.conversion_orders import conversions
from steelyard.domain.trading.execution import ExecutionTerms
from steelyard.domain.trading.saved_plans import SavedPlan, SavedTrade

D = Decimal
RATES = {"KRW": D(1), "USD": D(1400)}
WHERE = {"VOO": ("USD", "XNYS"), "GLD": ("USD", "XNYS"), "069500": ("KRW", "XKRX"), "148070": ("KRW", "XKRX")}
HELD = 10


@st.composite
def plans(draw):
    """Up to four trades, affordable or not, with any cash, reserve, commission and spread."""
    prices = {
        "VOO": draw(st.integers(4_000, 70_000)) / D(100),
        "GLD": draw(st.integers(4_000, 70_000)) / D(100),
        "069500": D(draw(st.integers(400, 20_000)) * 5),
        "148070": D(draw(st.integers(400, 20_000)) * 5),
    }
    rate = D(draw(st.sampled_from(["0", "0.001", "0.0025"])))
    trades = []
    for symbol in draw(st.lists(st.sampled_from(list(WHERE)), min_size=1, unique=True)):
        side = draw(st.sampled_from(["buy", "buy", "sell"]))
        shares = D(draw(st.integers(1, HELD if side == "sell" else 30)))
        currency, exchange = WHERE[symbol]
        worth = shares * prices[symbol] * RATES[currency]
        trades.append(
            SavedTrade(
                "main", symbol, side, shares, prices[symbol], currency, worth, worth * rate, "any", exchange
            )
        )
    cash = {"KRW": D(draw(st.integers(0, 8_000_000))), "USD": draw(st.integers(0, 400_000)) / D(100)}
    spread = D(draw(st.sampled_from(["0", "0.005"])))
    total = cash["KRW"] + cash["USD"] * 1400
    trades = tuple(sorted(trades, key=lambda t: t.side != "sell"))
    changed = conversions(trades, {"main": cash}, RATES, base="KRW", spread=spread)
    return SavedPlan(
        as_of=date(2026, 11, 24),
        base_currency="KRW",
        policy="threshold 5%",
        targets=dict.fromkeys(WHERE, D("0.25")),
        reserve=min(total, D(draw(st.one_of(st.integers(0, 3_000_000), st.just(10**9))))),
        value=D(50_000_000),
        turnover=sum((t.amount for t in trades), D(0)),
        commission=rate,
        min_commission=D(draw(st.sampled_from([0, 2_000]))),
        cash={"main": cash},
        shares={"main": dict.fromkeys(WHERE, D(HELD))},
        prices={s: (p, WHERE[s][0]) for s, p in prices.items()},
        fx=RATES,
        trades=trades,
        conversions=changed,
        fx_spread=spread,
        inputs={"file": "words"},
        saved_at=MOMENT,
    )


@given_in_lanes(
    plans(),
    st.sampled_from([None, D(1), D(4), D(500)]),
    st.lists(st.tuples(st.sampled_from([*WHERE, "USDKRW"]), st.integers(-19, 19)), max_size=6),
    st.booleans(),
    few=15,
    many=120,
    reason="whole plans carried out, look by look, at prices that move",
)
def test_no_fill_takes_a_purse_below_zero_or_the_cash_below_the_reserve(plan, at_most, moves, stop_one):
    """Prices move by up to 1.9 % between two calls; one open order may be cancelled on the way."""
    with tempfile.TemporaryDirectory() as folder:
        prices = {s: p for s, (p, _) in plan.prices.items()} | {"USDKRW": D(1400)}
        clock, book = Clock(), SqliteOrderBook(Path(folder) / "steelyard.db")
        paper = PaperBroker(
            Path(folder) / "paper.db",
            "main",
            prices=prices.get,
            now=clock.now,
            sessions=ExchangeSessions(),
            terms=PaperTerms(plan.commission, plan.fx_spread, fill_at_most=at_most),
        )
        paper.endow(plan.cash["main"], plan.shares["main"])
        book.save_plan(plan, MOMENT)
        desk = Desk(book, {"main": paper}, clock)
        for symbol, mills in [*moves, ("", 0), ("", 0)]:
            if symbol:
                start = plan.prices[symbol][0] if symbol in plan.prices else D(1400)
                prices[symbol] = start * (1000 + mills) / 1000
            market = Market({s: (p, clock.at) for s, p in prices.items()})
            execute(
                desk,
                book.plan(plan.id),
                market,
                ExecutionTerms(limits=NO_LIMITS, polls=3),
                live=True,
                who=Approver("min"),
            )
            out = [o for o in book.orders() if o.is_out]
            if stop_one and out:
                cancel(desk, out[0])
            clock.at += timedelta(minutes=1)
        _holds(plan, paper.fills(date(2026, 11, 1)), paper)
        assert verify(book) is None
        paper.close()
        book.close()


def _holds(plan, fills, paper):
    balance, moved = dict(plan.cash["main"]), D(0)
    for f in fills:
        sign = 1 if f.side == "sell" else -1
        balance[f.currency] += sign * f.shares * f.price - f.fees
        if f.symbol == "USDKRW":
            balance["USD"] -= sign * f.shares
            # Dollars are counted at the plan's 1,400 won; what another rate made of them is told apart.
            moved += sign * f.shares * (1400 - f.price)
        assert min(balance.values()) >= 0, (f, balance)
        assert balance["KRW"] + balance["USD"] * 1400 >= plan.reserve - max(moved, D(0)), (f, balance)
    sent = Counter()
    for row in paper._query("SELECT symbol, shares FROM orders WHERE state != 'rejected'"):
        sent[row["symbol"]] += D(row["shares"])
    for t in (*plan.trades, *plan.conversions):
        assert sent.pop(t.symbol, D(0)) <= t.shares
    assert not sent
