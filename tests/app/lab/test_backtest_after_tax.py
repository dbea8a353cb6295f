"""Tax in a backtest is the tax of the same trades in the journal: the ledger is the second opinion."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.lab.backtest import BacktestSettings, assemble, candidate
from steelyard.app.lab.backtest_tax import backtest_tax
from steelyard.domain.books.ledger import Entry
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.policy.policies import Policy
from steelyard.domain.portfolio import Account, Portfolio, Tax
from steelyard.domain.tax.country import YearFacts, country
from steelyard.engines.lab.backtest import compiled_backtest, plain_backtest
from steelyard.engines.lab.backtest.after_tax import TaxBook
from steelyard.engines.market.price_history import PriceHistory

D = Decimal
SESSIONS = ExchangeSessions()
TARGETS = {"ONE": D("0.3"), "TWO": D("0.2"), "HOME": D("0.3"), "KOSPI": D("0.2")}
KOREAN = {
    "ONE": "overseas_listed",
    "TWO": "overseas_listed",
    "HOME": "krx_other",
    "KOSPI": "krx_domestic_equity",
}


def trading_days(first, last):
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    return tuple(d for d in days if SESSIONS.is_session("XNYS", d) and SESSIONS.is_session("XKRX", d))


def history(seed, first, last, drift):
    rng = np.random.default_rng(seed)
    dates = trading_days(first, last)
    moves = rng.normal(drift, 0.02, (len(dates), len(TARGETS)))
    prices = np.maximum(np.round(rng.uniform(20_000, 400_000, len(TARGETS)) * np.exp(moves.cumsum(0))), 1.0)
    return PriceHistory(tuple(TARGETS), dates, prices)


def portfolio(jurisdiction, method, settings=None):
    base = {"KR": "KRW", "US": "USD"}[jurisdiction]
    instruments = {
        s: Instrument(
            symbol=s, name=s, currency=base, exchange="XNYS", tax_class=KOREAN[s], us_class="security"
        )
        for s in TARGETS
    }
    return Portfolio(
        base_currency=base,
        targets=TARGETS,
        accounts=(Account("main", "taxable", {}, (), {"": method}),),
        quotes={},
        fx={},
        instruments=instruments,
        policy=Policy(),
        tax=Tax(jurisdiction, settings or {}),
    )


class Recorded(TaxBook):
    """A book that also keeps the journal of what happened, before anything is sold at the end."""

    def __init__(self, rules):
        super().__init__(rules)
        self.trades, self.kept, self.years, self.closing = [], 0.0, {}, False
        Recorded.last = self

    def buy(self, i, shares, cost, t):
        self.trades.append(("buy", i, shares, cost, t))
        super().buy(i, shares, cost, t)

    def sell(self, i, held, sold, proceeds, t):
        kept = super().sell(i, held, sold, proceeds, t)
        self.trades.append(("sell", i, sold, proceeds, t))
        self.kept += kept
        return kept

    def year_tax(self, year, carry):
        self.years[year] = super().year_tax(year, carry)
        return self.years[year]


def replayed(monkeypatch, owner, prices, text, *, whole, harvest=False):
    """Return the plain loop's runs, its book, and its trades as journal entries."""
    terms = backtest_tax(owner, SESSIONS, load_tax_rules, harvest=harvest)
    settings = BacktestSettings(
        targets=TARGETS, initial=D(500_000_000), commission=D("0.001"), whole=whole, tax=terms
    )
    problem = assemble(prices, [candidate(text)], settings)
    monkeypatch.setattr(plain_backtest, "TaxBook", Recorded)
    runs = plain_backtest.run(problem)
    assert runs.values.tobytes() == compiled_backtest.run(problem).values.tobytes()
    book = Recorded.last
    entries = []
    held = [D(0)] * len(TARGETS)
    for kind, i, shares, money, t in book.trades:
        price, count = D(float(problem.market.prices[t, i])), D(repr(shares))
        sign = 1 if kind == "buy" else -1
        if kind == "sell" and abs(held[i] - count) < D("1e-9"):
            count = held[i]  # all of them, to the last digit
        held[i] += sign * count
        entries.append(
            Entry(
                traded_on=prices.dates[t],
                account="main",
                kind=kind,
                symbol=prices.symbols[i],
                shares=count,
                price=price,
                currency=owner.base_currency,
                fees=max(sign * (D(repr(money)) - count * price), D(0)),
            )
        )
    return runs, book, entries


def facts(owner, entries, year, settings=None):
    lands = country(owner.tax.jurisdiction)
    data, rules = load_tax_rules(owner.tax.jurisdiction)
    classes = {s: lands.classify(owner.instruments[s]) for s in TARGETS}
    return lands.year_tax(
        YearFacts(
            year=year,
            entries=entries,
            classes=classes,
            is_session=SESSIONS.is_session,
            rates=data,
            rules=rules,
            account_kinds={"main": "taxable"},
            methods={("main", c): owner.accounts[0].cost_method[""] for c in set(classes.values())},
            settings=settings if settings is not None else owner.tax.settings,
        )
    )


