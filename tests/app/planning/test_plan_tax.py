"""The tax a plan shows, against every selection of lots that the account's method allows.

The expected tax is written out below as the forms have it, and never taken from the country modules; a lot is
(bought, shares, unit cost).
"""

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from steelyard import plan
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.planning.plan import plan as plan_with
from steelyard.app.tax.situation import situations
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.portfolio_books import Books, with_books
from steelyard.errors import InputError
from tax_files import schedule_d

D = Decimal
DAY = date(2026, 11, 23)
PRICE = 100


def estimated(short, long):
    """Short and long gains, each other, then 3,000 of ordinary income; 32 % and 15 % (no income stated)."""
    total = short + long
    if total < 0:
        return -D("0.32") * min(-total, 3000)
    if short < 0:
        return D("0.15") * total
    if long < 0:
        return D("0.32") * total
    return D("0.32") * short + D("0.15") * long


def korean(gain):
    """22 % above 2,500,000: 20 % of national tax and a tenth of it on top."""
    return max(gain - 2_500_000, D(0)) * D("0.22")


def tax_of(country, lots, taken, scale, income=None):
    """The tax on a selection; `lots` are (bought, shares, unit cost), `taken` shares of each."""
    short = long = D(0)
    for (bought, _, cost), shares in zip(lots, taken, strict=True):
        gain = shares * (PRICE * scale - D(cost))
        if bought.replace(year=bought.year + 1) < DAY:
            long += gain
        else:
            short += gain
    if country == "KR":
        return korean(short + long)
    return estimated(short, long) if income is None else schedule_d(D(income), short, long)


def in_order(lots, wanted, key):
    taken = [0] * len(lots)
    for i in sorted(range(len(lots)), key=key):
        taken[i] = min(lots[i][1], wanted - sum(taken))
    return tuple(taken)


def selections(lots, wanted, method):
    """Every selection of `wanted` shares that the method leaves open, for `average` at the average cost."""
    if method == "fifo":
        return [in_order(lots, wanted, lambda i: lots[i][0])]
    if method == "lifo":
        return [in_order(lots, wanted, lambda i: -lots[i][0].toordinal())]
    if method == "hifo":
        return [in_order(lots, wanted, lambda i: (-lots[i][2], lots[i][0]))]
    return [x for x in itertools.product(*(range(n + 1) for _, n, _ in lots)) if sum(x) == wanted]


def averaged(lots):
    mean = D(sum(n * cost for _, n, cost in lots)) / sum(n for _, n, _ in lots)
    return [(bought, n, mean) for bought, n, _ in lots]


def text(country, lots, method, scale, income=None):
    currency = "USD" if country == "US" else "KRW"
    rows = ", ".join(
        f'{{ bought = {bought}, shares = {n}, unit_cost = "{cost} {currency}" }}' for bought, n, cost in lots
    )
    rate = 'ordinary_rate = "32%"' if income is None else f"other_income = {income}"
    rate = rate if country == "US" else ""
    return f"""
base_currency = "{currency}"
[targets]
VOO = "100%"
[tax]
jurisdiction = "{country}"
{rate}
[[accounts]]
name = "main"
cost_method = "{method}"
[[accounts.positions]]
symbol = "VOO"
shares = {sum(n for _, n, _ in lots)}
price = "{PRICE * scale} {currency}"
lots = [ {rows} ]
"""


def random_lots(r, scale):
    """Up to 8 lots of distinct days, none inside the wash-sale window, short and long ones."""
    days = r.sample(range(40, 700), r.randint(2, 8))
    return [(DAY - timedelta(d), r.randint(1, 3), r.randint(40, 160) * scale) for d in sorted(days)]


