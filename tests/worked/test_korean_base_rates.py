"""Base rates and tax base prices from files, with their names in the output; issue 16, line 7."""

import json

from processes import run_command

PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "100%"
[tax]
jurisdiction = "KR"
[[accounts]]
name = "main"
kept = "journal"
cost_method = "fifo"
"""
TRADES = """date,type,symbol,shares,price,currency,tax_base_price
2025-01-08,buy,VOO,10,100,USD,
2026-05-04,sell,VOO,10,200,USD,
2025-01-08,buy,360750,100,10000,KRW,
2026-05-04,sell,360750,100,13000,KRW,
"""


def test_rates_and_tax_base_prices_are_taken_from_files_and_their_folders_are_named(tmp_path):
    """10 x (200 x 1,400 - 100 x 1,470.5) = 1,329,500; the purchase settled on 13 January, the sale on 6 May.

    The market's closes differ and are not taken. Bases 10,200 and 11,500: 130,000 of 300,000 is taxed.
    """
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO, encoding="utf-8")
    (tmp_path / "trades.csv").write_text(TRADES, encoding="utf-8")
    for folder, name, text in (
        ("base_rates", "USDKRW.csv", "date,close\n2025-01-13,1470.5\n2026-05-06,1400\n"),
        ("prices", "USDKRW.csv", "date,close\n2025-01-13,1465\n2026-05-06,1390\n"),
        ("tax_base_prices", "360750.csv", "date,close\n2025-01-08,10200\n2026-05-04,11500\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    assert run_command(tmp_path, "import", "trades.csv").returncode == 0
    done = run_command(tmp_path, "tax", "--as-of", "2026-11-23", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["overseas_listed"]["net_gain"] == "1329500"
    assert report["summary"]["krx_other"]["taxable"] == "130000"
    assert any("base_rates" in note for note in report["notes"])
    assert any("tax_base_prices" in note for note in report["notes"])