@pytest.mark.parametrize("method", ["fifo", "average"])
@pytest.mark.parametrize(
    ("text", "whole", "harvest"),
    [
        ("calendar quarterly", True, False),
        ("threshold 4%", False, True),
        *(
            pytest.param(*case, marks=pytest.mark.long("six years of a journal, taxed trade by trade"))
            for case in (
                ("calendar quarterly last", True, False),
                ("threshold 3% look weekly", True, True),
                ("calendar annual", True, True),
                ("calendar quarterly", False, False),
            )
        ),
    ],
)
def test_korean_tax_is_that_of_the_same_trades_in_the_ledger(monkeypatch, method, text, whole, harvest):
    """Expected: domain/tax/korea on the journal of the backtest's own trades, year by year, to the won.

    Whole shares at whole won leave nothing to rounding. Divisible shares have the float's 16 digits, so a tax
    may fall on the other side of a whole won: one of the base, and one of each of its two parts.
    """
    prices = history(7, date(2020, 1, 2), date(2025, 11, 28), 0.0006)
    owner = portfolio("KR", method)
    _, book, entries = replayed(monkeypatch, owner, prices, text, whole=whole, harvest=harvest)
    taxed, kept = 0, D(0)
    for year in range(2020, 2026):
        found = facts(owner, entries, year)
        ours = D(round(book.years[year - 2020]))
        theirs = found.summary["overseas_listed"]["tax"]
        assert abs(ours - theirs) <= (0 if whole else 3), year
        taxed += theirs > 0
        kept += found.summary["krx_other"]["tax"]
    assert taxed >= (1 if harvest else 3)
    assert abs(D(round(book.kept)) - kept) <= (0 if whole else 3 * len(entries))
    assert kept > 0


def test_gains_are_harvested_up_to_the_allowance_and_taxes_fall(monkeypatch):
    """Where nothing else is sold, each year realises at most 2,500,000 won, and next to nothing less."""
    prices = history(3, date(2020, 1, 2), date(2024, 6, 28), 0.0008)
    owner = portfolio("KR", "fifo")
    plain, _, _ = replayed(monkeypatch, owner, prices, "hold", whole=False)
    runs, _, entries = replayed(monkeypatch, owner, prices, "hold", whole=False, harvest=True)
    sold = [e for e in entries if e.kind == "sell" and e.traded_on < prices.dates[-1]]
    assert {e.traded_on.year for e in sold} >= {2020, 2022, 2023}
    for year in range(2020, 2024):
        net = facts(owner, entries, year).summary["overseas_listed"]["net_gain"]
        assert D(0) <= net <= D(2_500_000) + D("1e-6")
        if any(e.traded_on.year == year for e in sold):
            assert net > D(2_499_000)
    assert runs.ending[0, 0] > plain.ending[0, 0]


@pytest.mark.parametrize("method", ["fifo", "average"])
@pytest.mark.parametrize("drift", [0.0006, -0.0012])
def test_american_tax_is_that_of_the_same_trades_in_the_ledger(monkeypatch, method, drift):
    """Expected: domain/tax/us_country on the same trades, losses carried on from year to year.

    Quarters lie so far apart that no purchase is near enough to a sale for the wash-sale rule.
    """
    prices = history(11, date(2020, 1, 2), date(2025, 11, 28), drift)
    owner = portfolio("US", method, {"ordinary_rate": "24%"})
    _, book, entries = replayed(monkeypatch, owner, prices, "calendar quarterly", whole=False)
    before_end = [e for e in entries if e.traded_on < prices.dates[-1]]
    carry = {"short": D(0), "long": D(0)}
    offsets = 0
    for year in range(2020, 2025):
        found = facts(owner, before_end, year)
        assert found.summary.get("carried_in", {"short": 0, "long": 0}) == carry
        assert book.years[year - 2020] == pytest.approx(float(found.total_tax), rel=1e-9, abs=1e-6), year
        assert found.summary["disallowed"] == 0
        carry = found.summary["carry_forward"]
        offsets += found.summary["ordinary_offset"] > 0
    assert offsets > 0 if drift < 0 else book.years[3] > 0


def test_a_file_without_a_taxable_account_or_in_another_currency_is_not_taxed_and_says_why():
    owner = portfolio("KR", "fifo")
    sheltered = replace(owner, accounts=(Account("isa", "isa", {}, ()),))
    assert (
        backtest_tax(sheltered, SESSIONS, load_tax_rules) == "before tax: no account of the file is taxable"
    )
    abroad = replace(owner, base_currency="USD")
    assert (
        backtest_tax(abroad, SESSIONS, load_tax_rules)
        == "before tax: KR counts tax in KRW, the backtest in USD"
    )


def test_the_owner_of_the_account_is_taxed_and_not_the_person_of_the_file():
    """`me` has an IRA only; the spouse's taxable account at the spouse's 37 %, long gains at 20 %."""
    owner = portfolio("US", "fifo", settings={"ordinary_rate": "12%"})
    spouse = Tax("US", {"ordinary_rate": "37%"})
    ira = Account("ira", "ira", {}, ())
    hers = Account("hers", "taxable", {}, (), owner="spouse")
    terms = backtest_tax(
        replace(owner, accounts=(ira, hers), owners={"spouse": spouse}), SESSIONS, load_tax_rules
    )
    assert (terms.short, terms.long) == (D("0.37"), D("0.20"))


def test_several_owners_are_named():
    """The first account whose owner is taxed in the base currency counts: won, so the wife's and not mine."""
    owner = portfolio("US", "fifo", settings={"ordinary_rate": "12%"})
    accounts = (
        Account("mine", "taxable", {}, ()),
        Account("hers", "taxable", {}, (), owner="wife"),
    )
    held = replace(owner, accounts=accounts, owners={"wife": Tax("KR", {})}, base_currency="KRW")
    terms = backtest_tax(held, SESSIONS, load_tax_rules)
    assert terms.allowance == 2_500_000
    assert any("that of wife in hers; me would be taxed otherwise" in note for note in terms.notes)
