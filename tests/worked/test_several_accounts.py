"""Several accounts and currencies, worked by hand on small portfolio texts."""

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from steelyard.errors import PlanError
from steelyard.interfaces.cli.main import cli

TWO = """
base_currency = "KRW"
[targets]
"069500" = "50%"
VOO = "50%"
[costs]
fx_spread = "1%"
[fx]
USDKRW = "1000"
[[accounts]]
name = "main"
cash = { KRW = "505000" }
[[accounts]]
name = "isa"
kind = "isa"
cash = { KRW = "500000" }
[prices]
"069500" = "50000"
VOO = "100"
"""


def plan(tmp_path, text, *options):
    file = tmp_path / "portfolio.toml"
    file.write_text(text)
    done = CliRunner().invoke(cli, ["plan", str(file), "--json", *options], catch_exceptions=False)
    return json.loads(done.stdout)


def test_the_sheltered_account_buys_the_korean_fund_and_the_other_converts_for_the_foreign_one(tmp_path):
    """Main: 5 VOO at 100,000 won cost 500,000 and 1 % of it for dollars; the ISA: 10 KODEX 200 at 50,000."""
    report = plan(tmp_path, TWO)
    trades = [(t["account"], t["symbol"], t["side"], t["shares"]) for t in report["trades"]]
    assert sorted(trades) == [("isa", "069500", "buy", "10"), ("main", "VOO", "buy", "5")]
    assert report["after"]["cash"] == "0"
    assert report["costs"] == "5000"
    assert report["objective"]["proven_optimal"] is True


def test_a_won_less_in_the_account_that_pays_means_a_share_less(tmp_path):
    """504,999 won do not pay for 5 VOO and their conversion; the ISA's money cannot help."""
    report = plan(tmp_path, TWO.replace("505000", "504999"))
    bought = {(t["account"], t["symbol"]): t["shares"] for t in report["trades"]}
    assert bought["main", "VOO"] == "4"
    # What is left, 504,999 - 400,000 - 4,000 = 100,999, buys two KODEX 200, but 12 of them are further
    # from the half (502,499.5) than 10 are with the ISA's ten, so the money stays.
    assert ("main", "069500") not in bought


def test_money_taken_out_must_come_from_the_account_that_is_asked(tmp_path):
    with pytest.raises(PlanError, match="account main: 95000 KRW too little"):
        plan(tmp_path, TWO, "--cash", "-600000")


IRP = """
base_currency = "KRW"
[targets]
"069500" = "80%"
"148070" = "20%"
[[accounts]]
name = "irp"
kind = "irp"
cash = { KRW = "10000000" }
[prices]
"069500" = "40000"
"148070" = "110000"
"""


def test_purchases_in_an_irp_stop_at_seventy_percent_of_risky_assets(tmp_path):
    """70 % of 10,000,000 are 175 shares at 40,000; a cap at the purchase, not a target."""
    report = plan(tmp_path, IRP)
    assert {t["symbol"]: t["shares"] for t in report["trades"]} == {"069500": "175", "148070": "18"}


@pytest.mark.parametrize("spread", ["0", "1%"])
def test_whole_and_divisible_shares_are_planned_together_with_a_proof(tmp_path, spread):
    """One KODEX 200 step is 50,000; VOO is divisible, so no money is left but a hair."""
    text = (
        TWO.replace('fx_spread = "1%"', f'fx_spread = "{spread}"') + "[instruments.VOO]\nfractional = true\n"
    )
    report = plan(tmp_path, text)
    assert report["objective"]["proven_optimal"] is True
    assert Decimal(report["after"]["cash"]) < 5000
