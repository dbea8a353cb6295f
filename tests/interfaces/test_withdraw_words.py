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
