"""Random US journals of several years against the worksheets chained year by year, written a second time.

Funds are bought, sold whole or in two parts, and money leaves an IRA at random. Each fund is bought once, so
that no sale is washed and which lot it takes is plain. The gains of every year go through `us_worksheets`,
and what it carries on goes into the next.
"""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.books.ledger import Entry
from steelyard.domain.tax.country import YearFacts, country
from us_worksheets import Figures, Year, added, carryover

D = Decimal
DATA, RULES = load_tax_rules("US")
NIIT = {"single": 200_000, "mfj": 250_000, "mfs": 125_000, "hoh": 200_000}
LIMIT = {"single": 3000, "mfj": 3000, "mfs": 1500, "hoh": 3000}
RATES = tuple(Fraction(x, 100) for x in (10, 12, 22, 24, 32, 35, 37))


def figures(year, filing):
    rows = DATA["years"][str(year)]
    bounds = [Fraction(x) for x in rows["ordinary"][filing]]
    zero, fifteen = (Fraction(x) for x in rows["gains"][filing])
    limits = Fraction(NIIT[filing]), Fraction(LIMIT[filing])
    return Figures((tuple(bounds), RATES), zero, fifteen, bounds[3], *limits)


def is_long(bought, sold):
    """More than a year, from the day after the purchase (none is bought in the last days of February)."""
    return sold > bought.replace(year=bought.year + 1)


def one_journal(chance):
    """Return how many years were compared; every figure of each has to agree."""
    first, last = chance.choice(((2023, 2026), (2020, 2024), (2018, 2022)))
    filing = chance.choice(tuple(NIIT))
    entries, gains = [], {y: [0, 0, 0] for y in range(first, last + 1)}
    paid = dict.fromkeys(gains, 0)
    classes = {}
    for number in range(chance.randint(1, 12)):
        symbol = f"F{number}"
        classes[symbol] = chance.choice(("security", "security", "collectible"))
        bought = date(first, 3, 1) + timedelta(days=chance.randint(0, 365 * (last - first)))
        if bought.month == 2:
            bought = bought.replace(day=3)
        shares, cost = chance.randint(2, 400), chance.randint(20, 900)
        entries.append(Entry(bought, "main", "buy", symbol, D(shares), D(cost), "USD"))
        left, day = shares, bought
        for part in (shares // 2, shares - shares // 2):
            day += timedelta(days=chance.choice((40, 200, 364, 365, 366, 367, 700)))
            if day.year > last or (left < shares and chance.random() < 0.3):
                break
            price = chance.randint(10, 1200)
            entries.append(Entry(day, "main", "sell", symbol, D(part), D(price), "USD"))
            left -= part
            gain = part * (price - cost)
            long = is_long(bought, day)
            gains[day.year][long] += gain
            gains[day.year][2] += gain if long and classes[symbol] == "collectible" else 0
    for year in gains:
        if chance.random() < 0.3:
            amount = chance.randint(1, 9000)
            paid[year] = amount
            entries.append(Entry(date(year, 6, 3), "ira", "withdrawal", "", D(amount), None, "USD"))
    entries.sort(key=lambda e: e.traded_on)
    incomes = {y: chance.choice((0, 900, chance.randint(-20_000, 600_000))) for y in gains}
    by_year = {y: {"other_income": income} for y, income in incomes.items()}
    general = {"filing": filing, "count_distributions": True, "born": date(1950, 1, 1)}
    short = long = Fraction(0)
    for year, (of_short, of_long, metal) in gains.items():
        return_ = Year(
            *map(Fraction, (of_short, of_long, metal)), short, long, Fraction(0),
            Fraction(incomes[year] + paid[year]),
        )  # fmt: skip
        alone = Year(*[Fraction(0)] * 6, other=Fraction(incomes[year]))
        without_gains = Year(*[Fraction(0)] * 6, other=return_.other)
        found = country("US").year_tax(
            YearFacts(
                year, entries, classes, lambda exchange, day: day.weekday() < 5, DATA, RULES,
                account_kinds={"main": "taxable", "ira": "ira"}, settings={**general, **by_year[year]},
                general=general, by_year=by_year,
            )
        )  # fmt: skip
        table = figures(year, filing)
        from_ira = ordinary(table, without_gains.other) - ordinary(table, alone.other)
        assert Fraction(found.total_tax) == added(table, return_) + from_ira, (filing, year)
        short, long = carryover(table, return_)
        left = found.summary["carry_forward"]
        assert (Fraction(left["short"]), Fraction(left["long"])) == (short, long), (filing, year)
    return len(gains)


def ordinary(table, income):
    """The tax on an income of wages alone, bracket by bracket."""
    bounds, rates = table.ordinary
    tax, low = Fraction(0), Fraction(0)
    for bound, rate in zip((*bounds, max(income, bounds[-1])), rates, strict=True):
        tax += rate * max(min(income, bound) - low, 0)
        low = bound
    return tax


@pytest.mark.parametrize("seed", range(4))
def test_years_of_random_journals_are_the_worksheets_chained(seed):
    chance = Random(seed)
    assert sum(one_journal(chance) for _ in range(15)) >= 60


@pytest.mark.long("thousands of random journals of four and five years")
def test_thousands_of_random_journals_are_the_worksheets_chained():
    chance = Random("journals")
    assert sum(one_journal(chance) for _ in range(3_000)) >= 12_000
