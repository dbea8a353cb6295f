"""Several persons in one file: each return has its own deductions and brackets, a spouse's purchase washes.

Every amount is worked by hand from the statutes named beside it.
"""

import json
from datetime import date
from decimal import Decimal

import pytest

from processes import run_command
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.harvest.harvest import harvest
from steelyard.app.planning.lot_taxes import lot_taxes
from steelyard.app.planning.plan import plan
from steelyard.app.tax.situation import situations
from steelyard.bootstrap.books import held_by
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.portfolio_books import Books, with_books
from steelyard.domain.tax.planning import tax_at
from steelyard.errors import InputError, PortfolioProblems
from tax_files import LONG_AGO, SPRING, buy, known, portfolio, trade

D = Decimal
DAY = date(2026, 11, 23)


def file(tax, owners, accounts, *, base="USD", prices=None, fx="", costs=""):
    """A file with the settings of its persons, and accounts as (name, owner, kind)."""
    prices = prices or {"VOO": "500"}
    lines = [f'base_currency = "{base}"', fx, "[targets]"]
    lines += [f'"{s}" = "{100 if n == 0 else 0}%"' for n, s in enumerate(prices)]
    lines += ["[prices]", *(f'"{s}" = "{p}"' for s, p in prices.items()), costs, "[tax]", tax, owners]
    for name, owner, kind in accounts:
        lines += ["[[accounts]]", f'name = "{name}"', f'kind = "{kind}"', f'owner = "{owner}"']
    return parse("\n".join(lines), "portfolio.toml", load_catalogue())


def entry(kind, day, symbol, shares, price, account, currency="USD", **more):
    return Entry(day, account, kind, symbol, D(shares), D(price), currency, **more)


def returns(held, entries, *, as_of=DAY, owner=None):
    kept = with_books(held, Books(tuple(entries)))
    return situations(kept, ExchangeSessions(), load_tax_rules, as_of=as_of, owner=owner)


def by_owner(found):
    return {x.filer.owners: x.so_far for x in found}


def won_gain(account, gain):
    """A share of VOO bought and sold within the year, at one won for a dollar."""
    return [
        entry("buy", date(2026, 1, 5), "VOO", 1, 10_000_000, account, fx_rate=D(1)),
        entry("sell", date(2026, 3, 2), "VOO", 1, 10_000_000 + gain, account, fx_rate=D(1)),
    ]


def test_each_korean_has_a_deduction_of_his_own():
    """Gains of 4,000,000 and 2,000,000: (4,000,000 - 2,500,000) * 22 % = 330,000, and nothing. Together it
    would be 770,000 (ITA 103: the deduction is each person's)."""
    held = file(
        'jurisdiction = "KR"',
        "[owners.spouse]",
        [("mine", "me", "taxable"), ("hers", "spouse", "taxable")],
        base="KRW",
        fx="fx = { USDKRW = 1 }",
    )
    found = by_owner(returns(held, [*won_gain("mine", 4_000_000), *won_gain("hers", 2_000_000)]))
    assert found["me",].total_tax == 330_000
    assert found["spouse",].total_tax == 0
    assert [d.account for d in found["spouse",].disposals] == ["hers"]


LOSS = [
    entry("buy", date(2025, 1, 10), "VOO", 10, 500, "mine"),
    entry("sell", date(2026, 6, 1), "VOO", 10, 400, "mine"),
]
SPOUSE_BUYS = [entry("buy", date(2026, 6, 10), "VOO", 10, 410, "hers")]
BOTH = [("mine", "me", "taxable"), ("hers", "spouse", "taxable")]
SINGLE = 'jurisdiction = "US"\nfiling = "mfs"\nother_income = 60000'
APART = '[owners.spouse]\nfiling = "mfs"\nother_income = 90000'


@pytest.mark.parametrize(
    ("tax", "owners"),
    [
        (SINGLE, APART),
        (
            'jurisdiction = "US"\nfiling = "mfj"\nother_income = 150000',
            '[owners.spouse]\nhousehold = "joint"',
        ),
    ],
    ids=["separate", "joint"],
)
def test_a_purchase_of_the_spouse_washes_a_loss(tax, owners):
    """The loss of 1,000 is disallowed and stands in the cost of the spouse's shares: 4,100 + 1,000, long
    since the loser's 507 days are tacked on (Pub. 550, Wash Sales: "If you sell stock and your spouse ...
    buys substantially identical stock, you also have a wash sale"; 26 U.S.C. 1091(d), 1223(3))."""
    found = by_owner(returns(file(tax, owners, BOTH), [*LOSS, *SPOUSE_BUYS]))
    mine = next(year for names, year in found.items() if "me" in names)
    hers = next(year for names, year in found.items() if "spouse" in names)
    (sale,) = mine.disposals
    assert (sale.gain, sale.disallowed, mine.summary["long_term"]) == (-1000, 1000, 0)
    (lot,) = [x for x in hers.open_lots if x.account == "hers"]
    assert (lot.cost, lot.holding_from) == (5100, date(2025, 1, 19))
    said = [n for n in mine.notes if "us.wash-spouse" in n]
    assert len(said) == (hers is not mine)
    assert all("in hers" in n for n in said)
    assert hers is mine or not hers.disposals


