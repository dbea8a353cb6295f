"""US cases as their owner would file them: native CSV in, `tax --year` out, both as processes.

The wash-sale cases are those of test_wash_sale_cases.py, each with a symbol of its own, in one journal. They
do not replace each other, so one return holds them all. Their sources count in cents, a journal in dollars.
The case whose replacement has "already been used" by something outside of it is no journal, and left out.
"""

from collections import defaultdict
from decimal import Decimal

import pytest
from tests.worked.test_wash_sale_cases import CASES

US = """
base_currency = "USD"
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
{settings}
[[accounts]]
name = "main"
cost_method = "{method}"
[[accounts]]
name = "second"
[[accounts]]
name = "ira"
kind = "ira"
"""
CENT = Decimal("0.01")


def portfolio(settings="", method="fifo", symbols=()):
    own = "".join(f'[instruments.{s}]\ncurrency = "USD"\nus_class = "security"\n' for s in symbols)
    return US.format(settings=settings, method=method) + own


def symbol_of(name):
    return f"W{list(CASES).index(name)}"


def rows_of(name):
    """The rows of one case: a purchase per lot with its own order, and a sale per lot that names it."""
    buys = defaultdict(lambda: [Decimal(0), Decimal(0)])
    sales = []
    for place, row in enumerate(CASES[name].split("->")[0].strip().splitlines()):
        marks = [x for x in row.split() if x.startswith("lot=")]
        facts = [x for x in row.split() if not x.startswith("lot=")]
        lot = (facts[1], marks[0] if marks else f"row {place}")
        buys[lot][0] += Decimal(facts[0])
        buys[lot][1] += Decimal(facts[2]) / 100
        if len(facts) > 3:
            sales.append((facts[3], lot[0], Decimal(facts[0]), Decimal(facts[4]) / 100))
    symbol = symbol_of(name)
    for (bought, order), (shares, cost) in buys.items():
        yield f"{bought},buy,{symbol},{shares},{cost / shares:.12f},,{symbol} {order}"
    for sold, bought, shares, proceeds in sales:
        yield f"{sold},sell,{symbol},{shares},{proceeds / shares:.12f},{bought},"


FILED = [name for name in CASES if "used\n" not in CASES[name]]
YEARS = (2012, 2014, 2015)
WITHOUT_ORDERS = {
    # Three purchases of 2015-03-01 at 600.00 are one of 14 shares, all sold the next day: nothing is left
    # that could replace one of its own. What stays is the loss of 2015-02-02, 3 x 100.00, replaced by 3.
    "long_chain_with_different_num_shares": Decimal(300),
    # 4 and 2 bought on one day at 587.99 are 6 shares sold on one day: none replaces another.
    "two_lots_same_days": Decimal(0),
}
"""What is disallowed in the cases of which two orders of one day and price are taken for one."""


def returns(folder, *, orders):
    """The returns of every year of one journal with all cases in it."""
    from tests.worked.conftest import ask_in

    head = "date,type,symbol,shares,price,lot" + (",order_id" if orders else "")
    rows = [row for name in FILED for row in rows_of(name)]
    trades = "\n".join([head, *(row if orders else row.rpartition(",")[0] for row in rows), ""])
    text = portfolio(method="specific", symbols=[symbol_of(name) for name in FILED])
    first = ask_in(folder, text, trades, year=YEARS[0])
    return [first, *(ask_in(folder, text, year=year) for year in YEARS[1:])]


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return returns(tmp_path_factory.mktemp("wash"), orders=True)


@pytest.fixture(scope="module")
def without_orders(tmp_path_factory):
    return returns(tmp_path_factory.mktemp("orderless"), orders=False)


def of_symbol(reports, symbol):
    """What is disallowed each year, and what is left of a symbol."""
    lost = [sum(Decimal(d["disallowed"]) for d in r["disposals"] if d["symbol"] == symbol) for r in reports]
    return lost, [lot for lot in reports[0]["open_lots"] if lot["symbol"] == symbol]


@pytest.mark.parametrize("name", [name for name in FILED if name not in WITHOUT_ORDERS])
def test_a_case_without_two_purchases_of_one_day_and_price_needs_no_order_id(
    name, everything, without_orders
):
    symbol = symbol_of(name)
    assert of_symbol(without_orders, symbol) == of_symbol(everything, symbol)