INCOMES = (12_900, 47_000, 50_000, 103_000)
"""Taxable incomes a little below or above a bound of the ordinary or the long-term brackets of 2026."""
CASES = [
    ("US", m, asked)
    for m in ("fifo", "lifo", "hifo", "average", "specific", "least_tax")
    for asked in (False, True)
]
# Korean brokers offer no other methods for overseas shares.
CASES += [("KR", m, asked) for m in ("fifo", "lifo", "average") for asked in (False, True)]
CASES += [("US income", m, asked) for m in ("fifo", "specific", "least_tax") for asked in (False, True)]


@pytest.mark.parametrize(("case", "method", "harvesting"), CASES)
def test_the_tax_shown_is_the_least_that_the_accounts_method_allows(case, method, harvesting):
    """Money is withdrawn, so the number of shares sold is given and only the choice of lots is open.

    A share is 2,000 dollars or 2,000,000 won, so that the 3,000 limit and the deduction are crossed.
    """
    country = case[:2]
    scale = 20 if country == "US" else 20_000
    r = random.Random(f"{case}{method}")
    for _ in range(12):
        lots = random_lots(r, scale)
        held = sum(n for _, n, _ in lots)
        wanted = r.randint(1, held - 1)
        income = r.choice(INCOMES) if "income" in case else None
        written = text(country, lots, method, scale, income)
        portfolio = parse(written, "portfolio.toml", load_catalogue())
        found = plan(
            portfolio,
            as_of=DAY,
            cash=-wanted * PRICE * scale,
            can_buy=False,
            accept_drift="0%" if harvesting else None,
        )
        (sale,) = found.trades
        assert sale.shares == wanted
        costed = averaged(lots) if method == "average" else lots
        order = "fifo" if method == "average" else method
        least = min(tax_of(country, costed, x, scale, income) for x in selections(costed, wanted, order))
        shown = found.taxes
        assert abs(shown - least) < (D("0.01") if country == "US" else 1), (lots, wanted)


REBUY = """
base_currency = "USD"
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
ordinary_rate = "32%"
[[accounts]]
name = "main"
cash = { USD = "2400" }
[[accounts.positions]]
symbol = "VOO"
shares = 1
price = "600 USD"
"""


@pytest.mark.parametrize(("sold_on", "tax"), [(date(2026, 11, 10), 128), (date(2026, 10, 23), 0)])
def test_a_purchase_soon_after_a_loss_costs_the_plan_what_it_disallows(sold_on, tax):
    """10 lost 100 each; 4 bought back within 30 days disallow 400 of it, which at 32 % is 128.

    23 October is 31 days before. The share left of the lot that was sold replaces nothing (Rev. Rul. 56-602).
    """
    portfolio = parse(REBUY, "portfolio.toml", load_catalogue())
    entries = [
        Entry(date(2026, 5, 4), "main", "buy", "VOO", D(11), D(700), "USD"),
        Entry(sold_on, "main", "sell", "VOO", D(10), D(600), "USD"),
    ]
    known = situations(
        with_books(portfolio, Books(tuple(entries))), ExchangeSessions(), load_tax_rules, as_of=DAY
    )
    found = plan_with(portfolio, ExchangeSessions(), as_of=DAY, tax=known, allow_wash_sales=True)
    assert [(t.side, t.shares) for t in found.trades] == [("buy", 4)]
    assert found.taxes == tax
    assert ("disallows" in found.tax_note) is (tax > 0)


KOREAN = """
base_currency = "KRW"
[targets]
"069500" = "40%"
VOO = "60%"
[tax]
jurisdiction = "KR"
[[accounts]]
name = "main"
[[accounts.positions]]
symbol = "069500"
shares = 100
price = "30000"
[[accounts.positions]]
symbol = "VOO"
shares = 1
price = "700000 KRW"
{lots}
[[accounts]]
name = "isa"
kind = "isa"
[[accounts.positions]]
symbol = "069500"
shares = 10
"""
VOO_LOT = 'lots = [ { bought = 2024-01-10, shares = 1, unit_cost = "600000 KRW" } ]'


