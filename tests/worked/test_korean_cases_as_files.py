"""Korean cases as their owner would file them: native CSV in, `tax --year` out, both as processes.

Facts and figures are those of test_korean_tax_cases.py, where each case's source stands; here only the way
differs. Dollar cases whose source counts in dollars use a flat rate of 1,000 won on every day.
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
{method}
[instruments.A]
currency = "KRW"
tax_class = "krx_other"
[instruments.B]
currency = "KRW"
tax_class = "krx_other"
[instruments.TSLA]
currency = "USD"
tax_class = "overseas_listed"
[instruments.CN]
currency = "KRW"
exchange = "XNYS"
tax_class = "overseas_listed"
"""
M = 1_000_000


def portfolio(method="", settings=""):
    line = f'cost_method = "{method}"' if method else ""
    return KR.format(settings=settings, method=line)


def check(report, expected):
    """Compare figures by their place in the document, written with dots."""
    for path, value in expected.items():
        found = report
        for key in path.split("."):
            found = found[int(key)] if key.isdigit() else found[key]
        assert found == value, path


def usd(*rows):
    """Rows of (date, type, shares, price[, fx_rate]) of VOO in dollars."""
    lines = [
        f"{day},{kind},VOO,{shares},{price},USD,{rest[0] if rest else 1000}"
        for day, kind, shares, price, *rest in rows
    ]
    return "\n".join(["date,type,symbol,shares,price,currency,fx_rate", *lines, ""])


def won(*rows):
    """Rows of (date, type, symbol, shares, price, tax base price) in won."""
    return "\n".join(["date,type,symbol,shares,price,tax_base_price", *(",".join(r) for r in rows), ""])


