"""The cases of the conformance suite on which lots a sale takes, in the US and anywhere, facts restated."""

from datetime import date
from decimal import Decimal

import pytest

from steelyard.domain.books.lots import Pool, TaxLot, by_least_tax, draw

OLD = TaxLot("a", "X", date(2020, 1, 15), Decimal(10), Decimal(500), date(2020, 1, 15), order=1)
NEW = TaxLot("a", "X", date(2026, 6, 1), Decimal(10), Decimal(2500), date(2026, 6, 1), order=2)


@pytest.mark.parametrize(
    ("method", "consumed", "gain"),
    [("fifo", [(OLD, 10), (NEW, 5)], 1250), ("hifo", [(NEW, 10), (OLD, 5)], 250)],
)
def test_fifteen_shares_sold_at_200_by_the_accounts_method(method, consumed, gain):
    """US-LOT-oracle-FIFO and -HIFO, doublehq/oracle tests/test_disposal.py; the split of HIFO is extended
    from its assertions on ten shares by whoever wrote the case down."""
    taken, _ = draw([OLD, NEW], Decimal(15), method=method)
    assert [(x.bought, x.shares) for x in taken] == [(lot.bought, n) for lot, n in consumed]
    assert 15 * 200 - sum(x.cost for x in taken) == gain


def test_lots_that_cost_least_tax_per_dollar_raised_go_first():
    """US-MINGAIN-fava, fava_investor minimizegains/test_minimizegains.py; its rates are 1, so tax is
    gain."""
    bnct = TaxLot("a", "BNCT", date(2020, 1, 2), Decimal(100), Decimal(10000), date(2020, 1, 2))
    cofe = TaxLot("a", "COFE", date(2020, 1, 2), Decimal(100), Decimal(20000), date(2020, 1, 2))
    prices = {"BNCT": Decimal(150), "COFE": Decimal(201)}
    order = by_least_tax([bnct, cofe], lambda x: prices[x.symbol], lambda _: Decimal(1))
    assert [x.symbol for x in order] == ["COFE", "BNCT"]
    gains = [x.shares * prices[x.symbol] - x.cost for x in order]
    assert (order[0].shares * prices["COFE"], sum(gains)) == (20100, 5100)


# (method, draws, (still available in the first lot touched, its row) before each draw)
SEEKS = {
    "ANY-LOT-rp2-1": ("fifo", [6, 4, 2, 18, 3], [(10, 1), (4, 1), (20, 2), (18, 2), (30, 3)]),
    "ANY-LOT-rp2-2": ("lifo", [7, 23, 19, 1, 9], [(30, 3), (23, 3), (20, 2), (1, 2), (10, 1)]),
    "ANY-LOT-rp2-4": ("fifo", [15, 10, 5], [(10, 1), (20, 2), (15, 2), (5, 2)]),
    "ANY-LOT-rp2-5": ("lifo", [55, 5], [(30, 3), (20, 2), (10, 1), (5, 1)]),
}


@pytest.mark.parametrize("name", SEEKS)
def test_each_draw_starts_at_the_lot_and_amount_rp2_starts_at(name):
    """ANY-LOT-rp2-*, eprbell/rp2 tests/test_accounting_method.py::test_with_fixed_lot_candidates: lots of
    10, 20 and 30 at 10, 11 and 12. A draw over several lots lists each lot it touches."""
    method, draws, seek = SEEKS[name]
    lots = [
        TaxLot("a", "X", date(2020, 1, row), Decimal(n), Decimal(n * unit), date(2020, 1, row), order=row)
        for row, (unit, n) in enumerate([(10, 10), (11, 20), (12, 30)], start=1)
    ]
    pool = Pool(method)
    for lot in lots:
        pool.add(lot)
    seen = []
    for shares in draws:
        before = {x.order: x.shares for x in lots}
        taken, lots = draw(lots, Decimal(shares), method=method)
        assert pool.take(Decimal(shares)) == taken
        seen += [(before[x.order], x.order) for x in taken]
    assert seen == seek


@pytest.mark.parametrize("method", ["fifo", "average"])
def test_what_is_left_cost_5360_04_either_way(method):
    """ANY-COST-PP-1, Portfolio Performance CostCalculationTest::testFifoBuySellTransactions: buy 109 for
    3,149.20, sell 15, buy 52 for 1,684.92, buy 32 for 959.30."""
    pool = Pool(method)
    for row, (shares, cost) in enumerate([(109, "3149.20"), (52, "1684.92"), (32, "959.30")]):
        if row == 1:
            pool.take(Decimal(15))
        bought = date(2020, 1, row + 1)
        pool.add(TaxLot("a", "X", bought, Decimal(shares), Decimal(cost), bought, order=row))
    left = sum(x.cost for x in pool.lots())
    assert left.quantize(Decimal("0.01")) == Decimal("5360.04")
