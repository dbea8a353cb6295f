"""US years that connect, filed as a person would: losses carried on, settings of a year, the next year."""

import json
from datetime import date
from decimal import Decimal

import pytest

from processes import run_command
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.books.ledger import Entry
from steelyard.domain.tax.country import YearFacts, country
from steelyard.errors import InputError

D = Decimal

US = """
base_currency = "USD"
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
filing = "single"
{settings}
[[accounts]]
name = "main"
"""
# 40,000 lost on 100 shares in 2025, 20,000 won on 100 held for a few weeks in 2026.
TRADES = """date,type,symbol,shares,price
2025-01-06,buy,VOO,100,800
2025-03-03,sell,VOO,100,400
2026-02-02,buy,VOO,100,400
2026-03-02,sell,VOO,100,600
"""


def year_of(filed, settings, year, trades=TRADES, as_of="2026-11-23"):
    return filed(US.format(settings=settings), trades, year=year, as_of=as_of)


def test_a_loss_of_2025_is_carried_into_2026_by_itself(filed):
    """By hand: 40,000 lost, 3,000 of it offset, 37,000 carried in; beside 20,000 of gain 17,000 are left, of
    which 3,000 are offset and 14,000 carried on. 3,000 at 22 % are 660 saved."""
    found = year_of(filed, "other_income = 100000", 2026)
    assert found["summary"]["carried_in"] == {"short": "37000", "long": "0"}
    assert found["summary"]["short_term"] == "20000"
    assert found["summary"]["ordinary_offset"] == "3000"
    assert found["summary"]["carry_forward"] == {"short": "14000", "long": "0"}
    assert found["total_tax"] == "-660"
    assert any("37000" in note and "2025" in note for note in found["notes"])


def test_a_year_without_income_uses_up_none_of_its_loss(filed):
    """26 U.S.C. 1212(b)(2): nothing was taxable in 2025, so all 40,000 are carried; 20,000 are left of them,
    3,000 offset, 17,000 carried on."""
    settings = "other_income = 100000\n[tax.2025]\nother_income = 0"
    found = year_of(filed, settings, 2026)
    assert found["summary"]["carried_in"] == {"short": "40000", "long": "0"}
    assert found["summary"]["carry_forward"] == {"short": "17000", "long": "0"}


def test_what_a_return_says_was_carried_in_counts_and_the_journals_figure_is_named(filed):
    """30,000 stated against 37,000: 10,000 are left of them after the gain, 7,000 after the offset."""
    settings = "other_income = 100000\n[tax.2026]\ncarry_short = 30000"
    found = year_of(filed, settings, 2026)
    assert found["summary"]["carry_forward"] == {"short": "7000", "long": "0"}
    assert any("30000" in note and "37000" in note for note in found["notes"])


def test_a_loss_from_before_the_journal_goes_through_its_years(filed):
    """5,000 from before 2025: 42,000 carried into 2026."""
    settings = "other_income = 100000\n[tax.2025]\ncarry_short = 5000"
    found = year_of(filed, settings, 2026)
    assert found["summary"]["carried_in"] == {"short": "42000", "long": "0"}


def test_a_loss_from_before_the_journal_is_carried_through_years_without_a_sale(filed):
    """40,000 carried into 2025, in which nothing was sold: 3,000 are offset, 37,000 come into 2026."""
    trades = "date,type,symbol,shares,price\n2026-02-02,buy,VOO,10,400\n"
    found = year_of(filed, "other_income = 100000\n[tax.2025]\ncarry_short = 40000", 2026, trades)
    assert found["summary"]["carried_in"] == {"short": "37000", "long": "0"}
    assert found["summary"]["carry_forward"] == {"short": "34000", "long": "0"}


def test_a_carried_loss_that_may_be_meant_for_two_years_is_asked_about(tmp_path):
    (tmp_path / "portfolio.toml").write_text(US.format(settings="other_income = 100000\ncarry_short = 5000"))
    (tmp_path / "trades.csv").write_text(TRADES)
    assert run_command(tmp_path, "import", "trades.csv").returncode == 0
    done = run_command(tmp_path, "tax", "--year", "2026", "--as-of", "2026-11-23")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error[tax-carry-year]" in done.stderr
    assert "[tax.2025]" in done.stderr
    assert "[tax.2026]" in done.stderr