@pytest.mark.parametrize("name", WITHOUT_ORDERS)
def test_without_an_order_id_purchases_of_one_day_and_price_are_one_lot(name, without_orders):
    """By hand, above. Rev. Rul. 56-602: what is left of a lot does not replace what was sold of it."""
    lost, _ = of_symbol(without_orders, symbol_of(name))
    assert sum(lost) == WITHOUT_ORDERS[name]


def test_the_return_says_what_hangs_on_orders_that_are_not_known(everything, without_orders):
    """2,200.00 of 2015 becomes 300.00 and 101.66 of 2014 becomes nothing; in 2012 nothing hangs on it."""
    told = [[n for n in report["notes"] if "order_id" in n] for report in without_orders]
    assert [len(notes) for notes in told] == [0, 1, 1]
    for report, ordered, notes in zip(without_orders[1:], everything[1:], told[1:], strict=True):
        other, here = (round(Decimal(r["summary"]["disallowed"]), 2) for r in (ordered, report))
        assert f"{other.normalize():f} would be disallowed instead of {here.normalize():f}:" in notes[0]
    assert not [n for report in everything for n in report["notes"] if "order_id" in n]


@pytest.mark.parametrize("name", FILED)
def test_a_wash_sale_case_filed_as_csv_comes_out_to_the_cent(name, everything):
    """Disallowed by symbol, and what is still held with its basis and holding period, as the source has it.
    Sources that round each part of a lot to cents may differ from exact thirds by a cent."""
    symbol = symbol_of(name)
    rows, disallowed = CASES[name].split("->")[1].split("=")
    wanted = defaultdict(Decimal)
    for shares, bought, held_from, cost, sold, _ in (row.split() for row in rows.strip().splitlines()):
        if sold == "-":
            wanted[bought, held_from, "shares"] += Decimal(shares)
            wanted[bought, held_from, "cost"] += Decimal(cost) / 100
    found = defaultdict(Decimal)
    for lot in everything[0]["open_lots"]:
        if lot["symbol"] == symbol:
            found[lot["bought"], lot["holding_from"], "shares"] += Decimal(lot["shares"])
            found[lot["bought"], lot["holding_from"], "cost"] += Decimal(lot["cost"])
    assert {k: round(v, 2) for k, v in found.items()} == dict(wanted)
    lost = sum(
        Decimal(d["disallowed"])
        for report in everything
        for d in report["disposals"]
        if d["symbol"] == symbol
    )
    assert abs(lost - Decimal(disallowed.strip()) / 100) < CENT


def test_the_years_together_disallow_what_the_disposals_say(everything):
    for report in everything:
        rows = [Decimal(d["disallowed"]) for d in report["disposals"]]
        assert Decimal(report["summary"]["disallowed"]) == sum(rows)


def check(report, expected):
    for path, value in expected.items():
        found = report
        for key in path.split("."):
            found = found[int(key)] if isinstance(found, list) else found[key]
        assert found == value, path


