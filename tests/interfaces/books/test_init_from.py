"""`init --from`: a broker's file becomes a portfolio file that holds what the broker says.

Every expected number stands in the file that is read, or is worked by hand beside it.
"""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import steelyard
from processes import run_command
from steelyard.adapters.files.template import _key, _line, _quoted
from steelyard.domain.books.beginning import HeldAccount, weights
from steelyard.errors import InputError, PortfolioProblems

SAMPLES = Path(__file__).parents[2] / "presets" / "samples"
TRADES = """\
date,type,symbol,shares,price,currency,fees
2026-03-02,deposit,,10000,,USD,
2026-03-03,buy,VOO,10,600.20,USD,1
2026-03-04,buy,BND,20,73.10,USD,1
2026-06-04,sell,VOO,2,620,USD,1
"""


def begin(tmp_path, file, **words):
    begun = steelyard.template_from(file, **words)
    (tmp_path / "portfolio.toml").write_text(begun.text, encoding="utf-8")
    return begun, steelyard.load(tmp_path / "portfolio.toml")


def held(portfolio):
    return {(a.name, p.symbol): p.shares for a in portfolio.accounts for p in a.positions}


def test_a_table_of_positions_gives_shares_cash_prices_and_weights(tmp_path):
    """Schwab: SCHB 20.5 x 62 = 1271 and VTI 4 x 30 = 120, together 1391: 91.37 % and 8.63 %; cash 57.25."""
    begun, portfolio = begin(tmp_path, SAMPLES / "schwab-positions.csv")
    assert not begun.recorded
    assert held(portfolio) == {("main", "SCHB"): Decimal("20.5"), ("main", "VTI"): Decimal(4)}
    assert portfolio.accounts[0].cash == {"USD": Decimal("57.25")}
    assert portfolio.targets == {"SCHB": Decimal("0.9137"), "VTI": Decimal("0.0863")}
    assert portfolio.quotes["SCHB"].price == 62
    assert str(portfolio.quotes["SCHB"].priced_on) == "2025-05-04"


def test_lots_are_kept_where_they_are_all_of_the_shares(tmp_path):
    """E*TRADE: 4 at 60 and 6 at 47.5 are the 10 shares of EXL, 500 dollars beside them."""
    _, portfolio = begin(tmp_path, SAMPLES / "etrade-positions.csv")
    (position,) = portfolio.accounts[0].positions
    assert [(lot.shares, lot.unit_cost, str(lot.bought)) for lot in position.lots] == [
        (Decimal(4), Decimal(60), "2025-03-28"),
        (Decimal(6), Decimal("47.5"), "2024-02-01"),
    ]
    assert portfolio.accounts[0].cash == {"USD": Decimal(500)}


def test_accounts_keep_their_names_and_a_roth_is_one(tmp_path):
    """Schwab's file of all accounts: 3 SCHA in a brokerage account, 10 in a Roth with 25 dollars."""
    _, portfolio = begin(tmp_path, SAMPLES / "schwab-positions-all.csv")
    assert [(a.name, a.kind) for a in portfolio.accounts] == [
        ("Brokerage XXXX-0001", "taxable"),
        ("Roth XXXX-0002", "roth"),
    ]
    assert sorted(held(portfolio).values()) == [3, 10]


def test_a_file_of_trades_opens_a_journal_that_holds_what_is_left(tmp_path):
    """10 - 2 VOO and 20 BND; 10,000 - 6,002 - 1 - 1,462 - 1 + 1,240 - 1 = 3,773 dollars.

    8 x 620 = 4,960 and 20 x 73.10 = 1,462, together 6,422: 77.23 % and 22.77 %.
    """
    (tmp_path / "trades.csv").write_text(TRADES, encoding="utf-8")
    done = run_command(tmp_path, "init", "mine", "--from", "trades.csv")
    assert done.returncode == 0, done.stderr
    portfolio = steelyard.load(tmp_path / "mine" / "portfolio.toml")
    assert held(portfolio) == {("main", "VOO"): Decimal(8), ("main", "BND"): Decimal(20)}
    assert portfolio.accounts[0].cash == {"USD": Decimal(3773)}
    assert portfolio.targets == {"VOO": Decimal("0.7723"), "BND": Decimal("0.2277")}
    # Said again, neither the file nor the journal changes.
    before = (tmp_path / "mine" / "portfolio.toml").read_bytes()
    again = run_command(tmp_path, "init", "mine", "--from", "trades.csv")
    assert again.returncode == 2
    assert "file-exists" in again.stderr
    assert (tmp_path / "mine" / "portfolio.toml").read_bytes() == before


def test_a_model_gives_the_targets_and_what_is_held_stays(tmp_path):
    begun = steelyard.template_from(SAMPLES / "schwab-positions.csv", model="all-weather")
    tree = tomllib.loads(begun.text)
    model = steelyard.models("all-weather").models[0].weights
    assert {k: Decimal(v.rstrip("%")) / 100 for k, v in tree["targets"].items()} == dict(model)
    assert [p["symbol"] for p in tree["accounts"][0]["positions"]] == ["SCHB", "VTI"]