@pytest.mark.parametrize(
    "line", ["[tax.25]\nother_income = 1", "[tax.2025]\njurisdiction = 'US'", "[tax.2025]\nx = 1"]
)
def test_a_table_of_no_year_or_of_unknown_keys_is_refused(tmp_path, line):
    (tmp_path / "portfolio.toml").write_text(US.format(settings="other_income = 1\n" + line))
    done = run_command(tmp_path, "tax", "--as-of", "2026-11-23")
    assert done.returncode == 2
    assert "error[tax-setting]" in done.stderr


def sold_in_january(settings):
    """100 bought at 400 in 2025 and sold at 500 in January 2027, by the rules as they are shipped."""
    data, rules = load_tax_rules("US")
    entries = [
        Entry(date(2025, 1, 6), "main", "buy", "VOO", D(100), D(400), "USD"),
        Entry(date(2027, 1, 4), "main", "sell", "VOO", D(100), D(500), "USD"),
    ]
    return country("US").year_tax(
        YearFacts(
            year=2027,
            entries=entries,
            classes={"VOO": "security"},
            is_session=lambda exchange, day: day.weekday() < 5,
            rates=data,
            rules=rules,
            settings=settings,
        )
    )


def test_on_the_first_of_january_the_last_known_brackets_serve_and_the_output_says_so():
    """10,000 long at 15 % on 100,000 of income; the bounds of 2027 cannot be below those of 2026."""
    found = sold_in_january({"other_income": 100_000})
    assert found.total_tax == 1500
    assert any(note.startswith("provisional") and "2026" in note for note in found.notes)


def test_the_owners_own_brackets_take_the_place_of_provisional_ones():
    """By hand: 40,000 of income, 10,000 of gain, 0 % up to 45,000: 5,000 at 15 % = 750. At the ordinary rates
    it would be 12 % of 10,000, which is more."""
    own = {
        "other_income": 40_000,
        "gain_brackets": [45_000, 550_000],
        "ordinary_brackets": [12_600, 51_200, 107_000, 205_000, 260_000, 650_000],
    }
    found = sold_in_january(own)
    assert found.total_tax == 750
    assert not any("provisional" in note for note in found.notes)
    with pytest.raises(InputError, match="not 2 rising amounts"):
        sold_in_january({**own, "gain_brackets": [550_000, 45_000]})


def test_the_surtax_warns_where_only_taxable_income_is_known_and_counts_interest(filed):
    """By hand, 2026, single: 190,000 of taxable income and 9,000 long: 199,000 stay below 200,000, but with
    the standard deduction of 16,100 and the 500 of interest the income is 215,600. With magi =
    215,100 and 500 of interest the surtax is 3.8 % of
    the 9,500 of investment income, which is less than 15,100 above the threshold: 361."""
    trades = """date,type,symbol,shares,price
2024-01-05,buy,VOO,100,400
2026-03-02,sell,VOO,100,490
2026-03-03,interest,,500,
"""
    warned = year_of(filed, "other_income = 190000", 2026, trades)
    assert warned["summary"]["tax"]["net_investment_income_tax"] == "0"
    assert any("magi = 215600" in note and "16100" in note for note in warned["notes"])
    assert warned["summary"]["interest"] == "500"


def test_a_stated_income_counts_interest_as_investment_income(filed):
    """See above."""
    trades = """date,type,symbol,shares,price
2024-01-05,buy,VOO,100,400
2026-03-02,sell,VOO,100,490
2026-03-03,interest,,500,
"""
    found = year_of(filed, "other_income = 190000\nmagi = 215100", 2026, trades)
    assert found["summary"]["tax"]["net_investment_income_tax"] == "361"
    assert not any("magi =" in note for note in found["notes"])


def us_sale(filed, *rows, year=2026):
    text = "date,account,type,symbol,shares,price,lot,gift_value\n" + "\n".join(
        row + "," * (7 - row.count(",")) for row in rows
    )
    return year_of(filed, "other_income = 100000", year, text + "\n")


