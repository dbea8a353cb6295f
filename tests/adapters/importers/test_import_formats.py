"""Files as the brokers write them; what they must become is worked by hand beside each."""

import json
from datetime import date
from decimal import Decimal

import pytest

from flex_files import ARRIVED, CASH, FLEX, LOT, PER_SHARE, SOLD, TRADE
from steelyard.adapters.database.journal import content_ids
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers import column_map as import_map
from steelyard.adapters.importers import flex as import_flex
from steelyard.adapters.importers.choice import ImportOptions, read_any
from steelyard.domain.books.holdings import cash_moves
from steelyard.domain.books.ledger import with_withheld
from steelyard.errors import PortfolioProblems

D = Decimal

FILL = {
    "activity_type": "FILL", "id": "20240103::1", "cum_qty": "3", "leaves_qty": "0", "price": "430.10",
    "qty": "3", "side": "buy", "symbol": "VOO", "transaction_time": "2024-01-03T15:34:06.977Z",
    "order_id": "904837e3", "type": "fill",
}  # fmt: skip
DIV = {
    "activity_type": "DIV", "id": "20240328::2", "date": "2024-03-28", "net_amount": "4.50",
    "symbol": "VOO", "qty": "3", "per_share_amount": "1.50",
}  # fmt: skip
NRA = {
    "activity_type": "DIVNRA",
    "id": "20240328::3",
    "date": "2024-03-28",
    "net_amount": "-0.68",
    "symbol": "VOO",
}


def took(reader, data, account=None, *more):
    if not isinstance(data, (str, bytes)):
        data = json.dumps(data)
    data = data.encode() if isinstance(data, str) else data
    return reader.read(data, "file", load_catalogue(), ImportOptions(account=account), *more)


def preset(data, account=None, **options):
    """Read a file whose format is found by its content."""
    data = data if isinstance(data, str) else json.dumps(data)
    return read_any(data.encode(), "file", load_catalogue(), ImportOptions(account=account, **options)).file


def refused(data):
    with pytest.raises(PortfolioProblems) as caught:
        preset(data)
    return [(p.code, p.line) for p in caught.value.problems]


def brief(found):
    """Kind, symbol, shares, price, fees and currency of each entry."""
    facts = [row.entry for row in found.rows]
    return [(f.kind, f.symbol, f.shares, f.price, f.fees, f.currency) for f in facts]


def problems(reader, data, *more):
    with pytest.raises(PortfolioProblems) as caught:
        took(reader, data, None, *more)
    return [(p.code, p.line, p.key) for p in caught.value.problems]


def moved(found):
    """Money of all entries by currency."""
    total: dict[str, Decimal] = {}
    for row in found.rows:
        for code, amount in cash_moves(row.entry):
            total[code] = total.get(code, D(0)) + amount
    return total


def test_alpaca_a_fill_a_dividend_and_the_tax_on_it():
    found = preset([NRA, FILL, DIV])
    assert brief(found) == [
        ("tax", "VOO", D("0.68"), None, D(0), "USD"),
        ("buy", "VOO", D(3), D("430.10"), D(0), "USD"),
        ("dividend", "VOO", D(3), D("1.5"), D(0), "USD"),
    ]


def test_tax_that_a_broker_books_by_itself_is_withheld_on_its_payment():
    entries = [row.entry for row in preset([NRA, FILL, DIV]).rows]
    joined = with_withheld(entries)
    assert [(e.kind, e.fees) for e in joined] == [("buy", 0), ("dividend", D("0.68"))]
    assert [e.kind for e in with_withheld(entries[:2])] == ["buy", "tax"]


def test_alpaca_the_trade_date_is_the_day_in_new_york():
    """00:30 UTC on 4 January is 19:30 on the 3rd in New York."""
    (row,) = preset([{**FILL, "transaction_time": "2024-01-04T00:30:00Z"}]).rows
    assert row.entry.traded_on == date(2024, 1, 3)


