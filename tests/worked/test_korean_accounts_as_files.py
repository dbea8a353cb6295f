"""Gifts, the repatriation account, ISA and pension accounts filed as CSV, both commands as processes.

Facts and figures of the cases are those of test_korean_tax_cases.py, where each one's source stands.
"""

import pytest

KR = """
base_currency = "KRW"
[targets]
VOO = "100%"
[tax]
jurisdiction = "KR"
{settings}
[[accounts]]
name = "main"
cost_method = "{method}"
[[accounts]]
name = "home"
kind = "ria"
[[accounts]]
name = "isa"
kind = "isa"
[[accounts]]
name = "savings"
kind = "pension"
[[accounts]]
name = "irp"
kind = "irp"
"""
HEAD = "date,account,type,symbol,shares,price,currency,fx_rate,lot,tax_base_price,gift_value,gift_tax\n"


def portfolio(settings="", method="fifo"):
    return KR.format(settings=settings, method=method)


def rows(*lines):
    """Lines of the first columns; the rest are empty."""
    width = HEAD.count(",")
    return HEAD + "".join(line + "," * (width - line.count(",")) + "\n" for line in lines)


def given(day, more=""):
    """100 shares that cost the giver 100 million and were worth 600 million that day."""
    return f"{day},main,transfer_in,VOO,100,1000,USD,1000,2020-03-02,,6000000,{more}"


def sold(day, shares=100):
    return f"{day},main,sell,VOO,{shares},6000,USD,1000"


@pytest.mark.parametrize(
    ("gift", "sale", "year", "cost", "tax"),
    [
        pytest.param(given("2025-06-01"), sold("2026-03-01"), 2026, 100, 109_450_000, id="KR-GIFT-01"),
        pytest.param(given("2025-06-01"), sold("2026-06-02"), 2026, 600, 0, id="KR-GIFT-02"),
        pytest.param(given("2024-12-20"), sold("2025-02-01"), 2025, 600, 0, id="KR-GIFT-03"),
        # 500 million less 20 million of gift tax less 2.5 million, at 22 % (ITA 97-2(1)3).
        pytest.param(
            given("2025-06-01", 20_000_000), sold("2026-03-01"), 2026, 120, 105_050_000, id="with gift tax"
        ),
    ],
)
def test_a_gift_sold_within_a_year_keeps_the_cost_of_the_giver(gift, sale, year, cost, tax, filed):
    """The giver's cost counts for gifts from 2025 on that are sold within a year, else the value that day."""
    report = filed(portfolio(), rows(gift, sale), year=year)
    disposal = report["disposals"][0]
    assert disposal["cost"] == str(cost * 1_000_000)
    assert report["total_tax"] == str(tax)
    carried = "gift: sold within a year, so the giver's cost counts"
    assert disposal["notes"] == ([carried] if cost < 600 else [])
    assert disposal["lots"][0]["bought"] == gift[:10]
    assert ("kr.gift-basis" in [r["id"] for r in report["rules"]]) == (cost < 600)


@pytest.mark.parametrize(("method", "costs"), [("fifo", [40, 360]), ("average", [80, 420])])
def test_a_gift_beside_shares_of_ones_own(method, costs, filed):
    """In millions, by hand: 100 shares given (cost 1, worth 6 each), 100 bought later at 8. 40 are sold
    within a year of the gift, 60 after it.

    First in, first out sells the gift: 40 x 1, then 60 x 6. The average is 7: 40 x 7 less the 40 x 5 by which
    the giver paid less, since the shares that came first are the ones sold (Decree 162(5)); then 60 x 7.
    """
    trades = rows(
        given("2025-06-01"),
        "2025-09-01,main,buy,VOO,100,8000,USD,1000",
        "2026-03-02,main,sell,VOO,40,9000,USD,1000",
        "2026-06-30,main,sell,VOO,60,9000,USD,1000",
    )
    report = filed(portfolio(method=method), trades, year=2026)
    assert [d["cost"] for d in report["disposals"]] == [str(c * 1_000_000) for c in costs]
    carried = "gift: sold within a year, so the giver's cost counts"
    assert [carried in d["notes"] for d in report["disposals"]] == [True, False]


