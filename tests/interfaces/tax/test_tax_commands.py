"""`tax`, `harvest` and the tax of a plan, from files to JSON; expectations worked by hand from the rules."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

import steelyard
from builders import account, portfolio, position, with_gains
from steelyard.errors import SteelyardError
from steelyard.interfaces.cli.main import cli

KR = with_gains()
KEPT = KR.replace('name = "main"', 'name = "main"\nkept = "journal"')
"""The same, where the journal alone says what is held."""

US = """
base_currency = "USD"
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
filing = "single"
other_income = 100000
[[accounts]]
name = "main"
cash = { USD = "0" }
"""

TRADES = """date,account,type,symbol,shares,price,currency
2023-03-01,main,buy,VOO,10,400,USD
2025-02-03,main,buy,VOO,10,550,USD
2025-06-02,main,sell,VOO,10,500,USD
2025-06-16,main,buy,VOO,4,510,USD
2025-12-01,main,sell,VOO,10,450,USD
"""


def run(tmp_path, *words, text=KR, trades=None):
    (tmp_path / "portfolio.toml").write_text(text)
    runner = CliRunner()
    file = str(tmp_path / "portfolio.toml")
    if trades is not None:
        (tmp_path / "trades.csv").write_text(trades)
        command = ["import", str(tmp_path / "trades.csv"), "--portfolio", file]
        assert runner.invoke(cli, command, catch_exceptions=False).exit_code == 0
    done = runner.invoke(
        cli, [words[0], file, *words[1:], "--json", "--as-of", "2026-11-23"], catch_exceptions=False
    )
    return json.loads(done.stdout)


def test_a_plan_shows_the_lots_a_sale_takes_and_what_it_adds_to_the_tax(tmp_path):
    """19 of the oldest at a gain of 840,000 - 480,000: 6,840,000; 22 % of what exceeds 2,500,000."""
    report = run(tmp_path, "plan")
    (sale,) = [t for t in report["trades"] if t["side"] == "sell"]
    assert (sale["symbol"], sale["shares"], sale["gain"]) == ("VOO", "19", "6840000")
    assert sale["lots"] == [{"bought": "2022-03-04", "shares": "19", "cost": "9120000"}]
    assert sale["tax"] == report["taxes"] == "954800"


def test_under_a_moving_average_a_sale_takes_no_lots(tmp_path):
    """20 at 480,000 and 20 at 797,500 cost 638,750 on average: 19 gain 3,823,750, 22 % of 1,323,750."""
    text = KR.replace('name = "main"', 'name = "main"\ncost_method = "average"')
    (sale,) = [t for t in run(tmp_path, "plan", text=text)["trades"] if t["side"] == "sell"]
    assert (sale["symbol"], sale["shares"], sale["gain"]) == ("VOO", "19", "3823750")
    assert sale["lots"] == []


BARE = portfolio(
    {"VOO": "60%", "BND": "40%"},
    account(position("VOO", 100, "500"), position("BND", 10, "70")),
    base_currency="USD",
    tax={"jurisdiction": "US", "ordinary_rate": "32%"},
)
"""Nobody says what was paid; 39 of VOO go."""


def test_a_plan_says_that_the_tax_of_what_has_no_cost_is_not_counted(tmp_path):
    assert run(tmp_path, "plan", text=BARE)["tax_note"] == (
        "what was paid for VOO is not known, so the tax of its sale is in no figure: add lots to the "
        "position, or import the trades with `steelyard import`"
    )


def test_a_harvest_says_what_it_cannot_judge(tmp_path):
    report = run(tmp_path, "harvest", text=BARE)
    assert report["losses"] == []
    assert report["notes"][0] == (
        "what was paid for BND, VOO is not known, so its loss or gain is not judged: add lots to the "
        "position, or import the trades with `steelyard import`"
    )


def test_a_limit_on_tax_holds(tmp_path):
    """6 shares realise 2,160,000, inside the deduction; a seventh would exceed it."""
    report = run(tmp_path, "plan", "--max-tax", "0")
    assert report["taxes"] == "0"
    assert [(t["symbol"], t["shares"]) for t in report["trades"] if t["side"] == "sell"] == [("VOO", "6")]


def test_accepting_more_drift_never_costs_more_tax(tmp_path):
    taxes = [
        int(run(tmp_path, "plan", "--save-tax", "--accept-drift", drift)["taxes"])
        for drift in ("0%", "2%", "5%")
    ]
    assert taxes == sorted(taxes, reverse=True)
    assert taxes[-1] < taxes[0]


def test_the_unused_deduction_is_worth_filling_and_a_loss_without_gains_is_not(tmp_path):
    """2,500,000 of room: 6 of VOO at 360,000 each, 22 % of 2,160,000; TLT's loss would offset nothing."""
    report = run(tmp_path, "harvest", "--min-loss", "5%")
    (gain,) = report["gains"]
    assert (gain["symbol"], gain["shares"], gain["gain"], gain["saves"]) == ("VOO", "6", "2160000", "475200")
    (loss,) = report["losses"]
    assert (loss["symbol"], loss["do"], loss["saves"]) == ("TLT", False, "0")
    assert "harmful" in loss["why"]
    assert report["deadline"] == "2026-12-29"