SINGLE = {
    "KR-DOM-01": (
        won(
            ("2026-03-02", "buy", "069500", "100", "30000", ""),
            ("2026-04-01", "sell", "069500", "100", "35000", ""),
        ),
        {
            "disposals.0.class": "krx_domestic_equity",
            "disposals.0.gain": "500000",
            "disposals.0.taxable": "0",
            "total_tax": "0",
        },
    ),
    "KR-DOM-02": (
        won(
            ("2026-03-02", "buy", "069500", "100", "30000", ""),
            ("2026-05-04", "dividend", "069500", "100", "1000", ""),
        ),
        {
            "summary.dividends.gross": "100000",
            "summary.dividends.national_tax": "14000",
            "summary.dividends.local_tax": "1400",
            "summary.dividends.tax": "15400",
            "total_tax": "15400",
        },
    ),
    "KR-OTH-01": (
        won(
            ("2026-03-02", "buy", "A", "100", "10000", "10200"),
            ("2026-04-01", "sell", "A", "100", "13000", "11500"),
        ),
        {
            "disposals.0.gain": "300000",
            "disposals.0.taxable": "130000",
            "summary.krx_other.taxable": "130000",
            "summary.krx_other.tax": "20020",
            "summary.krx_other.upper_bound": False,
            "summary.financial_income.total": "130000",
            "total_tax": "20020",
        },
    ),
    "KR-OTH-03 twelve units": (
        won(
            ("2026-03-02", "buy", "A", "12", "10000", "10000"),
            ("2026-04-01", "sell", "A", "12", "20000", "10534"),
        ),
        {
            "disposals.0.gain": "120000",
            "summary.krx_other.taxable": "6408",
            "summary.krx_other.tax": "0",
        },
    ),
    "KR-OTH-05": (
        won(
            ("2026-03-02", "buy", "A", "100", "10000", "10000"),
            ("2026-03-02", "buy", "B", "100", "20000", "20000"),
            ("2026-04-01", "sell", "A", "100", "20000", "20000"),
            ("2026-04-01", "sell", "B", "100", "14000", "14000"),
        ),
        {"summary.krx_other.taxable": "1000000", "total_tax": "154000"},
    ),
    "KR-OTH-06": (
        won(
            ("2026-03-02", "buy", "A", "10", "10000", "10000"),
            ("2026-03-03", "buy", "A", "10", "12000", "11500"),
            ("2026-04-01", "sell", "A", "10", "13000", "12600"),
        ),
        {
            "disposals.0.cost": "110000",
            "disposals.0.gain": "20000",
            "summary.krx_other.taxable": "18500",
            "summary.krx_other.national_tax": "2590",
            "summary.krx_other.local_tax": "250",
            "total_tax": "2840",
            "open_lots.0.cost": "110000",
        },
    ),
    "KR-OTH-08": (
        won(
            ("2026-03-02", "buy", "A", "1000", "10000", "10000"),
            ("2026-05-04", "dividend", "A", "1000", "50", "10030"),
        ),
        {
            "summary.dividends.gross": "50000",
            "summary.dividends.taxable": "30000",
            "summary.dividends.tax": "4620",
        },
    ),
    "no tax base price: the whole gain, as an upper bound (rule kr.upper-bound)": (
        won(("2026-03-02", "buy", "A", "100", "10000", ""), ("2026-04-01", "sell", "A", "100", "13000", "")),
        {
            "summary.krx_other.taxable": "300000",
            "summary.krx_other.tax": "46200",
            "summary.krx_other.upper_bound": True,
        },
    ),
    "two sales of a day are one unit: 100 x (2,000 - 1,000) = 100,000 (Rule 13(6))": (
        won(
            ("2026-03-02", "buy", "A", "200", "10000", "10000"),
            ("2026-04-01", "sell", "A", "100", "12000", "12000"),
            ("2026-04-01", "sell", "A", "100", "9000", "9000"),
        ),
        {"disposals.0.shares": "200", "summary.krx_other.taxable": "100000", "total_tax": "15400"},
    ),
    "on two days they are two: 200,000 taxed, the loss is lost (Rule 13(6))": (
        won(
            ("2026-03-02", "buy", "A", "200", "10000", "10000"),
            ("2026-04-01", "sell", "A", "100", "12000", "12000"),
            ("2026-04-02", "sell", "A", "100", "9000", "9000"),
        ),
        {"summary.krx_other.taxable": "200000", "total_tax": "30800"},
    ),
    "KR-FOR-02": (
        usd(("2025-03-04", "buy", 100, 100), ("2026-03-04", "sell", 100, 200)),
        {
            "summary.overseas_listed.net_gain": "10000000",
            "summary.overseas_listed.deduction": "2500000",
            "summary.overseas_listed.taxable": "7500000",
            "summary.overseas_listed.national_tax": "1500000",
            "summary.overseas_listed.local_tax": "150000",
            "summary.overseas_listed.tax": "1650000",
            "total_tax": "1650000",
        },
    ),
    "KR-FOR-05": (
        usd(("2025-03-04", "buy", 10, 200, 1200), ("2026-03-04", "sell", 10, 300, 1300)).replace(
            "VOO", "TSLA"
        ),
        {
            "disposals.0.proceeds": "3900000",
            "disposals.0.cost": "2400000",
            "summary.overseas_listed.net_gain": "1500000",
            "total_tax": "0",
        },
    ),
    "KR-FOR-07F": (
        usd(
            ("2025-03-04", "buy", 10, 500),
            ("2025-03-05", "buy", 10, 1000),
            ("2025-03-06", "buy", 10, 1500),
            ("2026-03-04", "sell", 10, 3000),
        ),
        {
            "disposals.0.lots": [{"bought": "2025-03-04", "shares": "10", "cost": "5000000"}],
            "summary.overseas_listed.net_gain": "25000000",
            "total_tax": "4950000",
        },
    ),
    "KR-FOR-08F": (
        usd(("2025-03-04", "buy", 10, 150), ("2025-03-05", "buy", 10, 200), ("2026-03-04", "sell", 15, 250)),
        {"summary.overseas_listed.net_gain": "1250000"},
    ),
    "KR-FOR-09F": (
        usd(("2025-03-04", "buy", 10, 10), ("2025-03-05", "buy", 10, 12), ("2026-03-04", "sell", 10, 13)),
        {"summary.overseas_listed.net_gain": "30000"},
    ),
    "KR-FOR-15 sold and bought back the same day: nothing is disallowed": (
        usd(
            ("2025-03-04", "buy", 100, 100),
            ("2026-03-04", "sell", 100, 200),
            ("2026-03-05", "buy", 100, 150),
            ("2026-05-04", "sell", 100, 100),
            ("2026-05-04", "buy", 100, 100),
        ),
        {
            "summary.overseas_listed.net_gain": "5000000",
            "summary.overseas_listed.taxable": "2500000",
            "total_tax": "550000",
            "disposals.1.disallowed": "0",
            "open_lots.0.cost": "10000000",
            "open_lots.0.bought": "2026-05-04",
        },
    ),
    "KR-FOR-14": (
        usd(("2025-03-04", "buy", 100, 100), ("2026-03-04", "sell", 25, 200)),
        {
            "summary.overseas_listed.net_gain": "2500000",
            "summary.overseas_listed.still_free": "0",
            "total_tax": "0",
        },
    ),
    "KR-FOR-16": (
        usd(
            ("2025-03-04", "buy", 20, 100),
            ("2026-03-04", "sell", 20, 200),
            ("2026-03-05", "buy", 30, 200),
            ("2026-05-04", "sell", 30, 100),
        ),
        {
            "summary.overseas_listed.net_gain": "-1000000",
            "summary.overseas_listed.taxable": "0",
            "total_tax": "0",
        },
    ),
    "KR-DIV-01": (
        "date,type,symbol,shares,price,currency,fees,fx_rate\n"
        "2025-03-04,buy,VOO,140,1,USD,0,1000\n"
        "2026-03-31,dividend,VOO,140,1,USD,21,1000\n",
        {
            "summary.dividends.gross": "140000",
            "summary.dividends.foreign_tax": "21000",
            "summary.dividends.national_tax": "0",
            "summary.dividends.local_tax": "0",
            "summary.dividends.tax": "21000",
        },
    ),
    "KR-DIV-02": (
        "date,type,symbol,shares,price,fees\n"
        "2025-03-04,buy,CN,100,1000,\n"
        "2026-03-31,dividend,CN,100,1000,10000\n",
        {
            "summary.dividends.national_tax": "4000",
            "summary.dividends.local_tax": "400",
            "summary.dividends.tax": "14400",
        },
    ),
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_case_filed_as_csv_comes_out_to_the_won(name, filed):
    """Each name is the case of test_korean_tax_cases.py, or says what is worked out by hand."""
    trades, expected = SINGLE[name]
    check(filed(portfolio(), trades, year=2026), expected)


@pytest.mark.parametrize(
    ("trades", "gain"),
    [
        pytest.param(
            usd(
                ("2025-03-04", "buy", 10, 150),
                ("2025-03-05", "buy", 10, 200),
                ("2026-03-04", "sell", 15, 250),
            ),
            "1125000",
            id="KR-FOR-08M",
        ),
        pytest.param(
            usd(("2025-03-04", "buy", 10, 10), ("2025-03-05", "buy", 10, 12), ("2026-03-04", "sell", 10, 13)),
            "20000",
            id="KR-FOR-09M",
        ),
        pytest.param(
            usd(
                ("2025-03-04", "buy", 1, 10),
                ("2025-03-05", "buy", 1, 20),
                ("2025-03-06", "buy", 1, 30),
                ("2026-03-04", "sell", 1, 40),
            ),
            "20000",
            id="KR-FOR-10M",
        ),
    ],
)
def test_a_broker_with_the_moving_average(trades, gain, filed):
    """The three published cases under the setting cost_method = "average"."""
    check(filed(portfolio("average"), trades, year=2026), {"summary.overseas_listed.net_gain": gain})


def test_a_loss_of_one_year_is_worth_nothing_in_the_next(filed):
    """KR-FOR-12a and KR-FOR-12b: -10,000,000, then +10,000,000 taxed in full."""
    trades = usd(
        ("2024-03-04", "buy", 100, 200),
        ("2025-03-04", "sell", 100, 100),
        ("2025-04-04", "buy", 100, 100),
        ("2026-03-04", "sell", 100, 200),
    )
    first = filed(portfolio(), trades, year=2025)
    check(first, {"summary.overseas_listed.net_gain": "-10000000", "total_tax": "0"})
    second = filed(portfolio(), year=2026)
    check(
        second,
        {
            "summary.overseas_listed.net_gain": "10000000",
            "summary.overseas_listed.taxable": "7500000",
            "total_tax": "1650000",
        },
    )


@pytest.mark.parametrize(
    ("sold_on", "settles_on", "year"),
    [
        pytest.param("2022-12-27", "2022-12-30", 2022, id="KR-FOR-17a"),
        pytest.param("2024-12-27", "2024-12-31", 2024, id="KR-FOR-17b"),
        pytest.param("2024-12-30", "2025-01-02", 2025, id="KR-FOR-17c"),
        pytest.param("2025-12-29", "2025-12-31", 2025, id="KR-FOR-17d"),
    ],
)
def test_the_settlement_in_korea_decides_the_year_of_a_sale(sold_on, settles_on, year, filed):
    trades = usd(("2022-03-04", "buy", 10, 100), (sold_on, "sell", 10, 200))
    check(
        filed(portfolio(), trades, year=year),
        {
            "disposals.0.sold_on": sold_on,
            "disposals.0.settles_on": settles_on,
            "summary.overseas_listed.net_gain": "1000000",
        },
    )
    other = year - 1 if int(sold_on[:4]) < year else year + 1
    assert filed(portfolio(), year=other)["disposals"] == []


@pytest.mark.parametrize(
    ("income", "other", "over", "tax", "extra"),
    [
        pytest.param(20 * M, 50 * M, False, 9_040_000, None, id="KR-COMP-01"),
        pytest.param(30 * M, 50 * M, True, 11_440_000, 1_000_000, id="KR-COMP-02"),
        pytest.param(30 * M, 0, True, 4_200_000, 0, id="KR-COMP-03"),
        pytest.param(60 * M, 100 * M, True, 36_360_000, 8_400_000, id="KR-COMP-04"),
    ],
)
def test_the_financial_income_meter_and_comprehensive_taxation(income, other, over, tax, extra, filed):
    """A distribution of a domestic-equity ETF makes up the income; other income is a setting."""
    trades = won(
        ("2025-03-04", "buy", "069500", "1000", "30000", ""),
        ("2026-05-04", "dividend", "069500", "1000", str(income // 1000), ""),
    )
    report = filed(portfolio(settings=f"other_taxable_base = {other}"), trades, year=2026)
    check(
        report,
        {
            "summary.financial_income.total": str(income),
            "summary.financial_income.threshold": "20000000",
            "summary.financial_income.over": over,
            "summary.financial_income.income_tax": str(tax),
        },
    )
    if extra is not None:
        check(report, {"summary.financial_income.extra_national_tax": str(extra)})
