"""Histories as brokers write them: one small writer a preset, in the shape of its sample in `tests/presets`.

A writer takes entries of one account and gives the bytes of a file. What a broker has no row for is not
handed to it (`carried`), and one that puts fees elsewhere gets entries without them.
"""

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import quoteattr
from zlib import crc32

from steelyard.adapters.files.delimited import text_of
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.records import replace

SAMPLES = Path(__file__).parent / "presets" / "samples"
CATALOGUE = load_catalogue()


def net(entry):
    """What an entry does to the cash."""
    if entry.kind == "buy":
        return -(entry.gross + entry.fees)
    if entry.kind in ("sell", "dividend"):
        return entry.gross - entry.fees
    return -entry.shares if entry.kind in ("withdrawal", "fee") else entry.shares


def table(header, rows, delimiter=",", encoding="utf-8"):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    for row in [header] if isinstance(header[0], str) else header:
        writer.writerow(row)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def placed(header, **cells):
    """A row with some cells by the names of their columns; `_0` names the first of several alike."""
    return [cells.get(name, "") for name in header]


def head(sample, line):
    """The names of a sample's columns, by their line."""
    text = text_of((SAMPLES / sample).read_bytes())
    return next(csv.reader([text.split("\n")[line - 1]]))


def numbers(entries):
    """A broker's own number of each entry: the same whatever the order, and in every part of whole days."""
    seen = Counter()
    for e in entries:
        key = f"{e.traded_on:%Y%m%d}{crc32(repr(e).encode())}"
        seen[key] += 1
        yield f"{key}{seen[key]}"


def fidelity(entries):
    words = {
        "buy": "YOU BOUGHT", "sell": "YOU SOLD", "dividend": "DIVIDEND RECEIVED",
        "interest": "INTEREST EARNED", "fee": "FEE CHARGED", "deposit": "ELECTRONIC FUNDS TRANSFER RECEIVED",
        "withdrawal": "ELECTRONIC FUNDS TRANSFER PAID",
    }  # fmt: skip
    header = head("fidelity-history-one-account.csv", 3)
    rows = []
    for e in reversed(entries):
        trade = e.kind in ("buy", "sell")
        shares = (e.shares if e.kind == "buy" else -e.shares) if trade else "0.000"
        cells = {
            "Run Date": f"{e.traded_on:%m/%d/%Y}", "Action": f"{words[e.kind]} A FUND ({e.symbol}) (Cash)",
            "Symbol": e.symbol or " ", "Description": "A FUND", "Type": "Cash", "Quantity": shares,
            "Price ($)": e.price if trade else "", "Commission ($)": e.fees or "", "Amount ($)": net(e),
            "Cash Balance ($)": "--",
        }  # fmt: skip
        rows.append(placed(header, **cells))
    return b"\xef\xbb\xbf\r\n\r\n" + table(header, rows)


def vanguard(entries):
    words = {"buy": "Buy", "sell": "Sell", "dividend": "Dividend", "interest": "Interest", "fee": "Fee",
             "deposit": "Funds Received", "withdrawal": "Withdrawal"}  # fmt: skip
    header = head("vanguard-ofxdownload.csv", 8)
    rows = []
    for e in entries:
        trade = e.kind in ("buy", "sell")
        shares = (e.shares if e.kind == "buy" else -e.shares) if trade else 0
        cells = {
            "Account Number": "10000001", "Trade Date": e.traded_on, "Settlement Date": e.traded_on,
            "Transaction Type": words[e.kind], "Transaction Description": words[e.kind],
            "Investment Name": "A FUND", "Symbol": e.symbol, "Shares": f"{shares:.5f}",
            "Share Price": e.price or 0, "Commissions and Fees": e.fees, "Net Amount": net(e),
        }  # fmt: skip
        rows.append(placed(header, **cells))
    return table(header, rows)


def etrade(entries):
    words = {"buy": "Bought", "sell": "Sold", "dividend": "Dividend", "interest": "Interest Income",
             "fee": "Service Fee"}  # fmt: skip
    header = head("etrade-activity.csv", 7)
    rows = []
    for e in reversed(entries):
        trade = e.kind in ("buy", "sell")
        day = f"{e.traded_on:%m/%d/%y}"
        cells = {
            "Activity/Trade Date": day, "Transaction Date": day, "Settlement Date": day,
            "Activity Type": words.get(e.kind, "Online Transfer"), "Description": "A FUND",
            "Symbol": e.symbol or "--", "Cusip": "--", "Commission": e.fees,
            "Quantity #": (e.shares if e.kind == "buy" else -e.shares) if trade else "",
            "Price $": e.price if trade else "", "Amount $": net(e),
        }  # fmt: skip
        rows.append(placed(header, **cells))
    return "\r\n".join(["All Transactions Activity Types", "", ""]).encode() + table(header, rows)


