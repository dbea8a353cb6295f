"""Which lots a sale takes, that nothing is lost on the way, and that the pool does what `draw` does."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.books.lots import METHODS, Pool, TaxLot, by_least_tax, draw, queue
from steelyard.errors import InputError


def lot(day, shares, cost, order=0, tax_base=None):
    bought = date(2024, 1, day)
    base = None if tax_base is None else Decimal(tax_base)
    return TaxLot("main", "VOO", bought, Decimal(shares), Decimal(cost), bought, base, order)


FIRST, DEAR, LAST = lot(1, 10, 1000, 1), lot(2, 10, 3000, 2), lot(3, 10, 2000, 3)


@pytest.mark.parametrize(
    ("method", "cost"),
    [
        ("fifo", 1000 + 1500),
        ("lifo", 2000 + 1500),
        ("hifo", 3000 + 1000),
        ("average", 15 * 200),
        ("specific", 1000 + 1500),
    ],
)
def test_fifteen_shares_cost_what_the_method_says(method, cost):
    """By hand: 10 at 100, 10 at 300, 10 at 200; specific without a named lot is first in, first out."""
    taken, left = draw([DEAR, LAST, FIRST], Decimal(15), method=method)
    assert (sum(x.cost for x in taken), sum(x.shares for x in taken)) == (cost, 15)
    assert (sum(x.cost for x in left), sum(x.shares for x in left)) == (6000 - cost, 15)


def test_a_named_lot_is_sold_and_no_other():
    """By hand."""
    taken, left = draw([FIRST, DEAR, LAST], Decimal(4), method="specific", bought=date(2024, 1, 2))
    assert [(x.order, x.shares, x.cost) for x in taken] == [(2, 4, 1200)]
    assert [x.shares for x in left] == [10, 6, 10]


@pytest.mark.parametrize(
    ("method", "shares", "bought", "code"),
    [
        ("fifo", 31, None, "sold-more-than-held"),
        ("average", 31, None, "sold-more-than-held"),
        ("specific", 11, date(2024, 1, 2), "sold-more-than-held"),
        ("specific", 1, date(2024, 1, 9), "lot-unknown"),
    ],
)
def test_what_is_not_held_cannot_be_sold(method, shares, bought, code):
    pool = filled(method, [FIRST, DEAR, LAST])
    for sell in (
        lambda: draw([FIRST, DEAR, LAST], Decimal(shares), method=method, bought=bought),
        lambda: pool.take(Decimal(shares), bought=bought),
    ):
        with pytest.raises(InputError) as caught:
            sell()
        assert caught.value.code == code
    assert pool.shares == 30


def test_least_tax_sells_losses_first_then_long_gains_before_short_ones():
    """By hand at 200 a share, rates 10 % for the first lot, 40 % for the others: tax per share 10, -40, 0."""
    order = by_least_tax(
        [FIRST, DEAR, LAST], lambda _: Decimal(200), lambda x: Decimal("0.1" if x is FIRST else "0.4")
    )
    assert [x.order for x in order] == [2, 3, 1]


def test_an_order_by_least_tax_needs_a_price():
    with pytest.raises(ValueError, match="least_tax"):
        queue([FIRST], "least_tax")
    with pytest.raises(ValueError, match="worst"):
        Pool("worst")


def test_a_split_keeps_the_cost_and_multiplies_the_shares():
    """By hand: 30 shares for 6,000 become 60; 30 of them, first in first out, cost 1,000 + half of 3,000."""
    pool = filled("fifo", [FIRST, DEAR, LAST])
    pool.split(Decimal(2))
    assert pool.shares == 60
    assert sum(x.cost for x in pool.take(Decimal(30))) == 2500


def test_a_korean_tax_base_price_moves_with_the_cost():
    """By hand: bases of 90 and 150 for 10 shares each average to 12 a share."""
    lots = [lot(1, 10, 100, 1, tax_base=90), lot(2, 10, 200, 2, tax_base=150)]
    for taken in (
        draw(lots, Decimal(5), method="average")[0],
        filled("average", lots).take(Decimal(5)),
    ):
        assert [(x.cost, x.tax_base) for x in taken] == [(75, 60)]


def filled(method, lots):
    pool = Pool(method)
    for x in lots:
        pool.add(x)
    return pool


def latest_first(lots):
    return sorted(lots, key=lambda x: (-x.order, x.bought))


steps = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(1, 30),
        st.decimals("0.01", 100, places=2),
        st.integers(0, 20),
    ),
    max_size=25,
)


@given(st.sampled_from(METHODS), steps)
def test_the_pool_takes_exactly_what_draw_takes(method, actions):
    """Expected: `draw`, to the last digit; under `average`, which rounds elsewhere, to 15 decimals."""
    pool, lots = Pool(method), []
    order = latest_first if method == "least_tax" else None
    for number, (buys, shares, unit, day) in enumerate(actions):
        held = sum(x.shares for x in lots)
        if buys or held < shares:
            bought = date(2024, 2, 10) + timedelta(day)
            new = TaxLot("a", "X", bought, Decimal(shares), unit * shares, bought, order=number)
            pool.add(new)
            lots = [*lots, new]
        else:
            taken, lots = draw(lots, Decimal(shares), method=method, order=order and order(lots))
            assert rows(pool.take(Decimal(shares), order=order), method) == rows(taken, method)
    held = sum(x.shares for x in lots)
    assert pool.shares == held
    if held:
        assert rows(pool.lots(), "average") == rows(draw(lots, held, method=even(method))[0], "average")


def even(method):
    return "average" if method == "average" else "fifo"


def rows(lots, method):
    places = Decimal("1e-15") if method == "average" else Decimal("1e-20")
    return [(x.order, x.shares, x.cost.quantize(places)) for x in lots]


@given(st.sampled_from(METHODS[:-1]), st.lists(st.decimals("0.01", 10**6, places=6), min_size=1, max_size=8))
def test_no_fraction_of_a_cent_is_lost_when_lots_are_sold_bit_by_bit(method, costs):
    """Three shares a lot at costs that do not divide by three, sold by halves."""
    bought = date(2024, 1, 2)
    lots = [TaxLot("a", "X", bought, Decimal(3), c, bought, order=n) for n, c in enumerate(costs)]
    pool = filled(method, lots)
    taken = [x for _ in range(6 * len(lots)) for x in pool.take(Decimal("0.5"))]
    assert sum(Fraction(x.cost) for x in taken) == sum(map(Fraction, costs))
    assert pool.lots() == []
