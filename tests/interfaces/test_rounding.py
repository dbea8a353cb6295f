"""Figures are rounded one by one: where their sum is another one than the sum that is shown, it is said."""

import os
from decimal import Decimal

import pytest

from processes import run_command
from steelyard.interfaces.rounding import ROUNDED, adds_up
from whole_commands import run

FILE = """base_currency = "KRW"
[targets]
VOO = "100%"
[fx]
USDKRW = "{rate}"
[[accounts]]
name = "a"
cash = {{ USD = "1" }}
[[accounts.positions]]
symbol = "VOO"
shares = "1"
price = "1"
[[accounts]]
name = "b"
[[accounts.positions]]
symbol = "VOO"
shares = "1"
"""


def test_thirds_of_a_won_do_not_add_up():
    """0.4 and 0.4 are shown as 0 and 0, their sum 0.8 as 1."""
    assert not adds_up([Decimal("0.4")] * 2, Decimal("0.8"), "KRW")
    assert adds_up([Decimal("0.4")] * 2, Decimal("0.8"), "USD")
    assert adds_up([None, Decimal(1)], Decimal(5), "KRW")


@pytest.mark.parametrize(("rate", "said"), [("1392.4", True), ("1392", False)])
@pytest.mark.parametrize("command", ["holdings", "check"])
def test_sums_of_what_is_shown_differ_and_it_is_said(tmp_path, command, rate, said):
    """Three times 1,392.4 won are shown as 1,392 each and as 4,177 together, three times 1,392 as 4,176."""
    file = tmp_path / "portfolio.toml"
    file.write_text(FILE.format(rate=rate), encoding="utf-8")
    if command == "check":
        said = False  # two shares are one line there: 2,784.8 and 1,392.4 are 2,785, 1,392 and 4,177
    done = run(command, str(file))
    assert ("₩4,177" in done.stdout) == (rate == "1392.4")
    assert (ROUNDED in " ".join(done.stdout.split())) == said


def test_realised_gains_are_called_that_in_korean_and_their_rounding_is_said(tmp_path):
    """One share from 10.01 to 11.02 dollars, both at 1,300.1 won: 1.01 x 1,300.1 = 1,313.101 won."""
    file = tmp_path / "portfolio.toml"
    text = 'base_currency = "KRW"\nlanguage = "ko"\n[targets]\nVOO = "100%"\n[tax]\njurisdiction = "KR"\n'
    text += '[[accounts]]\nname = "main"\nkept = "journal"\ncost_method = "fifo"\n'
    text += '[[accounts.positions]]\nsymbol = "VOO"\nshares = "0"\nprice = "11"\n[fx]\nUSDKRW = "1300"\n'
    file.write_text(text, encoding="utf-8")
    rows = "date,type,symbol,shares,price,currency,fx_rate\n2026-03-04,buy,VOO,1,10.01,USD,1300.1\n"
    rows += "2026-03-05,sell,VOO,1,11.02,USD,1300.1\n"
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    assert run("import", str(tmp_path / "t.csv"), "--portfolio", str(file)).exit_code == 0
    environment = {**os.environ, "STEELYARD_LANG": "ko"}
    shown = run_command(tmp_path, "tax", str(file), "--as-of", "2026-06-01", env=environment).stdout
    assert "실현손익" in shown
    assert "평가손익" not in shown
    assert "₩1,313" in shown
    assert "반올림해 표시합니다" in shown