def ibkr(entries):
    sections = {
        "Trades": ("DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,"
                   "Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code"),
        "Dividends": "Currency,Date,Description,Amount",
        "Interest": "Currency,Date,Description,Amount",
        "Fees": "Subtitle,Currency,Date,Description,Amount",
        "Deposits & Withdrawals": "Currency,Settle Date,Description,Amount",
    }  # fmt: skip
    rows = [
        ["Statement", "Header", "Field Name", "Field Value"],
        ["Statement", "Data", "BrokerName", "Interactive Brokers"],
        ["Account Information", "Header", "Field Name", "Field Value"],
        ["Account Information", "Data", "Account", "U0000001"],
        ["Account Information", "Data", "Base Currency", "USD"],
    ]
    of = {"buy": "Trades", "sell": "Trades", "dividend": "Dividends", "interest": "Interest", "fee": "Fees"}
    for section, header in sections.items():
        own = [e for e in entries if of.get(e.kind, "Deposits & Withdrawals") == section]
        if own:
            rows.append([section, "Header", *header.split(",")])
        for e in own:
            if section == "Trades":
                sign = 1 if e.kind == "buy" else -1
                data = ["Order", "Stocks", "USD", e.symbol, f"{e.traded_on}, 10:00:00", sign * e.shares,
                        e.price, e.price, -sign * e.gross, -e.fees, "", "", "", "O"]  # fmt: skip
            elif section == "Dividends":
                said = f"{e.symbol}(US0000000001) Cash Dividend USD {e.price} per Share"
                data = ["USD", e.traded_on, said, net(e)]
            elif section == "Fees":
                data = ["Other Fees", "USD", e.traded_on, "A fee", net(e)]
            else:
                data = ["USD", e.traded_on, "Electronic Fund Transfer", net(e)]
            rows.append([section, "Data", *data])
    return table(rows[0], rows[1:])


def alpaca(entries):
    """Fills bear no fee; what an activity is worth stands in it."""
    words = {"dividend": "DIV", "interest": "INT", "fee": "FEE", "deposit": "CSD", "withdrawal": "CSW"}
    found = []
    for e, number in zip(entries, numbers(entries), strict=True):
        one = {"id": f"{number}::x", "symbol": e.symbol}
        if e.kind in ("buy", "sell"):
            at = f"{e.traded_on}T15:00:00Z"
            one |= {"activity_type": "FILL", "transaction_time": at, "type": "fill", "side": e.kind}
            one |= {"price": str(e.price), "qty": str(e.shares), "order_status": "filled"}
        else:
            one |= {"activity_type": words[e.kind], "date": str(e.traded_on), "net_amount": str(net(e)),
                    "status": "executed"}  # fmt: skip
        found.append({key: value for key, value in one.items() if value})
    return json.dumps(found).encode()


def flex(entries):
    """An Activity Flex Query: executions, and what moved money besides."""
    words = {"dividend": "Dividends", "interest": "Broker Interest Received", "fee": "Other Fees"}
    out = ['<FlexQueryResponse queryName="all" type="AF"><FlexStatements count="1">',
           '<FlexStatement accountId="U1" fromDate="20250101" toDate="20261231">']  # fmt: skip
    for e, number in zip(entries, numbers(entries), strict=True):
        common = {"accountId": "U1", "currency": "USD", "symbol": e.symbol}
        if e.kind in ("buy", "sell"):
            shares = e.shares if e.kind == "buy" else -e.shares
            tag, more = "Trade", {
                "assetCategory": "STK", "tradeID": number, "tradeDate": f"{e.traded_on:%Y%m%d}",
                "quantity": shares, "tradePrice": e.price, "ibCommission": -e.fees,
                "ibCommissionCurrency": "USD", "taxes": 0, "buySell": e.kind.upper(),
                "levelOfDetail": "EXECUTION",
            }  # fmt: skip
        else:
            said = f"{e.symbol}(US0000000001) CASH DIVIDEND USD {e.price} PER SHARE (Ordinary Dividend)"
            tag, more = "CashTransaction", {
                "type": words.get(e.kind, "Deposits/Withdrawals"), "amount": f"{net(e):f}",
                "transactionID": number, "description": said if e.symbol else "A remark & more",
                "settleDate": e.traded_on, "levelOfDetail": "DETAIL",
            }  # fmt: skip
        cells = " ".join(f"{key}={quoteattr(str(value))}" for key, value in {**common, **more}.items())
        out.append(f"<{tag} {cells} />")
    return "\n".join([*out, "</FlexStatement></FlexStatements></FlexQueryResponse>"]).encode()