ONE = {
    "US-IRS-VITA-1": (
        {},
        """date,type,symbol,shares,price
2024-01-02,buy,VOO,100,10
2024-06-03,sell,VOO,100,7.5
2024-06-20,buy,VOO,100,8
""",
        2024,
        {
            "disposals.0.disallowed": "250",
            "summary.disallowed": "250",
            "summary.short_term": "0",
            "open_lots.0.cost": "1050",
            "open_lots.0.holding_from": "2024-01-19",
        },
    ),
    "US-IRA-1": (
        {},
        """date,account,type,symbol,shares,price
2007-01-03,main,buy,VOO,100,10
2007-12-20,main,sell,VOO,100,6
2007-12-21,ira,buy,VOO,100,6
""",
        2007,
        {
            "disposals.0.disallowed": "400",
            "summary.short_term": "0",
            "summary.disallowed_permanently": "400",
            "open_lots": [],
        },
    ),
    "US-WASH-docsbay": (
        {},
        """date,type,symbol,shares,price
2007-01-03,buy,VOO,100,80
2007-07-04,sell,VOO,100,70
2007-07-16,buy,VOO,100,70
""",
        2007,
        {"summary.disallowed": "1000", "open_lots.0.cost": "8000"},
    ),
    "US-WASH-redian2": (
        {},
        """date,type,symbol,shares,price
2008-12-01,buy,VOO,100,20
2009-03-01,buy,VOO,50,24
2009-03-10,buy,VOO,25,26
2009-03-27,sell,VOO,100,13
""",
        2009,
        {
            "summary.disallowed": "525",
            "summary.short_term": "-175",
            "open_lots.0.cost": "1550",
            "open_lots.1.cost": "825",
        },
    ),
    "US-WASH-redian3": (
        {},
        """date,type,symbol,shares,price
2008-12-01,buy,VOO,100,20
2009-03-01,buy,VOO,100,24
2009-03-10,buy,VOO,50,26
2009-03-27,sell,VOO,100,13
""",
        2009,
        {"summary.disallowed": "700", "open_lots.0.cost": "3100", "open_lots.1.cost": "1300"},
    ),
    "US-WASH-stackexchange": (
        {},
        """date,type,symbol,shares,price
2015-01-01,buy,VOO,1,100
2015-01-01,sell,VOO,1,110
2015-01-02,buy,VOO,3,100
2015-01-02,sell,VOO,3,90
2015-01-03,buy,VOO,1,100
2015-01-03,sell,VOO,1,110
""",
        2015,
        {"summary.disallowed": "10", "disposals.2.cost": "110", "summary.short_term": "-10"},
    ),
    "across two taxable accounts, the basis rises where it was bought": (
        {},
        """date,account,type,symbol,shares,price
2026-01-05,main,buy,VOO,10,500
2026-03-02,main,sell,VOO,10,450
2026-03-30,second,buy,VOO,4,460
""",
        2026,
        {"summary.disallowed": "200", "open_lots.0.account": "second", "open_lots.0.cost": "2040"},
    ),
    "day 30 still washes": (
        {},
        """date,type,symbol,shares,price
2026-01-05,buy,VOO,10,500
2026-03-02,sell,VOO,10,450
2026-04-01,buy,VOO,10,460
""",
        2026,
        {"summary.disallowed": "500"},
    ),
    "day 31 does not": (
        {},
        """date,type,symbol,shares,price
2026-01-05,buy,VOO,10,500
2026-03-02,sell,VOO,10,450
2026-04-02,buy,VOO,10,460
""",
        2026,
        {"summary.disallowed": "0", "summary.short_term": "-500", "summary.ordinary_offset": "500"},
    ),
    "US-TERM-2 and its neighbour, exactly a year": (
        {},
        """date,type,symbol,shares,price
2023-03-01,buy,VOO,2,400
2024-03-01,sell,VOO,1,410
2024-03-02,sell,VOO,1,410
""",
        2024,
        {"disposals.0.term": "short", "disposals.1.term": "long"},
    ),
    "US-CARRY-3": (
        {"settings": 'filing = "mfs"'},
        """date,type,symbol,shares,price
2026-01-05,buy,VOO,100,500
2026-03-02,sell,VOO,100,400
""",
        2026,
        {
            "summary.short_term": "-10000",
            "summary.ordinary_offset": "1500",
            "summary.carry_forward": {"short": "8500", "long": "0"},
        },
    ),
    "US-LTCG-3": (
        {"settings": 'filing = "single"\nother_income = 540000'},
        """date,type,symbol,shares,price
2024-01-05,buy,VOO,100,400
2026-03-02,sell,VOO,100,600
""",
        2026,
        {
            "summary.long_term": "20000",
            "summary.tax.long_term": "3725",
            "summary.tax.long_term_by_rate": {"0": "0", "0.15": "5500", "0.20": "14500"},
            # The case leaves out the net investment income tax: 3.8 % of 20,000, all of it above 200,000.
            "summary.tax.net_investment_income_tax": "760",
            "total_tax": "4485",
        },
    ),
    "US-LOT-oracle-FIFO": (
        {},
        """date,type,symbol,shares,price
2020-01-15,buy,VOO,10,50
2026-06-01,buy,VOO,10,250
2026-08-03,sell,VOO,15,200
""",
        2026,
        {
            "summary.long_term": "1500",
            "summary.short_term": "-250",
            "open_lots.0.shares": "5",
        },
    ),
    "US-LOT-oracle-HIFO": (
        {"method": "hifo"},
        """date,type,symbol,shares,price
2020-01-15,buy,VOO,10,50
2026-06-01,buy,VOO,10,250
2026-08-03,sell,VOO,15,200
""",
        2026,
        {"summary.long_term": "750", "summary.short_term": "-500"},
    ),
    "a lot named by its purchase date (26 CFR 1.1012-1(c))": (
        {"method": "specific"},
        """date,type,symbol,shares,price,lot
2024-01-15,buy,VOO,10,50,
2025-06-02,buy,VOO,10,250,
2026-08-03,sell,VOO,10,200,2025-06-02
""",
        2026,
        {"summary.long_term": "-500", "open_lots.0.bought": "2024-01-15", "open_lots.0.cost": "500"},
    ),
    "a split 4 for 1 keeps cost and dates": (
        {},
        """date,type,symbol,shares,price
2024-01-15,buy,VOO,10,400
2025-06-02,split,VOO,4,
2026-08-03,sell,VOO,20,150
""",
        2026,
        {
            "disposals.0.cost": "2000",
            "summary.long_term": "1000",
            "open_lots.0.shares": "20",
            "open_lots.0.cost": "2000",
        },
    ),
    "a transfer keeps original cost and purchase date": (
        {},
        """date,account,type,symbol,shares,price,lot
2026-02-02,second,transfer_in,VOO,10,400,2021-05-03
2026-08-03,second,sell,VOO,10,600,
""",
        2026,
        {"disposals.0.term": "long", "disposals.0.lots.0.bought": "2021-05-03", "summary.long_term": "2000"},
    ),
    "28 % at most on gold, 32 % bracket: 10,000 x 28 % (26 U.S.C. 1(h)(4))": (
        {"settings": 'filing = "single"\nother_income = 210000\nmagi = 150000'},
        """date,type,symbol,shares,price
2024-01-05,buy,GLD,100,200
2026-03-02,sell,GLD,100,300
""",
        2026,
        {"summary.collectibles": "10000", "total_tax": "2800"},
    ),
    "net investment income: 15 % and 3.8 % of 10,000, all of it above 200,000 (26 U.S.C. 1411)": (
        {"settings": "other_income = 300000\nmagi = 330000\nnet_investment_income = 10000"},
        """date,type,symbol,shares,price
2024-01-05,buy,VOO,100,400
2026-03-02,sell,VOO,100,500
""",
        2026,
        {"summary.long_term": "10000", "total_tax": "1880"},
    ),
    "US-QDI-1 and a share kept for longer: 34 and 61 days (26 U.S.C. 1(h)(11)(B)(iii))": (
        {"settings": 'filing = "single"\nother_income = 60000'},
        """date,type,symbol,shares,price,ex_date
2024-07-05,buy,VOO,10,500,
2024-07-11,buy,VOO,30,500,
2024-07-15,dividend,VOO,40,2,2024-07-12
2024-08-08,sell,VOO,10,500,
2024-09-10,sell,VOO,30,500,
""",
        2024,
        {
            "summary.dividends.gross": "80",
            "summary.dividends.qualified": "60",
            "summary.dividends.ordinary": "20",
            "summary.tax.long_term_by_rate": {"0": "0", "0.15": "60", "0.20": "0"},
            # 60 at 15 %, and the 20 that are not qualified at 22 %.
            "total_tax": "13.4",
        },
    ),
    "held for 60 days only: not qualified": (
        {},
        """date,type,symbol,shares,price,ex_date
2024-07-11,buy,VOO,30,500,
2024-07-15,dividend,VOO,30,2,2024-07-12
2024-09-09,sell,VOO,30,500,
""",
        2024,
        {"summary.dividends.qualified": "0", "summary.dividends.ordinary": "60"},
    ),
    "a bond fund pays interest; without an ex-date nothing is known": (
        {},
        """date,type,symbol,shares,price,ex_date
2023-07-11,buy,VOO,30,500,
2023-07-11,buy,BND,30,70,
2024-07-15,dividend,VOO,30,2,
2024-07-15,dividend,BND,30,1,2024-07-12
""",
        2024,
        {
            "summary.dividends.qualified": "0",
            "summary.dividends.ordinary": "30",
            "summary.dividends.ex_date_unknown": "60",
        },
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_a_case_filed_as_csv_comes_out_to_the_cent(name, filed):
    """Each name is a case of the conformance suite, or says what is worked out by hand."""
    options, trades, year, expected = ONE[name]
    check(filed(portfolio(**options), trades, year=year), expected)