def test_separate_spouses_have_their_own_offset_of_1500():
    """Losses of 4,000 each, filed apart: 1,500 off income each (1211(b)), 2,500 carried each."""
    losses = []
    for account, bought in (("mine", 1), ("hers", 2)):
        symbol = "VOO" if account == "mine" else "QQQ"
        losses += [
            entry("buy", date(2025, 1, 6 + bought), symbol, 10, 500, account),
            entry("sell", date(2026, 6, 1), symbol, 10, 100, account),
        ]
    held = file(SINGLE, APART, BOTH, prices={"VOO": 100, "QQQ": 100})
    for year in by_owner(returns(held, losses)).values():
        assert year.summary["ordinary_offset"] == 1500
        assert year.summary["carry_forward"]["long"] == 2500


def test_who_is_no_spouse_washes_nothing():
    """A child's purchase is not the seller's (Pub. 550 names the spouse and a controlled corporation)."""
    held = file(SINGLE, '[owners.spouse]\nhousehold = "other"', BOTH)
    (mine, _) = returns(held, [*LOSS, *SPOUSE_BUYS])
    assert mine.so_far.summary["disallowed"] == 0
    assert mine.so_far.summary["long_term"] == -1000


def test_four_persons_of_two_countries_are_taxed_by_their_own_law():
    """Two Koreans with gains of 3,500,000 won: 1,000,000 * 22 % = 220,000 each; two Americans at 60,000 of
    income and a long gain of 1,000 dollars: 15 %."""
    held = file(
        'jurisdiction = "KR"',
        '[owners.wife]\n[owners.son]\njurisdiction = "US"\nother_income = 60000\nhousehold = "other"\n'
        '[owners.aunt]\njurisdiction = "US"\nother_income = 60000\nhousehold = "other"',
        [("a", "me", "taxable"), ("b", "wife", "isa"), ("b2", "wife", "taxable"), ("c", "son", "roth"),
         ("c2", "son", "taxable"), ("d", "aunt", "taxable")],
        base="KRW",
        fx="fx = { USDKRW = 1 }",
    )  # fmt: skip
    gains = [
        move
        for account in ("c2", "d")
        for move in (
            entry("buy", date(2025, 1, 6), "VOO", 1, 500, account),
            entry("sell", date(2026, 3, 2), "VOO", 1, 1500, account),
        )
    ]
    found = returns(held, [*won_gain("a", 3_500_000), *won_gain("b2", 3_500_000), *gains])
    totals = {x.filer.owners[0]: (x.country.currency, x.so_far.total_tax) for x in found}
    assert totals == {
        "me": ("KRW", 220_000),
        "wife": ("KRW", 220_000),
        "son": ("USD", 150),
        "aunt": ("USD", 150),
    }


def test_a_plan_adds_up_the_returns_and_says_whose_tax_it_is():
    """Everything goes: gains of 3,000,000 and 2,000,000 won; 500,000 above the one deduction at 22 %."""
    held = file(
        'jurisdiction = "KR"', "[owners.spouse]", BOTH, base="KRW", fx="fx = { USDKRW = 1 }",
        prices={"QQQ": "1", "VOO": "10000000"},
    )  # fmt: skip
    buys = [
        entry("buy", date(2026, 1, 5), "VOO", 1, 7_000_000, "mine", fx_rate=D(1)),
        entry("buy", date(2026, 1, 5), "VOO", 1, 8_000_000, "hers", fx_rate=D(1)),
    ]
    kept = with_books(held_by(held, buys, DAY), Books(tuple(buys)))
    known = situations(kept, ExchangeSessions(), load_tax_rules, as_of=DAY, selling=True)
    made = plan(kept, ExchangeSessions(), as_of=DAY, tax=known, accept_drift=D(0))
    assert made.taxes == 110_000
    assert made.taxes_of == {"me": 110_000, "spouse": 0}
    assert made.to_dict()["taxes_of"] == {"me": "110000", "spouse": "0"}


def test_a_harvest_fills_the_deduction_of_each_person():
    """Both have a gain of 2,000,000 open and nothing realised: 440,000 of later tax saved each."""
    held = file('jurisdiction = "KR"', "[owners.spouse]", BOTH, base="KRW", fx="fx = { USDKRW = 1 }",
                prices={"VOO": "10000000"})  # fmt: skip
    buys = [
        entry("buy", date(2026, 1, 5), "VOO", 1, 8_000_000, account, fx_rate=D(1))
        for account in ("mine", "hers")
    ]
    report = harvest(held, returns(held, buys), as_of=DAY)
    assert [(x.owner, [(p.account, p.saves) for p in x.gains if p.do]) for x in report.all] == [
        ("me", [("mine", 440_000)]),
        ("spouse", [("hers", 440_000)]),
    ]