def test_alpaca_money_goes_the_way_its_sign_says():
    """1,000 - 200 + 1.25 - 0.02 - 5 = 796.23."""
    kinds = [("CSD", "1000"), ("CSW", "-200"), ("INT", "1.25"), ("FEE", "-0.02"), ("JNLC", "-5")]
    items = [
        {"activity_type": kind, "id": str(i), "date": "2024-01-02", "net_amount": money}
        for i, (kind, money) in enumerate(kinds)
    ]
    found = preset(items)
    assert [row.entry.kind for row in found.rows] == [
        "deposit",
        "withdrawal",
        "interest",
        "fee",
        "withdrawal",
    ]
    assert moved(found) == {"USD": D("796.23")}


def test_alpaca_what_is_no_fund_is_left_out_and_a_split_without_ratio_is_asked_for():
    items = [
        FILL,
        {**FILL, "symbol": "BTC/USD"},
        {**FILL, "symbol": "SPY240119C00450000"},
        {**DIV, "status": "canceled"},
    ]
    split = {"activity_type": "SSP", "id": "9", "date": "2024-06-03", "symbol": "VOO", "qty": "6"}
    found = preset(items)
    assert (len(found.rows), len(found.skipped)) == (1, 3)
    assert refused([*items, split]) == [("import-row", 4)]
    assert len(preset([*items, split], leave=[4]).rows) == 1


@pytest.mark.parametrize(
    "item",
    [
        {**FILL, "side": "sell_short"},
        {**FILL, "transaction_time": "yesterday"},
        {**FILL, "qty": "many"},
        {**DIV, "net_amount": "x"},
        {"activity_type": "SPIN", "id": "1", "symbol": "VOO", "date": "2024-01-03"},
    ],
)
def test_alpaca_what_is_not_understood_is_named_by_its_place(item):
    assert refused([FILL, item]) == [("import-row", 1)]


def test_alpaca_the_same_activity_has_the_same_number_in_every_file():
    one = preset([FILL]).rows
    both = preset([{**FILL, "id": "other"}, FILL]).rows
    assert content_ids(one)[0] == content_ids(both)[1] != content_ids(both)[0]


def test_flex_trades_are_executions_with_their_commission():
    buy, sell = TRADE % ("10", "BUY"), (TRADE % ("-4", "SELL")).replace('tradeID="1"', 'tradeID="2"')
    order = (TRADE % ("10", "BUY")).replace("EXECUTION", "ORDER")
    found = took(import_flex, FLEX % (buy + order + sell))
    assert brief(found) == [
        ("buy", "VOO", D(10), D("430.10"), D("0.35"), "USD"),
        ("sell", "VOO", D(4), D("430.10"), D("0.35"), "USD"),
    ]
    assert [row.entry.traded_on for row in found.rows] == [date(2024, 1, 3)] * 2


def test_flex_a_dividend_its_tax_and_money_that_moves():
    """4.50 / 1.50 a share = 3 shares; 4.50 - 0.68 + 1000 - 25 - 3 = 975.82."""
    rows = [
        CASH % ("VOO", "Withholding Tax", "-0.68", "11", "US TAX"),
        CASH % ("VOO", "Dividends", "4.50", "12", PER_SHARE),
        CASH % ("", "Deposits/Withdrawals", "1000", "13", ""),
        CASH % ("", "Deposits/Withdrawals", "-25", "14", ""),
        CASH % ("", "Other Fees", "-3", "15", "market data"),
        (CASH % ("VOO", "Dividends", "4.50", "", "")).replace("DETAIL", "SUMMARY"),
    ]
    found = took(import_flex, FLEX % "".join(rows))
    assert brief(found) == [
        ("deposit", "", D(1000), None, D(0), "USD"),
        ("withdrawal", "", D(25), None, D(0), "USD"),
        ("fee", "", D(3), None, D(0), "USD"),
        ("dividend", "VOO", D(3), D("1.5"), D("0.68"), "USD"),
    ]
    assert moved(found) == {"USD": D("975.82")}


def test_flex_a_reversed_dividend_and_its_original_cancel():
    rows = [CASH % ("VOO", "Dividends", money, money, PER_SHARE) for money in ("4.50", "-4.50", "6.00")]
    found = took(import_flex, FLEX % "".join(rows))
    assert brief(found) == [("dividend", "VOO", D(4), D("1.5"), D(0), "USD")]
    assert "steelyard undo" in found.skipped[0][1]


