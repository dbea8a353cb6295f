"""The Korean statement of gains, the accountant's sheet, one sale explained, and a broker's statement beside
the year.

All of it of one small year, worked by hand; issue 16, lines 16 and 17.
"""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

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
TRADES = """date,type,symbol,shares,price,currency,fees,fx_rate
2025-01-08,buy,VOO,10,400,USD,4,1450
2025-02-05,buy,VOO,10,500,USD,5,1400
2026-05-04,sell,VOO,15,700,USD,10,1380
"""
# Sold 15 x 700 x 1,380 = 14,490,000, of it 9,660,000 and 4,830,000. Fees 13,800 of the sale, 5,800 + 3,500 of
# the purchases (10 shares, and half of 5 dollars at 1,400). Bare cost 5,800,000 and 3,500,000.
# Gain 14,490,000 - 13,800 - 5,805,800 - 3,503,500 = 5,166,900; less 2,500,000 leaves 2,666,900.
GAIN, TAX = 5_166_900, (533_380, 53_330)


@pytest.fixture
def ask(tmp_path):
    """Ask `tax` in a folder that holds the year."""
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO, encoding="utf-8")
    (tmp_path / "trades.csv").write_text(TRADES, encoding="utf-8")
    assert run_command(tmp_path, "import", "trades.csv").returncode == 0

    def run(*words):
        done = run_command(tmp_path, "tax", "--as-of", "2026-11-23", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.folder = tmp_path
    return run


def test_the_statement_has_proceeds_cost_and_expenses_apart_and_both_taxes(ask):
    """Each purchase has its own cost and fees, 5,800,000 and 5,800, 3,500,000 and 3,500; of the sale's 13,800
    it bears 9,200 and 4,600 by its shares."""
    rows = list(csv.reader(io.StringIO(ask("--form", "statement"))))
    assert rows[0][6:10] == ["양도가액", "취득가액", "필요경비", "양도소득금액"]
    lines = [[int(cell) for cell in row[6:10]] for row in rows[1:3]]
    assert [line[:3] for line in lines] == [[9_660_000, 5_800_000, 15_000], [4_830_000, 3_500_000, 8_100]]
    assert [row[10] for row in rows[1:3]] == [
        "2026-05-04 USD 1380; 2025-01-08 USD 1450", "2026-05-04 USD 1380; 2025-02-05 USD 1400",
    ]  # fmt: skip
    assert all(line[0] - line[1] - line[2] == line[3] for line in lines)
    assert [row[4:6] for row in rows[1:3]] == [["2026-05-06", "2025-01-08"], ["2026-05-06", "2025-02-05"]]
    total = rows[3]
    assert (total[0], total[6], total[7], total[8], total[9]) == (
        "합계", "14490000", "9300000", "23100", str(GAIN),
    )  # fmt: skip
    figures = {row[0]: row[9] for row in rows[4:]}
    assert figures["양도소득 기본공제"] == "2500000"
    assert figures["과세표준"] == "2666900"
    assert (int(figures["산출세액(양도소득세)"]), int(figures["지방소득세"])) == TAX
    assert next(row for row in rows if row[0].startswith("확정신고"))[1] == "2027-05-01 ~ 2027-05-31"


def test_the_sheet_lists_every_rate_with_its_days(ask):
    rows = list(csv.DictReader(io.StringIO(ask("--form", "sheet"))))
    assert [(r["구분"], r["체결일"], r["결제일(지급일)"], r["적용 환율"]) for r in rows] == [
        ("매수", "2025-01-08", "2025-01-13", "1450"),
        ("매수", "2025-02-05", "2025-02-07", "1400"),
        ("매도", "2026-05-04", "2026-05-06", "1380"),
    ]
    assert {r["환율 출처"] for r in rows} == {"기록의 fx_rate"}


def test_a_sale_is_walked_through_its_rules(ask):
    text = ask("--explain", "1")
    assert "15 VOO in main were sold on 2026-05-04 and settled on 2026-05-06" in text
    assert "Proceeds before fees 14,490,000 KRW, fees of purchase and sale 23,100" in text
    assert "gain 5,166,900 KRW" in text
    assert "kr.overseas-rate-of-exchange" in text
    refused = run_command(ask.folder, "tax", "--as-of", "2026-11-23", "--explain", "2")
    assert refused.returncode == 2
    assert "tax-sale-unknown" in refused.stderr


def test_the_rate_of_shares_transferred_in_is_named_with_the_day_of_their_purchase(tmp_path):
    """Bought on 2022-06-15 at 1,288 elsewhere, here since 2026-03-02."""
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO, encoding="utf-8")
    rows = (
        "date,type,symbol,shares,price,currency,fees,fx_rate,lot\n"
        "2026-03-02,transfer_in,VOO,10,400,USD,,1288,2022-06-15\n"
        "2026-05-04,sell,VOO,5,700,USD,,1380,\n"
    )
    (tmp_path / "trades.csv").write_text(rows, encoding="utf-8")
    done = run_command(tmp_path, "import", "trades.csv")
    assert done.returncode == 0, done.stderr
    text = " ".join(run_command(tmp_path, "tax", "--as-of", "2026-11-23", "--explain", "1").stdout.split())
    assert "The rate of USD for 2022-06-15 is 1288" in text
    assert "for 2026-03-02" not in text


