"""Portfolios with a [tax] section and journals for them, as the tests of taxes write them."""

from datetime import date
from decimal import Decimal

from steelyard.adapters.calendar import ExchangeSessions
from steelyard.adapters.packaged_data import load_catalogue, load_tax_rules
from steelyard.adapters.portfolio_file import parse
from steelyard.app.tax import situation
from steelyard.domain.ledger import Entry

D = Decimal
DAY = date(2026, 11, 23)
LONG_AGO = date(2025, 1, 10)
SPRING = date(2026, 5, 4)

US = 'jurisdiction = "US"\nordinary_rate = "32%"'
KR = 'jurisdiction = "KR"'


def portfolio(tax, prices, *, method="fifo", commission="0%", lots=None):
    """A file with prices; what is held comes from the journal of the test, or from `lots`."""
    base = "USD" if "US" in tax else "KRW"
    lines = [f'base_currency = "{base}"', "[targets]"]
    lines += [f'"{s}" = "{w}%"' for s, w in zip(prices, [100] + [0] * (len(prices) - 1), strict=True)]
    lines += ["[costs]", f'commission = "{commission}"', "[tax]", tax]
    lines += ["[[accounts]]", 'name = "main"', f'cost_method = "{method}"']
    for symbol, price in prices.items():
        held = sum(n for _, n, _ in (lots or {}).get(symbol, ())) or 1
        lines += ["[[accounts.positions]]", f'symbol = "{symbol}"', f"shares = {held}"]
        lines += [f'price = "{price} {base}"']
        rows = [
            f'{{ bought = {day}, shares = {n}, unit_cost = "{cost} {base}" }}'
            for day, n, cost in (lots or {}).get(symbol, ())
        ]
        if rows:
            lines += [f"lots = [{', '.join(rows)}]"]
    lines += ["[[accounts]]", 'name = "ira"', 'kind = "ira"'] if base == "USD" else []
    return parse("\n".join(lines), "portfolio.toml", load_catalogue())


def trade(kind, day, symbol, shares, price, *, account="main", currency="USD", **more):
    return Entry(day, account, kind, symbol, D(shares), D(price), currency, **more)


def buy(*facts, **more):
    return trade("buy", *facts, **more)


def won(day, symbol, shares, price, kind="buy"):
    return trade(kind, day, symbol, shares, price, currency="KRW")


def known(held, entries=(), *, as_of=DAY):
    """What tax is computed from, with the data of the country."""
    figures = load_tax_rules("US" if held.base_currency == "USD" else "KR")
    return situation(held, list(entries), ExchangeSessions(), figures, as_of=as_of, selling=True)