def test_shares_given_to_another_person_are_no_transfer():
    held = file('jurisdiction = "KR"', "[owners.spouse]", BOTH, base="KRW", fx="fx = { USDKRW = 1 }")
    given = entry("transfer", date(2026, 2, 2), "VOO", 1, 0, "mine", receiver="hers")
    with pytest.raises(InputError) as caught:
        returns(held, [entry("buy", date(2026, 1, 5), "VOO", 1, 9, "mine", fx_rate=D(1)), given])
    assert caught.value.code == "owner-transfer"


@pytest.mark.parametrize(
    ("tax", "owners", "account", "code"),
    [
        ('jurisdiction = "KR"', "", "spouse", "unknown-owner"),
        ('jurisdiction = "KR"', "[owners.me]", "me", "tax-owner"),
        ('jurisdiction = "KR"', '[owners.spouse]\nhousehold = "joint"', "spouse", "tax-owner"),
        ('jurisdiction = "US"', '[owners.spouse]\nhousehold = "joint"', "spouse", "tax-owner"),
        ('jurisdiction = "US"\nfiling = "mfj"', '[owners.spouse]\nhousehold = "joint"\nmagi = 1', "spouse",
         "tax-owner"),
        ('jurisdiction = "US"', '[owners.spouse]\nhousehold = "both"', "spouse", "unknown-word"),
        ('jurisdiction = "US"', '[owners.spouse]\njurisdiction = "FR"', "spouse", "unknown-word"),
        ('jurisdiction = "US"', "[owners.spouse.25]\nmagi = 1", "spouse", "tax-setting"),
    ],
)  # fmt: skip
def test_persons_that_cannot_be_are_refused(tax, owners, account, code):
    with pytest.raises(PortfolioProblems) as caught:
        file(tax, owners, [("mine", account, "taxable")])
    assert code in {p.code for p in caught.value.problems}


def test_an_error_names_whose_settings_are_wrong():
    held = file('jurisdiction = "KR"', "[owners.spouse]\nordinary_rate = 1", BOTH, base="KRW",
                fx="fx = { USDKRW = 1 }")  # fmt: skip
    with pytest.raises(InputError, match="return of spouse"):
        returns(held, [*won_gain("mine", 1), *won_gain("hers", 1)])


def test_a_plan_counts_a_loss_carried_on_where_its_likelihood_is_stated():
    """3,000 of loss are realised: 1,000 more save 320 / 1.04 * 50 % = 153.85 later, and
    nothing against a limit of this year's tax."""
    tax = 'jurisdiction = "US"\nordinary_rate = "32%"\ncarry_likelihood = "50%"'
    held = portfolio(tax, {"VOO": 100, "GLD": 100})
    entries = [buy(LONG_AGO, "GLD", 30, 200), trade("sell", SPRING, "GLD", 30, 100)]
    entries += [buy(LONG_AGO, "VOO", 9, 100)]
    returns = known(held, entries)
    more = {"long": D(-1000)}
    planned = lot_taxes(held, returns, as_of=DAY)
    assert round(sum(tax_at(f, more) for f in planned.taxes), 2) == D("-153.85")
    limited = lot_taxes(held, returns, as_of=DAY, max_tax=D(0))
    assert sum(tax_at(f, more) for f in limited.taxes) == 0


CHECKED = """
base_currency = "USD"
priced_on = 2026-11-23
[targets]
VOO = "100%"
[constraints]
cash_reserve = "100"
[tax]
jurisdiction = "US"
other_income = 1
[owners.spouse]
filing = "mfs"
[[accounts]]
name = "mine"
cash = { USD = "500" }
[[accounts.positions]]
symbol = "VOO"
shares = 1
price = "500 USD"
[[accounts]]
name = "hers"
owner = "spouse"
[[accounts.positions]]
symbol = "VOO"
shares = 6
price = "500 USD"
"""


def test_a_check_says_what_each_person_holds(tmp_path):
    """500 of cash and a share of 500 against six shares: 1,000 of 4,000."""
    (tmp_path / "portfolio.toml").write_text(CHECKED)
    words = ("check", "--as-of", "2026-11-23")
    report = json.loads(run_command(tmp_path, *words, "--json").stdout)
    assert report["owners"] == [
        {"owner": "me", "accounts": ["mine"], "value": "1000", "weight": "0.25"},
        {"owner": "spouse", "accounts": ["hers"], "value": "3000", "weight": "0.75"},
    ]
    assert "me $1,000.00 (25.0 %); spouse $3,000.00 (75.0 %)" in run_command(tmp_path, *words).stdout


def test_a_form_of_one_of_several_returns_asks_whose_by_name(tmp_path):
    (tmp_path / "portfolio.toml").write_text(CHECKED)
    done = run_command(tmp_path, "tax", "--form", "8949", "--as-of", "2026-11-23")
    assert done.returncode == 2
    assert "add --owner and whose it is, one of me, spouse" in done.stderr