@pytest.mark.parametrize(
    ("line", "amount", "reason"),
    [
        pytest.param("VOO,2026-05-06,15,14490000,9300000,23100,5166900", None, "", id="by settlement"),
        pytest.param("VOO,2026.05.04,15,14490000,9300000,23100,5166900", None, "", id="by trade date"),
        # Average cost: (5,805,800 + 7,007,000) / 20 x 15 = 9,609,600; gain 14,476,200 - 9,609,600.
        pytest.param("VOO,2026-05-06,15,,,,4866600", "-300300", "average", id="another method"),
        # 15 x 700 x 1,390 of another day.
        pytest.param(
            "VOO,2026-05-06,15,14595000,9300000,23100,5271900", "105000", "rate of exchange", id="rate"
        ),
        pytest.param("QQQ,2026-05-06,15,1,1,0,0", "0", "no such sale", id="a sale of another account"),
    ],
)  # fmt: skip
def test_a_brokers_statement_is_reconciled_with_a_likely_reason(ask, line, amount, reason):
    """Columns as Korean brokers name them; both sides by sale."""
    text = f"종목코드,양도일자,양도수량,양도가액,취득가액,필요경비,양도차익\n{line}\n합계,,,,,,5166900\n"
    (ask.folder / "broker.csv").write_bytes(text.encode("cp949"))
    report = json.loads(ask("--reconcile", "broker.csv", "--json"))
    first = report["differences"][0] if report["differences"] else None
    if amount is None:
        assert (first, report["agreed"]) == (None, 1)
    else:
        assert first["difference"] == amount
        assert reason in first["reason"]


def test_a_statement_without_its_columns_is_refused(ask):
    (ask.folder / "broker.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    done = run_command(ask.folder, "tax", "--as-of", "2026-11-23", "--reconcile", "broker.csv")
    assert done.returncode == 2
    assert "statement-columns" in done.stderr
    assert {"양도수량", "shares"} <= set(re.split(r"[^\w]+", done.stderr)), "in either language"


def test_shares_moved_to_another_account_keep_the_fees_of_their_purchase(tmp_path):
    """Bought for 5,800,000 with fees of 5,800, moved, and sold for 9,660,000 with fees of 1,380."""
    more = '[[accounts]]\nname = "second"\nkept = "journal"\ncost_method = "fifo"\n'
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO + more, encoding="utf-8")
    (tmp_path / "trades.csv").write_text(
        "date,account,type,symbol,shares,price,currency,fees,fx_rate,to\n"
        "2025-01-08,main,buy,VOO,10,400,USD,4,1450,\n"
        "2025-03-05,main,transfer,VOO,10,,,,,second\n"
        "2026-05-04,second,sell,VOO,10,700,USD,1,1380,\n",
        encoding="utf-8",
    )
    assert run_command(tmp_path, "import", "trades.csv").returncode == 0
    done = run_command(tmp_path, "tax", "--as-of", "2026-11-23", "--form", "statement")
    line = list(csv.reader(io.StringIO(done.stdout)))[1]
    assert line[6:10] == ["9660000", "5800000", "7180", "3852820"]
