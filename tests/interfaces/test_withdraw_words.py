"""What `withdraw` prints: no hint that it would refuse."""

from click.testing import CliRunner

from steelyard.interfaces.cli.main import cli

TWO = """
base_currency = "KRW"
[targets]
"069500" = "60%"
"148070" = "40%"
[[accounts]]
name = "main"
positions = [{ symbol = "069500", shares = 100 }, { symbol = "148070", shares = 20 }]
[[accounts]]
name = "isa"
kind = "isa"
positions = [{ symbol = "069500", shares = 61 }, { symbol = "148070", shares = 13 }]
[prices]
"069500" = "35000"
"148070" = "110000"
[costs]
commission = "0.1%"
"""


def test_a_withdrawal_names_no_option_that_it_does_not_take(tmp_path):
    file = tmp_path / "portfolio.toml"
    file.write_text(TWO, encoding="utf-8")
    amounts = ["300000", "1000000", "2000000"]
    shown = [CliRunner().invoke(cli, ["withdraw", amount, str(file)]).stdout for amount in amounts]
    assert any("the nearest plan is at" in text for text in shown), shown
    assert not any("accept-drift" in text for text in shown)
    assert CliRunner().invoke(cli, ["withdraw", "1", str(file), "--accept-drift", "0"]).exit_code == 2


OVER = """
base_currency = "KRW"
[targets]
"069500" = "50%"
"148070" = "50%"
[[accounts]]
name = "main"
cash = { KRW = 500000 }
positions = [{ symbol = "069500", shares = 800 }, { symbol = "148070", shares = 150 }]
[prices]
"069500" = "50000"
"148070" = "118000"
"""


def test_a_withdrawal_that_sells_what_is_over_target_says_how_much_more_than_asked_that_is(tmp_path):
    # 58.2M less 3M: half of it, 27.6M, is 552 of 800; 248 are sold for 12.4M, 500,000 were there, 3M leave.
    file = tmp_path / "portfolio.toml"
    file.write_text(OVER, encoding="utf-8")
    shown = CliRunner().invoke(cli, ["withdraw", "3000000", str(file)])
    assert "₩9,900,000 more than asked is raised" in " ".join(shown.stdout.split())


def test_a_withdrawal_that_sells_no_share_too_much_says_nothing_of_it(tmp_path):
    # At target both ways: 35,000 x 12 and 28,000 x 20 are 43 to 57; what is sold is what the amount needs.
    file = tmp_path / "portfolio.toml"
    file.write_text(TWO, encoding="utf-8")
    assert "more than asked" not in CliRunner().invoke(cli, ["withdraw", "300000", str(file)]).stdout


APART = """
base_currency = "USD"
[targets]
VOO = "100%"
[[accounts]]
name = "a"
positions = [{ symbol = "VOO", shares = 10, price = "600" }]
[[accounts]]
name = "b"
cash = { USD = 5000 }
"""


def test_money_of_another_account_is_not_raised_by_a_sale(tmp_path):
    file = tmp_path / "portfolio.toml"
    file.write_text(APART, encoding="utf-8")
    shown = CliRunner().invoke(cli, ["withdraw", "600", str(file), "--account", "a"])
    assert "sell" in shown.stdout
    assert "more than asked" not in shown.stdout
