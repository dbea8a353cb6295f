"""Which money is changed for a plan, worked by hand."""

from decimal import Decimal

from steelyard.domain.trading.conversion_orders import conversions
from steelyard.domain.trading.saved_plans import SavedTrade

D = Decimal
FX = {"KRW": D(1), "USD": D("1392.10"), "EUR": D(1500)}


def trade(symbol, side, shares, price, currency, account="main"):
    """With 0.1 % commission; `cost` is in won."""
    worth = D(shares) * D(price) * FX[currency]
    exchange = "XKRX" if currency == "KRW" else "XNYS"
    return SavedTrade(
        account, symbol, side, D(shares), D(price), currency, worth, worth / 1000, "drift", exchange
    )


def changed(trades, cash, spread="0.005"):
    found = conversions(trades, cash, FX, base="KRW", spread=D(spread))
    return [(c.account, c.symbol, c.side, c.shares) for c in found]


def test_dollars_that_are_short_are_bought_for_won():
    """3 VOO at 612.40 and 0.1 % cost 1,839.0372 USD: rounded up to a cent."""
    trades = (trade("VOO", "buy", 3, "612.40", "USD"),)
    assert changed(trades, {"main": {"KRW": D(6_000_000)}}) == [("main", "USDKRW", "buy", D("1839.04"))]


def test_dollars_that_are_there_are_used_first():
    trades = (trade("VOO", "buy", 3, "612.40", "USD"),)
    cash = {"main": {"KRW": D(6_000_000), "USD": D(1000)}}
    assert changed(trades, cash) == [("main", "USDKRW", "buy", D("839.04"))]
    assert changed(trades, {"main": {"USD": D("1839.0372")}}) == []


def test_won_that_are_short_are_raised_by_selling_no_more_dollars_than_needed():
    """50 x 35,000 and 0.1 % are 1,751,750; 500,000 are there. 1,251,750 / (1,392.10 x 0.995) = 903.70 dollars
    and a fraction of a cent. There are 300 and 611.7876 from the sale."""
    trades = (trade("VOO", "sell", 1, "612.40", "USD"), trade("069500", "buy", 50, 35_000, "KRW"))
    cash = {"main": {"KRW": D(500_000), "USD": D(300)}}
    assert changed(trades, cash) == [("main", "USDKRW", "sell", D("903.70"))]


def test_no_more_foreign_money_is_sold_than_the_trades_leave_over():
    trades = (trade("069500", "buy", 50, 35_000, "KRW"),)
    cash = {"main": {"KRW": D(500_000), "USD": D("100.009")}}
    assert changed(trades, cash) == [("main", "USDKRW", "sell", D("100.00"))]


def test_two_foreign_currencies_go_through_the_base_and_sales_come_first():
    """1,839.04 dollars at 1,392.10 and 0.5 % are 2,572,928.22 won: 1,723.91 euros at 1,500 less 0.5 %."""
    trades = (trade("VOO", "buy", 3, "612.40", "USD"),)
    assert changed(trades, {"main": {"EUR": D(5000)}}) == [
        ("main", "EURKRW", "sell", D("1723.91")),
        ("main", "USDKRW", "buy", D("1839.04")),
    ]


def test_money_never_moves_between_accounts():
    trades = (trade("VOO", "buy", 1, 100, "USD", "a"), trade("069500", "buy", 1, 35_000, "KRW", "b"))
    cash = {"a": {"KRW": D(200_000)}, "b": {"KRW": D(40_000), "USD": D(500)}}
    assert changed(trades, cash) == [("a", "USDKRW", "buy", D("100.10"))]


def test_a_conversion_names_its_price_and_its_cost_in_base_money():
    (leg,) = conversions(
        (trade("VOO", "buy", 1, 100, "USD"),),
        {"main": {"KRW": D(10**6)}},
        FX,
        base="KRW",
        spread=D("0.005"),
    )
    assert (leg.price, leg.currency, leg.exchange) == (D("1392.10"), "KRW", "FX")
    assert (leg.amount, leg.cost) == (D("100.10") * D("1392.10"), D("100.10") * D("1392.10") * D("0.005"))