def test_several_currencies_need_targets_that_are_named(tmp_path):
    rows = TRADES + "2026-06-05,deposit,,1000000,,KRW,\n2026-06-06,buy,069500,10,35000,KRW,\n"
    (tmp_path / "both.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(InputError, match="KRW, USD"):
        steelyard.template_from(tmp_path / "both.csv")
    text = steelyard.template_from(tmp_path / "both.csv", model="core-four", base_currency="KRW").text
    assert tomllib.loads(text)["base_currency"] == "KRW"


def test_trades_that_cannot_be_entered_leave_no_file_behind(tmp_path):
    (tmp_path / "t.csv").write_text(TRADES.replace("2026-06-04", "2096-06-04"), encoding="utf-8")
    done = run_command(tmp_path, "init", "mine", "--from", "t.csv")
    assert done.returncode == 2
    assert "entry-in-future" in done.stderr
    assert not (tmp_path / "mine" / "portfolio.toml").exists()


def test_more_sold_than_held_says_that_the_file_does_not_begin_at_the_start(tmp_path):
    (tmp_path / "t.csv").write_text(TRADES.replace("buy,VOO,10", "buy,VOO,1"), encoding="utf-8")
    with pytest.raises(InputError, match="only 1 are held"):
        steelyard.template_from(tmp_path / "t.csv")


def test_a_file_with_both_tables_begins_with_what_it_says_is_held(tmp_path):
    """Vanguard's download: 12 VTI with 150.25 dollars, and 5 VBTLX; line 16 is a corporate action."""
    with pytest.raises(PortfolioProblems, match="corporate action") as caught:
        steelyard.template_from(SAMPLES / "vanguard-ofxdownload.csv")
    assert caught.value.problems[0].hint == "leave the row out with --leave 16"
    begun, portfolio = begin(tmp_path, SAMPLES / "vanguard-ofxdownload.csv", leave=[16])
    assert not begun.recorded
    assert held(portfolio) == {("10000001", "VTI"): Decimal(12), ("10000002", "VBTLX"): Decimal(5)}
    assert [a.cash.get("USD") for a in portfolio.accounts] == [Decimal("150.25"), None]


def test_what_a_broker_calls_an_account_tells_its_kind_where_its_number_does_not(tmp_path):
    """Fidelity: the account 222222222 is called ROTH IRA in the column beside it."""
    head = (
        "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total\n"
    )
    rows = "X1,Individual,FXAIX,FUND,10,$240.00,$2400.00,$2000.00\n"
    rows += "222222222,ROTH IRA,VTI,FUND,3,$331.20,$993.60,$900\n"
    (tmp_path / "f.csv").write_text(head + rows, encoding="utf-8")
    _, portfolio = begin(tmp_path, tmp_path / "f.csv")
    assert [(a.name, a.kind) for a in portfolio.accounts] == [("X1", "taxable"), ("222222222", "roth")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Visa Signature", "taxable"), ("Miranda", "taxable"), ("Rollover IRA ...123", "ira"),
        ("Roth IRA", "roth"), ("401(k) plan", "401k"), ("중개형ISA", "isa"), ("IRP 계좌", "irp"),
        ("연금저축", "pension"), ("main", "taxable"),
    ],
)  # fmt: skip
def test_a_name_tells_the_kind_of_an_account_only_where_it_says_so(name, kind):
    assert HeldAccount(name, {}).kind == kind


def test_a_file_of_which_everything_is_left_out_holds_nothing(tmp_path):
    rows = (
        '"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"\n'
        '"10/01/2026","Buy to Open","VOO 01/16/2027 600.00 C","CALL","1","$3.20","$0.65","-$320.65"\n'
    )
    (tmp_path / "options.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(PortfolioProblems, match="holds nothing"):
        steelyard.template_from(tmp_path / "options.csv")


def test_a_name_that_nobody_knows_is_asked_about(tmp_path):
    with pytest.raises(PortfolioProblems, match="TIGER 견본") as caught:
        steelyard.template_from(SAMPLES / "mirae-positions.tsv")
    assert "--symbol" in caught.value.problems[0].hint
    named = steelyard.template_from(SAMPLES / "mirae-positions.tsv", symbols={"TIGER 견본": "102110"})
    assert tomllib.loads(named.text)["accounts"][0]["positions"] == [{"symbol": "102110", "shares": "10"}]


@given(
    st.dictionaries(
        st.text("ABCDE", min_size=1, max_size=3), st.decimals("0.01", "1e9", places=2), min_size=1
    )
)
def test_weights_add_up_to_exactly_all_and_none_is_off_by_a_step(values):
    found = weights(values)
    total = sum(values.values())
    assert sum(found.values()) == 1
    assert all(abs(found.get(s, 0) - v / total) < Decimal("0.0001") for s, v in values.items())


@given(st.text())
def test_whatever_a_broker_calls_something_the_file_can_be_read(text):
    """Quotes, backslashes, line ends and control characters stand in names."""
    tree = tomllib.loads(f"# {_line(text)}\n{_key(text or 'x')} = {_quoted(text)}\n")
    assert list(tree.values()) == [text]