def test_what_was_paid_for_an_untaxed_holding_need_not_be_known():
    """Gains on a domestic-equity ETF are free of tax, and so is everything inside an ISA: the plan sells
    069500 without lots and adds nothing."""
    portfolio = parse(KOREAN.format(lots=VOO_LOT), "portfolio.toml", load_catalogue())
    found = plan(portfolio, as_of=DAY, max_tax="0")
    assert {t.symbol for t in found.trades if t.side == "sell"} == {"069500"}
    assert found.taxes == 0
    assert [(t.gain, t.tax) for t in found.trades if t.side == "sell"] == [(None, 0)]


def test_what_was_paid_for_a_taxed_holding_must_be_known():
    portfolio = parse(KOREAN.format(lots=""), "portfolio.toml", load_catalogue())
    with pytest.raises(InputError) as caught:
        plan(portfolio, as_of=DAY, max_tax="0")
    assert caught.value.code == "cost-unknown"
    assert "VOO" in caught.value.message
    assert "069500" not in caught.value.message


def test_a_plan_without_a_stated_rate_stands_and_says_why_it_shows_no_tax():
    lots = [(date(2024, 1, 10), 5, 1000), (date(2025, 1, 10), 5, 3000)]
    written = text("US", lots, "specific", 20).replace('ordinary_rate = "32%"', "")
    portfolio = parse(written, "portfolio.toml", load_catalogue())
    found = plan(portfolio, as_of=DAY, cash=-4000, can_buy=False)
    assert found.taxes is None
    assert "other_income" in found.tax_note
    with pytest.raises(InputError) as caught:
        plan(portfolio, as_of=DAY, cash=-4000, can_buy=False, max_tax="0")
    assert caught.value.code == "tax-setting"


SHELTERED = """
base_currency = "USD"
[targets]
VOO = "50%"
BND = "50%"
{tax}
[prices]
VOO = "600"
BND = "60"
[[accounts]]
name = "main"
[[accounts.positions]]
symbol = "VOO"
shares = 10
[[accounts]]
name = "ira"
kind = "ira"
[[accounts.positions]]
symbol = "VOO"
shares = 6
[[accounts.positions]]
symbol = "BND"
shares = 40
"""


def test_sheltered_accounts_are_rebalanced_first():
    """12,000 in all, 9,600 of it VOO: 6 shares too many. The IRA can sell its 6 and buy 60 of BND."""
    portfolio = parse(SHELTERED.format(tax='[tax]\njurisdiction = "US"'), "portfolio.toml", load_catalogue())
    found = plan(portfolio, as_of=DAY)
    assert sorted((t.account, t.side, t.symbol, t.shares) for t in found.trades) == [
        ("ira", "buy", "BND", 60),
        ("ira", "sell", "VOO", 6),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_the_taxed_account_sells_only_what_the_sheltered_one_cannot(seed):
    """The IRA's VOO is worth less than what must go; what is left over is sold in the taxed account."""
    r = random.Random(seed)
    main, ira = r.randint(8, 20), r.randint(1, 5)
    written = SHELTERED.format(tax='[tax]\njurisdiction = "US"').replace("shares = 10", f"shares = {main}")
    portfolio = parse(written.replace("shares = 6", f"shares = {ira}"), "portfolio.toml", load_catalogue())
    plain_file = parse(
        written.replace("shares = 6", f"shares = {ira}").replace('[tax]\njurisdiction = "US"', ""),
        "portfolio.toml",
        load_catalogue(),
    )
    found = plan(portfolio, as_of=DAY)
    sold = {t.account: t.shares for t in found.trades if (t.side, t.symbol) == ("sell", "VOO")}
    needed = sum(t.shares for t in plan(plain_file, as_of=DAY).trades if t.side == "sell")
    assert found.objective.value == plan(plain_file, as_of=DAY).objective.value
    assert sum(sold.values()) == needed
    assert sold.get("ira", 0) == min(ira, needed)