def test_a_split_after_the_gift_changes_neither_cost_nor_value(filed):
    """10 for 1: 400 of then 1,000 shares carry 40 of the giver's 100 million."""
    trades = rows(given("2025-06-01"), "2025-09-01,main,split,VOO,10", sold("2026-03-02", 400))
    assert filed(portfolio(), trades, year=2026)["disposals"][0]["cost"] == "40000000"


HELD = "2024-03-04,home,buy,VOO,100,200,USD,1000"


def brought_home(day):
    """50 million of proceeds of shares that cost 20 million."""
    return f"{day},home,sell,VOO,100,500,USD,1000"


@pytest.mark.parametrize(
    ("lines", "ratio", "deduction", "taxable", "tax"),
    [
        pytest.param([brought_home("2026-04-30")], "1", "30000000", "0", "0", id="KR-RIA-01"),
        pytest.param([brought_home("2026-08-03")], "1", "15000000", "12500000", "2750000", id="KR-RIA-03"),
        pytest.param(
            [brought_home("2026-04-30"), "2026-08-10,main,buy,360750,1000,20000,KRW"],
            "0.8", "24000000", "3500000", "770000", id="KR-RIA-04",
        ),
        # A purchase in an ISA counts as well: any account but the one of repatriation (Decree 93-12(4)).
        pytest.param(
            [brought_home("2026-04-30"), "2026-08-10,isa,buy,360750,1000,20000,KRW"],
            "0.8", "24000000", "3500000", "770000", id="bought in an ISA",
        ),
        # Sales elsewhere make up for purchases; funds on Korean indices play no part.
        pytest.param(
            [
                brought_home("2026-04-30"),
                "2026-08-10,main,buy,360750,1000,20000,KRW",
                "2026-08-11,main,sell,360750,1000,20000,KRW",
                "2026-08-10,main,buy,069500,1000,20000,KRW",
                "2026-08-10,main,buy,148070,1000,20000,KRW",
            ],
            "1", "30000000", "0", "0", id="sold again, and Korean funds",
        ),
        # The last trade of May settles in June: 80 % of 30 million; 30 - 2.5 - 24 is taxed.
        pytest.param([brought_home("2026-05-29")], "1", "24000000", "3500000", "770000", id="in June"),
    ],
)  # fmt: skip
def test_the_repatriation_account(lines, ratio, deduction, taxable, tax, filed):
    """An account of the kind `ria`, and what was bought and sold elsewhere (STTCA 91-26, Decree 93-12)."""
    report = filed(portfolio(), rows(HELD, *lines), year=2026)
    assert report["summary"]["repatriation"]["ratio"] == ratio
    assert report["summary"]["repatriation"]["deduction"] == deduction
    assert report["summary"]["overseas_listed"]["taxable"] == taxable
    assert report["summary"]["overseas_listed"]["tax"] == tax
    assert "kr.repatriation" in [r["id"] for r in report["rules"]]


def test_shares_bought_after_the_day_of_reference_deduct_nothing(filed):
    """Half of the shares sold were held on 2025-12-23: half of the gain of 30 million (Decree 93-12(12))."""
    trades = rows(
        "2024-03-04,home,buy,VOO,50,200,USD,1000",
        "2026-02-02,home,buy,VOO,50,200,USD,1000",
        brought_home("2026-04-30"),
    )
    report = filed(portfolio(), trades, year=2026)
    assert report["summary"]["repatriation"]["deduction"] == "15000000"
    assert report["summary"]["repatriation"]["not_held_on_reference_day"] == "25000000"