def korean(entry):
    """The name that a Korean broker prints."""
    known = CATALOGUE.get(entry.symbol) if entry.symbol else None
    return known.name if known else ""


def won(value):
    return f"{value:,f}"


def kiwoom(entries):
    words = {"buy": "장내매수", "sell": "장내매도", "dividend": "배당금입금", "deposit": "이체입금(은행)",
             "withdrawal": "이체출금(은행)", "interest": "예탁금이용료(이자)입금"}  # fmt: skip
    header = head("kiwoom-transactions.csv", 2)
    rows = []
    for e in entries:
        trade = e.kind in ("buy", "sell")
        cells = {
            "거래일자": f"{e.traded_on:%Y.%m.%d}", "종목명": korean(e),
            "거래수량": won(e.shares) if trade else 0, "거래금액": won(e.gross if e.symbol else e.shares),
            "정산금액": won(abs(net(e))), "거래구분": words[e.kind], "거래단가": won(e.price) if trade else 0,
            "수수료": won(e.fees), "매체구분": "영웅문",
        }  # fmt: skip
        rows.append(placed(header, **cells))
    return table([head("kiwoom-transactions.csv", 1), header], rows, encoding="cp949")


def kis(entries):
    words = {"buy": "현금매수", "sell": "현금매도", "dividend": "배당금입금", "deposit": "HTS타사이체입금",
             "withdrawal": "HTS타사이체출금", "interest": "예탁금이용료", "fee": "제비용출금"}  # fmt: skip
    lines = text_of((SAMPLES / "kis-statement.xls").read_bytes()).split("\n")
    out = lines[:4]
    for e in entries:
        trade = e.kind in ("buy", "sell")
        amount = won(e.gross if e.symbol else e.shares)
        first = (f"{e.traded_on:%Y.%m.%d}", korean(e), won(e.shares) if trade else "0", "0", amount,
                 won(e.fees), "0", "0", "")  # fmt: skip
        second = (
            words[e.kind],
            "",
            won(e.price) if trade else "0",
            "0",
            won(abs(net(e))),
            "0",
            "0",
            "0",
            "HTS",
        )
        out += [f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in (first, second)]
    return "\n".join([*out, "</table></body></html>"]).encode("cp949")


def mirae(entries):
    words = {"buy": "주식매수입고", "sell": "주식매도출고", "dividend": "배당금입금", "deposit": "이체입금",
             "withdrawal": "이체송금", "interest": "예탁금이용료입금"}  # fmt: skip
    header = head("mirae-transactions.csv", 1)
    rows = []
    for e, number in zip(entries, numbers(entries), strict=True):
        trade = e.kind in ("buy", "sell")
        cells = {
            "거래일자": f"{e.traded_on:%Y/%m/%d}", "거래번호": number, "거래종류": words[e.kind],
            "종목명": korean(e), "수량": e.shares if trade else 0, "단가": e.price if trade else 0,
            "거래금액": f"{e.gross if e.symbol else e.shares:f}", "입출금액": f"{abs(net(e)):f}",
            "수수료": e.fees, "제세금합": 0, "외화거래금액": 0,
        }  # fmt: skip
        rows.append(placed(header, **cells))
    return table(header, rows[::-1], encoding="cp949")


def nh(entries):
    words = {"buy": "코스피매수", "sell": "코스피매도", "deposit": "이체입금", "withdrawal": "이체출금"}
    header = (["거래일자", "종목번호", "수량", "거래금액", "이자", "잔고수량"],
              ["거래종류", "종목명", "단가", "수수료", "세금", "잔고금액"])  # fmt: skip
    rows = []
    for e in entries:
        trade = e.kind in ("buy", "sell")
        rows += [
            (f"{e.traded_on.year}.{e.traded_on.month}.{e.traded_on.day}", e.symbol, e.shares if trade else 0,
             f"{e.gross if trade else e.shares:f}", ".", "."),
            (words[e.kind], korean(e), e.price if trade else 0, e.fees or ".", ".", "."),
        ]  # fmt: skip
    return table([["", "", "", "종합거래내역"], ["계좌번호", "123-12-000001", ""], *header], rows)


