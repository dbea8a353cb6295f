"""Portfolios with a [tax] section and journals for them, as the tests of taxes write them."""

from datetime import date
from decimal import Decimal

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.harvest.sale_value import Assumptions
from steelyard.app.tax.situation import situations
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.portfolio_books import Books, with_books

D = Decimal
NO_LATER = Assumptions(likelihood=D(0))
"""A harvest is worth what it saves this year: a loss carried on counts nothing."""
DAY = date(2026, 11, 23)
LONG_AGO = date(2025, 1, 10)
SPRING = date(2026, 5, 4)

US = 'jurisdiction = "US"\nordinary_rate = "32%"'
KR = 'jurisdiction = "KR"'


def portfolio(tax, prices, *, method="fifo", commission="0%", least=0, lots=None):
    """A file with prices; what is held comes from the journal of the test, or from `lots`."""
    base = "USD" if "US" in tax else "KRW"
    lines = [f'base_currency = "{base}"', "[targets]"]
    lines += [f'"{s}" = "{w}%"' for s, w in zip(prices, [100] + [0] * (len(prices) - 1), strict=True)]
    lines += ["[costs]", f'commission = "{commission}"', f'min_commission = "{least} {base}"']
    lines += ["[tax]", tax]
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
    kept = with_books(held, Books(tuple(entries)))
    return situations(kept, ExchangeSessions(), load_tax_rules, as_of=as_of, selling=True)


ORDINARY = [(0, "0.10"), (12_400, "0.12"), (50_400, "0.22"), (105_700, "0.24"), (201_775, "0.32")]
GAINS = [(0, "0"), (49_450, "0.15"), (545_500, "0.20")]


def scale(rows, low, high):
    """The tax on the part of income between two amounts."""
    total = D(0)
    for (start, rate), (end, _) in zip(rows, [*rows[1:], (10**9, "0")], strict=True):
        total += D(rate) * max(min(high, end) - max(low, start), 0)
    return total


def schedule_d(income, short, long):
    """What net gains add to a single return of 2026: netting, 3,000 of other income, then the brackets or, if
    it is less, the ordinary rates on everything."""
    net = short + long
    if net <= 0:
        return -scale(ORDINARY, max(income - min(-net, 3000), 0), income)
    if short < 0:
        short, long = D(0), net
    elif long < 0:
        short, long = net, D(0)
    at_rates = scale(ORDINARY, income, income + short) + scale(GAINS, income + short, income + short + long)
    return min(at_rates, scale(ORDINARY, income, income + short + long))