def test_a_loss_is_worth_what_it_saves_of_gains_already_realised(tmp_path):
    """5,000,000 realised this year, 2,500,000 too much; 60 TLT lose 2,520,000: 22 % of 2,500,000 is saved."""
    bought = "2026-01-05,main,buy,VOO,10,500,USD,1000\n2026-02-02,main,sell,VOO,10,1000,USD,1000\n"
    lots = "2022-03-04,main,buy,TLT,60,140,USD,1200\n"
    trades = "date,account,type,symbol,shares,price,currency,fx_rate\n" + lots + bought
    report = run(tmp_path, "harvest", "--discount", "1000%", text=KEPT, trades=trades)
    (loss,) = report["losses"]
    assert loss["symbol"] == "TLT"
    assert loss["do"] is True
    assert loss["saves"] == "550000"
    assert loss["shares"] == "60"


def test_a_year_is_split_by_term_and_a_purchase_months_before_washes_nothing(tmp_path):
    """First in, first out: June sells the lot of 2023 at +1,000, long; December that of February 2025 at
    -1,000, short; the purchase of June is not within 30 days of it, so nothing is washed."""
    report = run(tmp_path, "tax", "--year", "2025", text=US, trades=TRADES)
    assert [(d["term"], d["gain"], d["disallowed"]) for d in report["disposals"]] == [
        ("long", "1000", "0"),
        ("short", "-1000", "0"),
    ]
    assert report["summary"]["long_term"] == "1000"
    assert report["summary"]["short_term"] == "-1000"
    assert report["total_tax"] == "0"
    (lot,) = report["open_lots"]
    assert (lot["shares"], lot["cost"]) == ("4", "2040")


def test_importing_the_same_file_twice_changes_nothing(tmp_path):
    first = run(tmp_path, "tax", "--year", "2025", text=US, trades=TRADES)
    assert run(tmp_path, "tax", "--year", "2025", text=US, trades=TRADES) == first


def test_tax_without_a_jurisdiction_says_what_to_write(tmp_path):
    with pytest.raises(SteelyardError) as caught:
        run(tmp_path, "tax", text=US.replace('jurisdiction = "US"', ""))
    assert "jurisdiction" in str(caught.value.problems[0])


def test_a_journal_says_what_is_held(tmp_path):
    text = US + '[prices]\nVOO = "600"\n'
    report = run(tmp_path, "check", text=text, trades=TRADES)
    assert [(p["symbol"], p["shares"]) for p in report["positions"]] == [("VOO", "4")]


@pytest.mark.parametrize(
    "given", [{"years": -5}, {"years": 10**8}, {"discount": "-200%"}, {"discount": "-1%"}]
)
def test_years_and_rates_that_discount_nothing_are_refused(given, tmp_path):
    (tmp_path / "portfolio.toml").write_text(KR)
    portfolio = steelyard.load(tmp_path / "portfolio.toml")
    with pytest.raises(SteelyardError) as caught:
        steelyard.harvest(portfolio, as_of=date(2026, 11, 23), **given)
    assert caught.value.code == "harvest-assumption"