def test_flex_currencies_are_conversions_in_both_directions():
    """1,000 USD bought for 1,392,100 won; then 1,000 USD sold for 1,400,000 won."""
    fx = (
        '<Trade accountId="U1" currency="KRW" assetCategory="CASH" symbol="USD.KRW" tradeID="%s" '
        'tradeDate="2024-01-03" quantity="%s" tradePrice="%s" ibCommission="-2" ibCommissionCurrency="USD" '
        'buySell="%s" levelOfDetail="EXECUTION" />'
    )
    bought = took(import_flex, FLEX % (fx % ("1", "1000", "1392.10", "BUY")))
    assert moved(bought) == {"USD": D(998), "KRW": D(-1392100)}
    sold = took(import_flex, FLEX % (fx % ("2", "-1000", "1400", "SELL")))
    assert moved(sold) == {"USD": D(-1002), "KRW": D(1400000)}


def test_flex_a_split_and_a_transfer():
    split = (
        '<CorporateAction accountId="U1" assetCategory="STK" symbol="VOO" dateTime="20240603;202500" '
        'actionDescription="VOO(US9229083632) SPLIT 4 FOR 1 (VOO, VANGUARD, US9229083632)" actionID="7" />'
    )
    transfer = (
        '<Transfer accountId="U1" assetCategory="STK" symbol="BRK B" date="20240604" direction="OUT" '
        'quantity="-5" currency="USD" transactionID="8" />'
    )
    found = took(import_flex, FLEX % (split + transfer))
    assert [fact[:3] for fact in brief(found)] == [("split", "VOO", D(4)), ("transfer_out", "BRK-B", D(5))]


def arrived(*more):
    found = took(import_flex, FLEX % (ARRIVED + "".join(more)))
    (entry,) = [row.entry for row in found.rows if row.entry.kind == "transfer_in"]
    assert found.skipped == ()
    return entry, [text for _, text in found.incomplete]


def test_flex_shares_transferred_in_cost_what_their_lot_cost():
    """5,850 for 13 shares is 450 for one; a lot opened after the transfer was bought here."""
    entry, lacking = arrived(LOT % ("13", "5850", "20220304;103000"), LOT % ("2", "1200", "2025-09-02"))
    assert (entry.shares, entry.price, entry.lot) == (D(13), D(450), date(2022, 3, 4))
    assert lacking == []


@pytest.mark.parametrize(
    "more",
    [
        (),
        (LOT % ("12", "5400", "20220304"),),
        (LOT % ("13", "0", "20220304"),),
        (LOT % ("13", "5850", "20250813"),),
        (LOT % ("13", "5850", ""),),
        ((LOT % ("13", "5850", "20220304")).replace("U1", "U2"),),
        ((LOT % ("13", "5850", "20220304")).replace('"USD"', '"EUR"'),),
        ((LOT % ("13", "5850", "20220304")).replace("LOT", "SUMMARY"),),
        (LOT % ("13", "5850", "20220304"), SOLD),
    ],
)
def test_flex_a_cost_that_may_be_another_is_not_taken_and_the_line_to_type_is_told(more):
    """The market value of 7,800 is 600 a share, which nobody paid."""
    entry, (text,) = arrived(*more)
    assert (entry.shares, entry.price, entry.lot) == (D(13), None, None)
    assert "date=2025-08-13 account=main type=transfer_in symbol=VOO shares=13 price=COST-OF-ONE" in text


def test_flex_several_lots_are_told_as_the_lines_to_type():
    """3 for 1,200.30 and 10 for 5,500."""
    entry, (text,) = arrived(LOT % ("10", "5500", "20250304"), LOT % ("3", "1200.30", "20220304"))
    assert (entry.shares, entry.price) == (D(13), None)
    assert "shares=3 price=400.1 currency=USD lot=2022-03-04" in text
    assert "shares=10 price=550 currency=USD lot=2025-03-04" in text