def samsung(entries):
    words = {"buy": "매수", "sell": "매도", "dividend": "배당금입금"}
    header = head("samsung-statement.csv", 2)
    rows = []
    for e, number in zip(entries, numbers(entries), strict=True):
        trade = e.kind in ("buy", "sell")
        cells = {
            "거래일자": e.traded_on, "거래명": words[e.kind], "거래수량": e.shares if trade else 0,
            "거래금액": f"{e.gross:f}", "제세금/대출이자": 0, "거래번호": number, "종목명": korean(e),
            "거래단가": e.price if trade else 0, "정산금액": f"{abs(net(e)):f}", "수수료/Fee": e.fees,
        }  # fmt: skip
        rows.append(placed(header, **cells))
    return table([["7100000001-14 [ 위탁 ] 홍길동", "< 2025.01.01 ~ 2026.12.31 >"], header], rows)


def toss(entries):
    words = {"buy": "구매", "sell": "판매", "dividend": "배당금입금", "deposit": "이체입금(토스뱅크)",
             "withdrawal": "이체출금(토스뱅크)", "interest": "이자입금"}  # fmt: skip
    lines = text_of((SAMPLES / "toss-statement.txt").read_bytes()).split("\n")[:5]
    for e in entries:
        trade = e.kind in ("buy", "sell")
        what = f" {korean(e)}(A{e.symbol})" if e.symbol else ""
        lines.append(
            f"{e.traded_on:%Y.%m.%d} {words[e.kind]}{what} {won(e.shares) if trade else 0}"
            f" {won(e.gross if e.symbol else e.shares)} {won(abs(net(e)))} {won(e.price) if trade else 0}"
            f" {won(e.fees)} 0 0 0 0 0"
        )
    return "\n".join(lines).encode()


def dollars(value):
    return f"-${abs(value):,.2f}" if value < 0 else f"${value:,.2f}"


def schwab(entries):
    words = {
        "buy": "Buy",
        "sell": "Sell",
        "dividend": "Cash Dividend",
        "interest": "Bank Interest",
        "fee": "Service Fee",
    }
    rows = []
    for e in reversed(entries):
        trade = e.kind in ("buy", "sell")
        rows.append((
            f"{e.traded_on:%m/%d/%Y}", words.get(e.kind, "MoneyLink Transfer"), e.symbol, "",
            str(e.shares) if trade else "", dollars(e.price) if trade else "",
            dollars(e.fees) if e.fees else "", dollars(net(e)),
        ))  # fmt: skip
    return table(
        ("Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount"), rows
    )


def robinhood(entries):
    """It shows no fees: they are in the amount, and so in what the shares cost."""
    words = {"buy": "Buy", "sell": "Sell", "dividend": "CDIV", "interest": "INT", "fee": "DFEE"}
    rows = []
    for e in reversed(entries):
        trade = e.kind in ("buy", "sell")
        on = f"{e.traded_on.month}/{e.traded_on.day}/{e.traded_on.year}"
        amount = f"({dollars(-net(e))})" if net(e) < 0 else dollars(net(e))
        rows.append((on, on, on, e.symbol, "", words.get(e.kind, "ACH"), str(e.shares) if trade else "",
                     dollars(e.price) if trade else "", amount))  # fmt: skip
    head = (
        "Activity Date", "Process Date", "Settle Date", "Instrument", "Description", "Trans Code",
        "Quantity", "Price", "Amount",
    )  # fmt: skip
    return table(head, rows)