def test_an_instrument_that_only_the_journal_has_is_asked_for_by_name(tmp_path):
    """TSLA is neither a target nor held in the file: the message must not send the reader to [targets]."""
    trades = (
        "date,account,type,symbol,shares,price,currency,fx_rate\n2026-01-05,main,buy,TSLA,1,500,USD,1400\n"
    )
    with pytest.raises(SteelyardError) as caught:
        run(tmp_path, "tax", text=KEPT, trades=trades)
    (problem,) = caught.value.problems
    assert (problem.code, problem.key) == ("unknown-symbol", "instruments.TSLA")
    assert "the journal has TSLA" in problem.message


GIFT = """
base_currency = "KRW"
[targets]
VOO = "10%"
"069500" = "90%"
[tax]
jurisdiction = "KR"
[fx]
USDKRW = "1400"
[prices]
"069500" = "30000"
VOO = "600"
[[accounts]]
name = "main"
kind = "taxable"
cash = { KRW = "0" }
"""
GIVEN = (
    "date,account,type,symbol,shares,price,currency,fx_rate,gift_value\n"
    "2026-06-01,main,transfer_in,VOO,10,100,USD,1000,800000\n"
)


def test_a_plan_and_a_harvest_count_shares_given_this_year_at_the_givers_cost(tmp_path):
    """840,000 less the giver's 100,000, not less the 800,000 of the day of the gift: three shares gain
    2,220,000, a fourth would exceed the 2,500,000 that are free (ITA 97-2(1))."""
    report = run(tmp_path, "plan", "--max-tax", "0", text=GIFT, trades=GIVEN)
    (sale,) = [t for t in report["trades"] if t["side"] == "sell"]
    assert (sale["shares"], sale["gain"], report["taxes"]) == ("3", "2220000", "0")
    (gain,) = run(tmp_path, "harvest", text=GIFT)["gains"]
    assert (gain["shares"], gain["gain"]) == ("3", "2220000")


def test_a_plan_says_that_it_was_made_without_the_deduction_of_the_repatriation_account(tmp_path):
    """9 shares gain 740,000 each: 6,660,000 less 2,500,000. Half of the gain is deducted from August on,
    3,330,000, so 22 % of 830,000 is the tax, though the planner counted that of 4,160,000."""
    trades = GIVEN.replace("2026-06-01", "2024-06-03").replace(",gift_value", "").replace(",800000", "")
    text = GIFT.replace('kind = "taxable"', 'kind = "ria"')
    report = run(tmp_path, "plan", text=text, trades=trades)
    (sale,) = [t for t in report["trades"] if t["side"] == "sell"]
    assert (sale["shares"], sale["gain"], report["taxes"]) == ("9", "6660000", "182600")
    assert "repatriation account" in report["tax_note"]


def test_an_amount_is_never_cut_and_a_half_year_return_names_its_rule(tmp_path, monkeypatch):
    """A gain of 1,000,000,000 won on a large holding, at 80 columns; ITA 105(1)2 for the interim return."""
    monkeypatch.setenv("COLUMNS", "80")
    shares = KEPT + '\n[instruments."005930"]\ncurrency = "KRW"\nexchange = "XKRX"\n'
    shares += 'tax_class = "krx_taxable_shares"\n'
    trades = "date,account,type,symbol,shares,price,currency\n"
    trades += "2025-01-10,main,buy,005930,100000,50000,KRW\n2026-03-04,main,sell,005930,100000,60000,KRW\n"
    run(tmp_path, "tax", text=shares, trades=trades)
    done = CliRunner().invoke(
        cli, ["tax", str(tmp_path / "portfolio.toml"), "--rules", "--as-of", "2026-11-23"]
    )
    assert "₩1,000,000,000" in done.stdout
    assert "…" not in done.stdout
    assert "disallowed" not in done.stdout
    due = "by 2026-08-31: half-year return on taxable Korean shares (from 2026-07-01"
    assert due in " ".join(done.stdout.split())
    assert "kr.domestic-shares-filing" in done.stdout
    assert "(rule )" not in done.stdout