def test_alpaca_shares_transferred_in_have_no_cost_and_the_line_to_type_is_told():
    """The price of the activity is that of the day."""
    item = {"activity_type": "ACATS", "id": "7", "date": "2025-12-05", "symbol": "VOO", "qty": "4",
            "price": "600"}  # fmt: skip
    found = preset([item, {**item, "id": "8", "qty": "-1"}], "ira")
    assert [row.entry.price for row in found.rows] == [None, None]
    ((_, text),) = found.incomplete
    assert "date=2025-12-05 type=transfer_in symbol=VOO shares=4 price=COST-OF-ONE" in text


def test_flex_several_accounts_keep_their_numbers_unless_one_is_named():
    two = TRADE % ("1", "BUY") + (TRADE % ("2", "BUY")).replace("U1", "U2")
    accounts = [row.entry.account for row in took(import_flex, FLEX % two).rows]
    assert accounts == ["U1", "U2"]
    assert {row.entry.account for row in took(import_flex, FLEX % two, "ib").rows} == {"ib"}
    assert took(import_flex, FLEX % (TRADE % ("1", "BUY"))).rows[0].entry.account == "main"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (FLEX % "<Trade", ("import-syntax", 5)),
        ("<html/>", ("import-header", None)),
        ('<!DOCTYPE x [<!ENTITY a "a">]><FlexQueryResponse/>', ("import-syntax", None)),
        (FLEX % (TRADE % ("1", "BUY")).replace("EXECUTION", "ORDER"), ("import-row", 4)),
        (FLEX % (TRADE % ("1", "BUY (Ca.)")), ("import-row", 4)),
        (FLEX % (TRADE % ("1,x", "BUY")), ("import-row", 4)),
        (FLEX % (TRADE % ("1", "BUY")).replace("20240103", "01/03/2024"), ("entry-date", 4)),
        (FLEX % (CASH % ("VOO", "Dividends", "-4.50", "1", "")), ("import-row", 4)),
    ],
)
def test_flex_what_cannot_be_read_says_where(data, expected):
    ((code, line, _),) = problems(import_flex, data)
    assert (code, line) == expected


GHOSTFOLIO = {
    "meta": {"date": "2024-12-31T00:00:00.000Z", "version": "2.100.0"},
    "accounts": [{"id": "a1", "name": "Broker", "currency": "USD"}],
    "activities": [
        {"accountId": "a1", "comment": None, "fee": 0.35, "quantity": 0.1, "type": "BUY", "unitPrice": 430.10,
         "currency": "USD", "dataSource": "YAHOO", "date": "2024-01-03T00:00:00.000Z", "symbol": "VOO"},
        {"accountId": "a1", "fee": 0, "quantity": 80, "type": "BUY", "unitPrice": 35000, "currency": "KRW",
         "date": "2024-01-04T00:00:00.000Z", "symbol": "069500.KS"},
        {"accountId": "a1", "fee": 49, "quantity": 0, "type": "FEE", "unitPrice": 0, "currency": "USD",
         "date": "2024-01-05T00:00:00.000Z", "symbol": "Opening"},
        {"accountId": "a1", "fee": 0, "quantity": 1, "type": "INTEREST", "unitPrice": 7.5, "currency": "USD",
         "date": "2024-01-06T00:00:00.000Z", "symbol": "Cash"},
        {"accountId": "a1", "fee": 0, "quantity": 1, "type": "ITEM", "unitPrice": 500000, "currency": "USD",
         "date": "2024-01-06T00:00:00.000Z", "symbol": "Penthouse"},
    ],
}  # fmt: skip


def test_ghostfolio_json_keeps_every_digit_that_is_written():
    """430.10 and 0.1 are no binary floats; 0.1 x 430.10 + 0.35 = 43.36; 7.50 - 49 - 43.36 = -84.86."""
    found = preset(GHOSTFOLIO)
    assert brief(found) == [
        ("buy", "VOO", D("0.1"), D("430.1"), D("0.35"), "USD"),
        ("buy", "069500", D(80), D(35000), D(0), "KRW"),
        ("fee", "", D(49), None, D(0), "USD"),
        ("interest", "", D("7.5"), None, D(0), "USD"),
    ]
    assert moved(found) == {"USD": D("-84.86"), "KRW": D(-2800000)}
    assert len(found.skipped) == 1