def test_shares_moved_into_the_repatriation_account_keep_cost_and_count_once(filed):
    """Moved from the own account with their purchase date: held on the day of reference, 30 million off."""
    trades = rows(
        "2024-03-04,main,buy,VOO,100,200,USD,1000",
        "2026-01-05,main,transfer_out,VOO,100",
        "2026-01-05,home,transfer_in,VOO,100,200,USD,1000,2024-03-04",
        brought_home("2026-04-30"),
    )
    report = filed(portfolio(), trades, year=2026)
    assert report["summary"]["repatriation"]["deduction"] == "30000000"


ISA_FUND = (
    "2023-03-06,isa,buy,360750,1000,10000,KRW,,,10000",
    "2026-03-03,isa,sell,360750,1000,15000,KRW,,,15000",
)


@pytest.mark.parametrize(
    ("lines", "settings", "expected"),
    [
        pytest.param(ISA_FUND, "", ["5000000", "2000000", "3000000", "297000"], id="KR-ISA-01"),
        pytest.param(
            [
                *ISA_FUND,
                "2026-03-04,isa,buy,379800,1000,13000,KRW,,,13000",
                "2026-04-03,isa,sell,379800,1000,10000,KRW,,,10000",
            ],
            "",
            ["2000000", "2000000", "0", "0"],
            id="KR-ISA-04",
        ),
        pytest.param(
            [
                *ISA_FUND,
                "2026-03-04,isa,buy,069500,1000,30000,KRW",
                "2026-04-03,isa,sell,069500,1000,28000,KRW",
            ],
            "",
            ["5000000", "2000000", "3000000", "297000"],
            id="KR-ISA-05",
        ),
        pytest.param(
            ISA_FUND, 'isa_type = "lower_income"', ["5000000", "4000000", "1000000", "99000"], id="4 million"
        ),
    ],
)
def test_an_isa_shows_what_closing_it_would_cost(lines, settings, expected, filed):
    """Income over all its years; nothing of it is in the year's total (STTCA 91-18)."""
    report = filed(portfolio(settings), rows(*lines), year=2026)
    isa = report["summary"]["isa"]["isa"]
    assert [isa[k] for k in ("net_income", "exempt", "taxable", "tax_if_closed")] == expected
    assert isa["exemption_from"] == "2026-03-06"
    assert report["total_tax"] == "0"
    assert report["summary"]["krx_other"]["taxable"] == "0"
    assert "kr.isa" in [r["id"] for r in report["rules"]]


def test_the_room_of_an_isa_is_20_million_a_year_with_what_was_left_unused(filed):
    """20 x (1 + 2 years) - 25 million paid in (STTCA 91-18(3)5)."""
    trades = rows("2024-03-04,isa,deposit,,25000000,,KRW")
    assert filed(portfolio(), trades, year=2026)["summary"]["isa"]["isa"]["room"] == "35000000"


@pytest.mark.parametrize(
    ("savings", "irp", "salary", "creditable", "credit"),
    [
        pytest.param(6, 3, "salary = 50000000", "9000000", "1485000", id="KR-PEN-01"),
        pytest.param(6, 3, "salary = 80000000", "9000000", "1188000", id="KR-PEN-02"),
        pytest.param(9, 0, "", "6000000", "792000", id="KR-PEN-03"),
    ],
)
def test_deposits_into_pension_accounts_are_credited(savings, irp, salary, creditable, credit, filed):
    """The year's deposits; without a salary the lower credit is shown. Room: 18 million less 9."""
    lines = [f"2026-03-04,savings,deposit,,{savings}000000,,KRW", "2025-03-04,irp,deposit,,5000000,,KRW"]
    if irp:
        lines.append(f"2026-03-04,irp,deposit,,{irp}000000,,KRW")
    report = filed(portfolio(salary), rows(*lines), year=2026)
    pension = report["summary"]["pension"]
    assert (pension["creditable"], pension["credit"], pension["room"]) == (creditable, credit, "9000000")
    assert any("give salary" in note for note in report["notes"]) == (not salary)
    assert {"kr.pension-credit", "kr.irp-cap"} <= {r["id"] for r in report["rules"]}