@pytest.mark.parametrize(
    ("price", "gain", "term"), [("70", "0", "long"), ("110", "10", "long"), ("50", "-10", "short")]
)
def test_a_gift_worth_less_than_was_paid_counts_from_either_side(filed, price, gain, term):
    """26 U.S.C. 1015(a): the giver paid 100 in 2020, it was worth 60 in March 2026. Sold at 70 there is
    neither gain nor loss, at 110 a gain of 10 on the giver's holding, at 50 a loss of 10 since the gift."""
    found = us_sale(
        filed, "2026-03-02,main,transfer_in,VOO,1,100,2020-03-02,60", f"2026-08-03,main,sell,VOO,1,{price}"
    )
    (sale,) = found["disposals"]
    assert sale["gain"] == gain
    assert gain == "0" or sale["term"] == term


def test_what_is_inherited_is_long_stepped_up_and_undoes_no_loss(filed):
    """26 U.S.C. 1014, 1223(9) and 26 CFR 1.1091-1(f): 10 bought at 100 and sold at 80; 10 inherited at 85 a
    week later are no purchase, so the loss of 200 counts. Sold two months later at 90 they are a long gain
    of 50."""
    found = us_sale(
        filed,
        "2026-02-02,main,buy,VOO,10,100",
        "2026-03-02,main,sell,VOO,10,80",
        "2026-03-09,main,inheritance,VOO,10,85",
        "2026-05-11,main,sell,VOO,10,90",
    )
    assert (found["summary"]["short_term"], found["summary"]["long_term"]) == ("-200", "50")
    assert found["summary"]["disallowed"] == "0"


def test_shares_whose_cost_nobody_stated_are_not_taxed_as_if_they_had_cost_nothing(tmp_path):
    (tmp_path / "portfolio.toml").write_text(US.format(settings="other_income = 100000"))
    for row in ("date=2026-03-02 type=transfer_in symbol=VOO shares=10",
                "date=2026-04-02 type=sell symbol=VOO shares=5 price=600"):  # fmt: skip
        assert run_command(tmp_path, "record", *row.split()).returncode == 0
    done = run_command(tmp_path, "tax", "--as-of", "2026-11-23")
    assert done.returncode == 0
    assert "Nothing was sold." not in done.stdout
    assert "Not in it: what was paid for VOO in account 'main' is not known" in done.stdout
    assert "warning[cost-unknown]" in done.stderr
    assert "price=" in done.stderr


NEW_YEAR = """
base_currency = "USD"
priced_on = 2027-01-04
[targets]
VOO = "40%"
TLT = "60%"
[tax]
jurisdiction = "US"
other_income = 100000
[[accounts]]
name = "main"
[[accounts.positions]]
symbol = "VOO"
shares = 10
price = "500 USD"
lots = [{ bought = 2024-01-10, shares = 10, unit_cost = "400 USD" }]
[[accounts.positions]]
symbol = "TLT"
shares = 10
price = "80 USD"
lots = [{ bought = 2024-01-10, shares = 10, unit_cost = "100 USD" }]
"""
"""Six shares of VOO are too many on the first session of a year whose brackets are not known."""


@pytest.mark.parametrize("command", ["tax", "plan", "harvest"])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_in_the_first_days_of_a_year_whatever_rests_on_its_brackets_is_said_to_be_provisional(
    tmp_path, command, form
):
    (tmp_path / "portfolio.toml").write_text(NEW_YEAR)
    done = run_command(tmp_path, command, "--as-of", "2027-01-04", *form)
    assert done.returncode == 0, done.stderr
    assert "provisional: the brackets of 2027" in " ".join(done.stdout.split())


def test_a_korean_year_whose_law_nobody_has_read_is_provisional(tmp_path):
    (tmp_path / "portfolio.toml").write_text(
        'base_currency = "KRW"\n[targets]\n"360750" = "100%"\n[tax]\njurisdiction = "KR"\n'
        '[[accounts]]\nname = "main"\n'
    )
    done = run_command(tmp_path, "tax", "--as-of", "2027-01-04", "--json")
    report = json.loads(done.stdout)
    assert report["provisional"].startswith("provisional: the rules were last verified on 2026-")
    assert report["provisional"] in report["notes"]
