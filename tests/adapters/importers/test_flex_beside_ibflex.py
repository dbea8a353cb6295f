"""The same Flex files read by ibflex, which others wrote and use, and by our reader.

ibflex turns the attributes into typed values and no more. What they mean for a journal is spelled out here a
second time, from IB's description of the fields, and money is compared with what the broker says moved.
"""

import warnings
from collections import Counter
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import quoteattr

import ibflex
import pytest
from hypothesis import strategies as st
from ibflex.enums import AssetClass, BuySell, CashAction, InOut

from flex_files import ARRIVED, CASH, FLEX, LOT, PER_SHARE, SOLD, TRADE
from lanes import given_in_lanes
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers import flex as import_flex
from steelyard.adapters.importers.rows import ImportOptions
from steelyard.domain.books.holdings import cash_moves

D = Decimal
D_FIRST, D_LAST = date(2015, 1, 1), date(2026, 12, 31)
CATALOGUE = load_catalogue()
DIVIDENDS = {CashAction.DIVIDEND, CashAction.PAYMENTINLIEU}
FUNDS = {AssetClass.STOCK, AssetClass.MUTUALFUND, None}


def elements(text):
    """All data elements of all statements, by the name of their class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        response = ibflex.parser.parse(text.encode())
    for statement in response.FlexStatements:
        for value in vars(statement).values():
            for element in value if isinstance(value, tuple) else ():
                yield type(element).__name__, element


def paid(moment):
    return moment.date() if hasattr(moment, "date") else moment


class Read(dict):
    """Facts by kind: each a counter, so that order does not matter and repetition does."""

    def count(self, kind, *fact):
        self.setdefault(kind, Counter())[fact] += 1

    def add(self, kind, key, money):
        sums = self.setdefault(kind, {})
        sums[key] = sums.get(key, D(0)) + money
        if not sums[key]:
            del sums[key]


def by_ibflex(text):
    facts = Read(money={}, gross={}, withheld={})
    for kind, e in elements(text):
        if kind == "Trade" and e.levelOfDetail in (None, "EXECUTION"):
            if e.assetCategory in FUNDS:
                side = "buy" if e.buySell is BuySell.BUY else "sell"
                facts.count(
                    side, e.tradeDate, e.symbol, abs(e.quantity), e.tradePrice, e.currency, e.ibOrderID
                )
                facts.add("money", e.currency, -e.quantity * e.tradePrice + (e.taxes or 0))
            elif e.assetCategory is AssetClass.CASH:
                facts.add("money", e.symbol[:3], e.quantity)
                facts.add("money", e.currency, -e.quantity * e.tradePrice + (e.taxes or 0))
            else:
                continue
            facts.add("money", e.ibCommissionCurrency or e.currency, e.ibCommission or D(0))
        elif kind == "CashTransaction" and e.levelOfDetail != "SUMMARY" and e.amount:
            facts.add("money", e.currency, e.amount)
            day = e.settleDate or paid(e.dateTime) or e.reportDate
            if e.type in DIVIDENDS and e.symbol:
                facts.add("gross", (day, e.symbol, e.currency), e.amount)
            elif e.type is CashAction.WHTAX and e.symbol:
                facts.add("withheld", (day, e.symbol, e.currency), -e.amount)
            elif e.type is CashAction.DEPOSITWITHDRAW:
                way = "deposit" if e.amount > 0 else "withdrawal"
                facts.count(way, day, abs(e.amount), e.currency)
            elif "INT" in e.type.name:
                facts.count("interest", day, e.amount, e.currency)
            else:
                facts.count("fee", day, -e.amount, e.currency)
        elif kind == "Transfer":
            if e.quantity:
                way = "transfer_in" if e.direction is InOut.IN else "transfer_out"
                facts.count(way, e.date or paid(e.dateTime), e.symbol, abs(e.quantity))
            elif e.cashTransfer:
                facts.add("money", e.currency, e.cashTransfer)
                way = "deposit" if e.cashTransfer > 0 else "withdrawal"
                facts.count(way, e.date or paid(e.dateTime), abs(e.cashTransfer), e.currency)
    return facts


def by_us(text):
    found = import_flex.read(text.encode(), "file", CATALOGUE, ImportOptions())
    facts = Read(money={}, gross={}, withheld={})
    for e in (row.entry for row in found.rows):
        for currency, money in cash_moves(e):
            facts.add("money", currency, money)
        event = e.traded_on, e.symbol, e.currency
        if e.kind in ("buy", "sell"):
            facts.count(e.kind, e.traded_on, e.symbol, e.shares, e.price, e.currency, e.order_id or None)
        elif e.kind == "dividend":
            facts.add("gross", event, e.shares * e.price)
            facts.add("withheld", event, e.fees)
        elif e.note.startswith("tax withheld"):
            facts.add("withheld", event, e.shares)
        elif e.kind in ("transfer_in", "transfer_out"):
            facts.count(e.kind, e.traded_on, e.symbol, e.shares)
        elif e.kind != "convert" and not e.note.startswith(("commission", "rebate")):
            facts.count(e.kind, e.traded_on, e.shares, e.currency)
    return facts


SAMPLES = {
    "trades": [
        TRADE % ("10", "BUY"),
        (TRADE % ("-4", "SELL")).replace('"USD" taxes="0"', '"USD" taxes="-0.02"'),
    ],
    "orders beside executions": [
        TRADE % ("10", "BUY"),
        (TRADE % ("10", "BUY")).replace("EXECUTION", "ORDER"),
    ],
    "a dividend and its tax": [
        CASH % ("VOO", "Withholding Tax", "-0.68", "11", "US TAX"),
        CASH % ("VOO", "Dividends", "4.50", "12", PER_SHARE),
    ],
    "a dividend taken back": [CASH % ("VOO", "Dividends", m, m, "") for m in ("4.50", "-4.50", "6.00")],
    "a tax paid back": [CASH % ("VOO", "Withholding Tax", "0.30", "16", "US TAX")],
    "money": [
        CASH % ("", "Deposits/Withdrawals", "1,000", "13", ""),
        CASH % ("", "Deposits &amp; Withdrawals", "-25", "14", ""),
        CASH % ("", "Other Fees", "-3", "15", "market data"),
        CASH % ("", "Broker Interest Received", "0.07", "16", "interest"),
        (CASH % ("VOO", "Dividends", "4.50", "", "")).replace("DETAIL", "SUMMARY"),
    ],
    "shares moved": [ARRIVED, LOT % ("13", "5850", "20220304;103000"), SOLD],
    "commission in another currency": [
        (TRADE % ("10", "BUY")).replace('ibCommissionCurrency="USD"', 'ibCommissionCurrency="EUR"')
    ],
    "nothing written as dashes": [
        (TRADE % ("10", "BUY")).replace('taxes="0"', 'taxes="--" ibOrderID="-"'),
        (TRADE % ("10", "BUY")).replace('levelOfDetail="EXECUTION"', 'levelOfDetail="N/A" tradeMoney="--"'),
    ],
    "an option beside": [
        TRADE % ("10", "BUY"),
        (TRADE % ("1", "BUY")).replace("STK", "OPT").replace('symbol="VOO"', 'symbol="VOO 240119C00450000"'),
    ],
}


@pytest.mark.parametrize("rows", SAMPLES.values(), ids=SAMPLES)
def test_a_sample_means_the_same_to_both(rows):
    text = FLEX % "".join(rows)
    assert by_us(text) == by_ibflex(text)


@pytest.mark.parametrize(
    "written",
    ["20240103", "2024-01-03", "03-JAN-24", "20240103;093000", "2024-01-03, 09:30:00", "2024-01-03 09:30:00",
     "2024-01-03T09:30:00-0500", "20240103093000", "03-Jan-24;09:30:00", "2024-01-0309:30:00"],
)  # fmt: skip
def test_every_date_that_can_mean_one_day_only_is_read_as_ibflex_reads_it(written):
    """Of the formats IB offers only those are left out that put the month or the day first, in figures."""
    row = (CASH % ("VOO", "Dividends", "4.50", "12", PER_SHARE)).replace("2024-03-28;202000", written)
    assert by_us(FLEX % row) == by_ibflex(FLEX % row)


@st.composite
def files(draw):
    """A statement as IB writes one: varied dates, separators, thousands, empty values and currencies."""
    day_format = draw(st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%d-%b-%y"]))
    between = draw(st.sampled_from([";", ",", " ", ", "]))
    nothing = draw(st.sampled_from(["", "-", "--", "N/A"]))
    thousands = draw(st.booleans())

    def day():
        return draw(st.dates(D_FIRST, D_LAST)).strftime(day_format)

    def number(low, high, places):
        value = D(draw(st.integers(low * 10**places, high * 10**places))).scaleb(-places)
        return format(value, ",f" if thousands else "f")

    def money(low=-5000, high=5000):
        return number(low, high, 2)

    rows = []
    for n in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["trade", "fx", "dividend", "tax", "cash", "in", "out", "moved"]))
        symbol, currency = draw(st.sampled_from(["VOO", "VTI", "BND"])), draw(st.sampled_from(["USD", "EUR"]))
        base = {"accountId": "U1", "currency": currency, "symbol": symbol, "transactionID": str(1000 + n)}
        moment = f"{day()}{between}{draw(st.sampled_from(['093000', '202000']))}"
        if kind in ("trade", "fx"):
            buys = draw(st.booleans())
            shares = number(1, 3000, draw(st.sampled_from([0, 4])))
            base |= {
                "tradeID": str(n), "tradeDate": day(), "dateTime": moment,
                "buySell": "BUY" if buys else "SELL", "quantity": shares if buys else f"-{shares}",
                "tradePrice": number(1, 900, 4), "ibCommission": money(-9, 2),
                "ibCommissionCurrency": draw(st.sampled_from(["USD", "EUR"])),
                "taxes": draw(st.sampled_from([nothing, "0", "-0.02"])), "ibOrderID": str(n % 3),
                "levelOfDetail": "EXECUTION", "assetCategory": draw(st.sampled_from(["STK", "FUND"])),
            }  # fmt: skip
            if kind == "fx":
                base |= {"assetCategory": "CASH", "symbol": "USD.KRW", "currency": "KRW"}
            rows.append(("Trade", base))
        elif kind in ("in", "out", "moved"):
            base |= {"assetCategory": "STK", "date": day(), "direction": "OUT" if kind == "out" else "IN",
                     "type": "FOP", "quantity": number(1, 500, 0), "cashTransfer": "0"}  # fmt: skip
            if kind == "out":
                base["quantity"] = "-" + base["quantity"]
            if kind == "moved":
                into = draw(st.booleans())
                base |= {"symbol": nothing, "quantity": "0", "assetCategory": "CASH",
                         "direction": "IN" if into else "OUT",
                         "cashTransfer": money(1) if into else money(-5000, -1)}  # fmt: skip
            rows.append(("Transfer", base))
        else:
            base |= {"dateTime": moment, "settleDate": draw(st.sampled_from([nothing, day()])),
                     "levelOfDetail": "DETAIL", "description": "x"}  # fmt: skip
            if kind == "dividend":
                base |= {"type": draw(st.sampled_from(["Dividends", "Payment In Lieu Of Dividends"])),
                         "amount": money(1)}  # fmt: skip
            elif kind == "tax":
                base |= {"type": "Withholding Tax", "amount": money(-900, 30)}
            else:
                kinds = ["Deposits/Withdrawals", "Other Fees", "Broker Interest Paid", "Advisor Fees"]
                base |= {"type": draw(st.sampled_from(kinds)), "symbol": nothing, "amount": money()}
            rows.append(("CashTransaction", base))
    return FLEX % "\n".join(
        f"<{tag} {' '.join(f'{key}={quoteattr(value)}' for key, value in row.items())} />"
        for tag, row in rows
    )


@given_in_lanes(files(), few=80, many=300, reason="three hundred statements, read by two programs")
def test_a_generated_file_means_the_same_to_both(text):
    assert by_us(text) == by_ibflex(text)