def test_ghostfolio_csv_has_its_dates_in_any_of_its_forms():
    text = (
        "Date,Code,Currency,Price,Quantity,Action,Fee,Note\n16-09-2024,VOO,USD,298.580,5,buy,19.00,first\n"
        "17/11/2024,VOO,USD,0.62,5,dividend,0.00,\n20241201,VOO,USD,300,5,sell,0,\n"
    )
    found = preset(text)
    assert sorted(row.entry.traded_on for row in found.rows) == [
        date(2024, 9, 16), date(2024, 11, 17), date(2024, 12, 1),
    ]  # fmt: skip
    assert brief(found)[0] == ("buy", "VOO", D(5), D("298.58"), D(19), "USD")


@pytest.mark.parametrize("data", ["{", '{"activities": 5}', "[]", "a,b\n1,2\n", ""])
def test_a_file_of_no_format_is_refused(data):
    assert refused(data)[0][0] == "import-header"


PERFORMANCE = """\
Date,Type,Value,Transaction Currency,Gross Amount,Currency Gross Amount,Exchange Rate,Fees,Taxes,Shares,\
ISIN,WKN,Ticker Symbol,Security Name,Note
2024-01-02T00:00,Deposit,"5,000.00",EUR,,,,0.00,0.00,,,,,,
2024-01-16T09:30,Buy,"-1,004.99",EUR,,,,4.99,,10,IE00B4L5Y983,A0RPWH,EUNL.DE,"iShares Core MSCI World, Acc",
2024-02-16T00:00,Sell,"700.00",EUR,,,,2.00,8.00,7,IE00B4L5Y983,A0RPWH,EUNL.DE,iShares,
2024-03-15T00:00,Dividend,8.50,EUR,,,,0.00,1.50,3,IE00B4L5Y983,A0RPWH,EUNL.DE,iShares,
2024-03-16T00:00,Interest,1.10,EUR,,,,0.00,0.00,,,,,,
2024-03-17T00:00,Delivery (Outbound),300,EUR,,,,0.00,0.00,3,IE00B4L5Y983,A0RPWH,EUNL.DE,iShares,
"""


def test_portfolio_performance_moves_exactly_the_value_of_each_row():
    """5,000 - 1,004.99 + 700 + 8.50 + 1.10 = 4,704.61, though 710 / 7 has no end; 1,000 / 10 = 100."""
    found = preset(PERFORMANCE)
    assert moved(found) == {"EUR": D("4704.61")}
    facts = {fact[0]: fact for fact in brief(found)}
    assert facts["buy"] == ("buy", "EUNL.DE", D(10), D(100), D("4.99"), "EUR")
    kind, _, shares, price, fees, _ = facts["dividend"]
    assert (kind, shares * price, fees) == ("dividend", D(10), D("1.5"))
    assert sorted(facts) == ["buy", "deposit", "dividend", "interest", "sell", "transfer_out"]


GERMAN = (
    "Datum;Typ;Wert;Buchungswährung;Bruttobetrag;Währung Bruttobetrag;Wechselkurs;Gebühren;Steuern;Stück;"
    "ISIN;WKN;Ticker-Symbol;Wertpapiername;Notiz\n"
)


def test_portfolio_performance_in_german():
    text = GERMAN + (
        "2024-01-16T09:30;Kauf;-1.004,99;EUR;;;;4,99;0,00;10;;;EUNL.DE;iShares;\n"
        "2024-03-05T00:00;Gebühren;15,00;EUR;;;;0,00;0,00;;;;;;Q1\n"
    )
    assert brief(preset(text)) == [
        ("buy", "EUNL.DE", D(10), D(100), D("4.99"), "EUR"),
        ("fee", "", D(15), None, D(0), "EUR"),
    ]


