"""Random Korean years against the second implementation written from the statutes (`korean_statutes`): no
difference.

Purchases and sales of overseas ETFs with fees and rates of their own, other KRX-listed ETFs with tax base
prices, dividends with tax abroad, distributions of funds with theirs, other income above and below the
threshold. Days lie between February and October, so that settlement does not change the year; one trade of a
symbol a day.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

import korean_statutes as law
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.books.ledger import Entry
from steelyard.domain.tax.country import YearFacts, country

D = Decimal
DATA, RULES = load_tax_rules("KR")
SESSIONS = ExchangeSessions()
ABROAD, FUNDS = ("VOO", "QQQ"), ("A", "B")
CLASSES = {**dict.fromkeys(ABROAD, "overseas_listed"), **dict.fromkeys(FUNDS, "krx_other")}
START = date(2025, 2, 3)


def one_year(chance: Random) -> None:
    """Draw two years of entries, tax the second both ways and compare every figure."""
    method = chance.choice(["fifo", "average"])
    entries, dealings = [], []
    held: dict[tuple[str, str], int] = defaultdict(int)
    funds: dict[tuple[str, str], list[list[Fraction]]] = defaultdict(list)
    withheld_units = withheld_paid = Fraction(0)
    national = local = 0
    financial, foreign_income, foreign_tax, credits = Fraction(0), 0, 0, Fraction(0)
    days = [START + timedelta(days=n) for n in range(260)]
    days += [date(2026, 2, 2) + timedelta(days=n) for n in range(260)]
    open_days = [d for d in days if SESSIONS.is_session("XKRX", d) and SESSIONS.is_session("XNYS", d)]
    for day in sorted(chance.sample(open_days, chance.randint(4, 30))):
        account, symbol = chance.choice(["main", "second"]), chance.choice(ABROAD + FUNDS)
        key, this_year = (account, symbol), day.year == 2026
        kind = chance.choice(["buy", "buy", "sell", "dividend"])
        if kind != "buy" and not held[key]:
            kind = "buy"
        shares = chance.randint(1, 400) if kind == "buy" else chance.randint(1, held[key])
        if symbol in ABROAD:
            rate, price = D(chance.randint(12000, 15000)) / 10, D(chance.randint(5000, 90000)) / 100
            fee = D(chance.randint(0, 2000)) / 100
            if kind == "dividend":
                shares, price = held[key], D(chance.randint(1, 3000)) / 100
                fee = (shares * price * D(chance.choice(["0.15", "0.1", "0"]))).quantize(D("0.01"))
            entries.append(Entry(day, account, kind, symbol, D(shares), price, "USD", fee, rate))
            if kind == "dividend":
                gross = law.won(Fraction(shares * price * rate))
                taken = law.won(Fraction(fee * rate))
                if this_year:
                    a, b = law.foreign_dividend_withheld(gross, taken)
                    national, local = national + a, local + b
                    financial += gross
                    foreign_income, foreign_tax = foreign_income + gross, foreign_tax + taken
                continue
            sign = 1 if kind == "buy" else -1
            dealings.append(
                law.Dealing(
                    account, symbol, sign * shares, Fraction(price), Fraction(fee), Fraction(rate), day
                )
            )
            held[key] += sign * shares
            continue
        price, base = D(chance.randint(5000, 30000)), D(chance.randint(5000, 30000))
        if kind == "buy":
            entries.append(Entry(day, account, kind, symbol, D(shares), price, "KRW", tax_base_price=base))
            funds[key].append([Fraction(shares), Fraction(base), Fraction(price)])
            held[key] += shares
        elif kind == "sell":
            entries.append(
                Entry(
                    day, account, kind, symbol, D(shares), price, "KRW", tax_base_price=base, foreign_tax=D(0)
                )
            )
            lots = funds[key]
            income = law.won(law.fund_sale_income(lots, shares, Fraction(base), Fraction(price)))
            count = sum(lot[0] for lot in lots)
            average = [sum(lot[0] * lot[n] for lot in lots) / count for n in (1, 2)]
            funds[key] = [[count - shares, *average]] if count > shares else []
            held[key] -= shares
            if this_year:
                a, b = law.fund_income_withheld(income)
                national, local = national + a, local + b
                financial += income
                withheld_units += a + b
        else:
            # Paid out without a tax base price: all of it is taxed, and a later sale is not lowered by it.
            each, paid_abroad = D(chance.randint(1, 3000)), chance.choice([0, chance.randint(0, 2_000_000)])
            shares = held[key]
            limit = shares * each * D("0.14")
            paid_abroad = min(paid_abroad, int(limit))
            at = chance.choice([None, D("0.1"), D("0.15"), D("0.2")])
            entries.append(
                Entry(
                    day, account, kind, symbol, D(shares), each, "KRW", foreign_tax=D(paid_abroad),
                    foreign_rate=at,
                )
            )  # fmt: skip
            if this_year:
                known = Fraction(14, 100) if at is None else Fraction(at)
                income = shares * each
                a, b = law.fund_income_withheld(income, paid_abroad, known)
                national, local = national + a, local + b
                financial += Fraction(income)
                credits += law.fund_credit(income, paid_abroad, known)
                withheld_paid += a + b
    other = chance.choice([0, chance.randint(0, 400_000_000)])
    tax = country("KR").year_tax(
        YearFacts(
            2026, tuple(entries), CLASSES, SESSIONS.is_session, DATA, RULES,
            methods={(a, "overseas_listed"): method for a in ("main", "second")},
            settings={"other_taxable_base": other},
        )
    )  # fmt: skip
    sold = [g.amount for g in law.gains(dealings, method) if g.on.year == 2026]
    theirs, ours = law.transfer_tax(sold), tax.summary["overseas_listed"]
    assert (ours["taxable"], ours["national_tax"], ours["local_tax"]) == (
        theirs.base, theirs.national, theirs.local,
    )  # fmt: skip
    units, paid = tax.summary["krx_other"], tax.summary["dividends"]
    assert units["tax"] == withheld_units
    assert units["national_tax"] + paid["national_tax"] == national
    assert units["local_tax"] + paid["local_tax"] == local
    meter = tax.summary["financial_income"]
    assert meter["total"] == financial
    extra = Fraction(0)
    if financial > law.FINANCIAL_THRESHOLD:
        before = law.comprehensive(
            financial, other, foreign_income=foreign_income, foreign_tax=foreign_tax, fund_credits=credits
        )
        extra = before - law.progressive(Fraction(other)) - national
        # Won are dropped at each credit and at the end, so at most a few of them, before tens are.
        assert abs(Fraction(meter["extra_national_tax"]) - extra) < 14
    total = theirs.total + national + local + foreign_tax
    total += int(meter.get("extra_national_tax", 0)) + int(meter.get("extra_local_tax", 0))
    assert tax.total_tax == total


@pytest.mark.parametrize("seed", range(12))
def test_random_returns_agree_with_a_second_reading_of_the_statutes(seed: int) -> None:
    chance = Random(seed)
    for _ in range(10):
        one_year(chance)


@pytest.mark.long("five thousand random Korean returns")
def test_thousands_of_random_returns_agree_with_a_second_reading_of_the_statutes() -> None:
    chance = Random("returns")
    for _ in range(5_000):
        one_year(chance)