def portfolio_performance(entries, german):
    words = {
        "deposit": ("Deposit", "Einlage"), "withdrawal": ("Withdrawal", "Entnahme"),
        "buy": ("Buy", "Kauf"), "sell": ("Sell", "Verkauf"), "dividend": ("Dividend", "Dividende"),
        "interest": ("Interest", "Zinsen"), "fee": ("Fees", "Gebühren"),
    }  # fmt: skip

    def shown(value):
        text = f"{value:,.2f}"
        return text.translate({44: ".", 46: ","}) if german else text

    rows = []
    for e in entries:
        trade = bool(e.symbol)
        rows.append((
            f"{e.traded_on}T00:00", words[e.kind][german], shown(abs(net(e))), "USD", "", "", "",
            shown(e.fees) if e.fees else "", "", shown(e.shares) if trade else "", "", "", e.symbol, "", "",
        ))  # fmt: skip
    head = (
        "Datum;Typ;Wert;Buchungswährung;Bruttobetrag;Währung Bruttobetrag;Wechselkurs;Gebühren;Steuern;Stück;"
        "ISIN;WKN;Ticker-Symbol;Wertpapiername;Notiz"
        if german
        else "Date;Type;Value;Transaction Currency;Gross Amount;Currency Gross Amount;Exchange Rate;Fees;"
        "Taxes;Shares;ISIN;WKN;Ticker Symbol;Security Name;Note"
    ).split(";")
    return table(head, rows, ";" if german else ",")


def ghostfolio(entries):
    """It knows no deposits and no withdrawals."""
    rows = []
    for e in entries:
        if e.kind in ("deposit", "withdrawal"):
            continue
        one = (
            (e.price, e.shares, e.fees)
            if e.symbol
            else (e.shares, 1, 0)
            if e.kind == "interest"
            else (0, 0, e.shares)
        )
        rows.append(
            (f"{e.traded_on:%d-%m-%Y}", e.symbol or "Account", "YAHOO", "USD", *one[:2], e.kind, one[2], "")
        )
    return table(
        ("Date", "Code", "DataSource", "Currency", "Price", "Quantity", "Action", "Fee", "Note"), rows
    )


def kiwoom_in_two_rows(entries):
    words = {"buy": "장내매수", "sell": "장내매도", "dividend": "배당금입금", "deposit": "이체입금(은행)",
             "withdrawal": "이체출금(은행)", "interest": "예탁금이용료(이자)입금"}  # fmt: skip
    header = text_of((SAMPLES / "kiwoom-two-rows.tsv").read_bytes()).split("\n")[:2]
    first, second = ([name.strip() for name in line.split("\t")] for line in header)
    rows = []
    for e in entries:
        trade = e.kind in ("buy", "sell")
        above = {
            "거래일자": f"{e.traded_on:%Y/%m/%d}", "적요명": words[e.kind],
            "수량/좌수": won(e.shares) if trade else 0,
            "거래금액": won(e.gross if e.symbol else e.shares), "수수료": won(e.fees), "거래세/농특세": 0,
            "정산금액": won(abs(net(e))), "소득세/주민세": 0,
        }  # fmt: skip
        below = {
            "통화": "KRW",
            "거래소": "KRX",
            "종목명": korean(e),
            "단가/환율": won(e.price) if trade else 0,
        }
        rows += [placed(first, **above), placed(second, **below)]
    return table([first, second], rows, "\t")


@dataclass(frozen=True)
class Writer:
    """How a broker writes, the currency of what it writes, and what it has no rows for."""

    write: object
    currency: str = "USD"
    without: frozenset = field(default_factory=frozenset)
    fees: bool = True

    def carried(self, entries):
        """What of a history it has rows for."""
        kept = [e for e in entries if e.kind not in self.without]
        return kept if self.fees else [replace(e, fees=Decimal(0)) for e in kept]


BROKERS = {
    "schwab": Writer(schwab),
    "robinhood": Writer(robinhood),
    "portfolio-performance": Writer(lambda e: portfolio_performance(e, german=False)),
    "portfolio-performance in German": Writer(lambda e: portfolio_performance(e, german=True)),
    "ghostfolio": Writer(ghostfolio, without=frozenset({"deposit", "withdrawal"})),
    "fidelity": Writer(fidelity),
    "vanguard": Writer(vanguard),
    "etrade": Writer(etrade),
    "ibkr": Writer(ibkr),
    "alpaca": Writer(alpaca, fees=False),
    "flex": Writer(flex),
    "kiwoom": Writer(kiwoom, "KRW", frozenset({"fee"})),
    "kiwoom in two rows": Writer(kiwoom_in_two_rows, "KRW", frozenset({"fee"})),
    "kis": Writer(kis, "KRW"),
    "mirae": Writer(mirae, "KRW", frozenset({"fee"})),
    "nh": Writer(nh, "KRW", frozenset({"fee", "interest", "dividend"})),
    "samsung": Writer(samsung, "KRW", frozenset({"fee", "interest", "deposit", "withdrawal"})),
    "toss": Writer(toss, "KRW", frozenset({"fee"})),
}