def test_the_decimal_sign_is_that_of_the_numbers_not_of_the_language():
    """A Swiss computer writes 568.90 under German headers: it became 56,890, and 10.5 shares 105."""
    text = GERMAN + "2024-01-16T09:30;Kauf;568.90;EUR;;;;0.00;0.00;10.5;;;EUNL.DE;iShares;\n"
    found = preset(text)
    assert brief(found)[0][2] == D("10.5")
    assert moved(found) == {"EUR": D("-568.90")}
    undecided = GERMAN + "2024-01-16T09:30;Kauf;1.250;EUR;;;;;;10;;;EUNL.DE;iShares;\n"
    assert refused(undecided) == [("numbers-undecided", None)]


KOREAN_MAP = """
encoding = "cp949"
first_line = 2
date_format = "%Y.%m.%d"
ignore_signs = true
[columns]
date = "거래일"
type = "구분"
symbol = "종목"
shares = "수량"
total = "금액"
fees = "수수료"
reference = "번호"
[types]
"매수" = "buy"
"매도" = "sell"
"입금" = "deposit"
"조회" = ""
[constants]
currency = "KRW"
"""
KOREAN = """\
거래내역 2024
거래일,구분,종목,수량,금액,수수료,번호
2024.01.02,입금,,,"3,000,000",,1
2024.01.03,매수,A069500,80,"2,800,000",420,2
2024.02.05,매도,KODEX 200,-3,"-100,000",15,3
2024.02.06,조회,,,,,4
"""


def test_a_map_reads_any_brokers_file():
    """3,000,000 - 2,800,420 + 100,000 - 15 = 299,565, though 100,000 / 3 has no end."""
    described = import_map.load(KOREAN_MAP.encode(), "broker.toml")
    found = took(import_map, KOREAN.encode("cp949"), None, described)
    assert brief(found)[:2] == [
        ("deposit", "", D(3000000), None, D(0), "KRW"),
        ("buy", "069500", D(80), D(35000), D(420), "KRW"),
    ]
    assert brief(found)[2][:3] == ("sell", "069500", D(3))
    assert moved(found) == {"KRW": D(299565)}
    assert found.skipped == ((6, "the map wants no '조회'"),)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("encoding", "enkoding", "enkoding"),
        ("first_line = 2", 'first_line = "2"', "first_line"),
        ("first_line = 2", "first_line = 0", "first_line"),
        ('"매수" = "buy"', '"매수" = "bought"', "types.매수"),
        ('date = "거래일"', "", "columns.date"),
        ('shares = "수량"', 'quantity = "수량"', "columns.quantity"),
        ("ignore_signs = true", 'decimal = "x"', "decimal"),
        ("ignore_signs = true", 'delimiter = ""', "delimiter"),
        ("[columns]", "columns = 3\n[c]", "columns"),
        ("[columns]", "[columns", None),
    ],
)
def test_a_wrong_map_is_told_by_its_key(old, new, key):
    with pytest.raises(PortfolioProblems) as caught:
        import_map.load(KOREAN_MAP.replace(old, new).encode(), "broker.toml")
    assert {p.code for p in caught.value.problems} == {"import-map"}
    assert key in {p.key for p in caught.value.problems}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("구분", "유형", ("import-header", 2, None)),
        ("매수", "배당", ("entry-type", 4, None)),
        ("2024.01.03", "2024-01-03", ("import-row", 4, None)),
        ('"2,800,000"', "x", ("import-row", 4, None)),
    ],
)
def test_a_file_that_is_not_as_its_map_says_is_told_by_its_line(old, new, expected):
    described = import_map.load(KOREAN_MAP.encode(), "broker.toml")
    assert problems(import_map, KOREAN.replace(old, new).encode("cp949"), described) == [expected]


@pytest.mark.parametrize("shares", ["0,125", "-0,125", "012,500"])
def test_shares_with_a_decimal_comma_under_a_broker_that_writes_points_are_refused(shares):
    """Nobody parts the thousands of nothing: an eighth of a share was read as 125 shares."""
    head = "Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount\n"
    row = f'"01/05/2026","Buy","VOO","A FUND","{shares}","$600.00","","-$75.00"\n'
    with pytest.raises(PortfolioProblems) as caught:
        preset(head + row)
    assert [(p.code, p.line) for p in caught.value.problems] == [("import-row", 2)]
