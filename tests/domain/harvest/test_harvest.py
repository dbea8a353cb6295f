"""Sales for their loss or gain, against trying every number of shares."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.books.lots import TaxLot
from steelyard.domain.harvest.sale_size import best_sale, most_within, sale


def lot(number, shares, unit_cost):
    return TaxLot("main", "VOO", date(2025, 1, 1 + number), Decimal(shares), Decimal(shares * unit_cost),
                  date(2025, 1, 1 + number))  # fmt: skip


lots = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 40)), min_size=1, max_size=5).map(
    lambda rows: [lot(n, *row) for n, row in enumerate(rows)]
)


def every_sale(order, price):
    held = int(sum(x.shares for x in order))
    return [sale(order, Decimal(k), price) for k in range(1, held + 1)]


def saved(useful, cost):
    """22 % of the loss up to what is useful, less a cost a share: the Korean rule above the deduction."""

    def worth(shares, gain):
        return (
            Decimal("0.22") * min(max(-gain, Decimal(0)), useful)
            - cost * shares
            - Decimal("0.22") * max(gain, Decimal(0))
        )

    return worth


def crossings(order, price, level):
    """The numbers of shares, fractions too, at which the gain of the sale reaches a level."""
    found, sold, gain = [], Decimal(0), Decimal(0)
    for x in order:
        each = price - x.cost / x.shares
        if each and 0 < (level - gain) / each < x.shares:
            found.append(sold + (level - gain) / each)
        sold, gain = sold + x.shares, gain + each * x.shares
    return found


@given(lots, st.integers(1, 40), st.integers(0, 200), st.integers(0, 3))
def test_the_best_sale_is_the_best_of_every_number_of_shares(order, price, useful, cost):
    worth = saved(Decimal(useful), Decimal(cost) / 10)
    bends = [n for level in (0, -useful) for n in crossings(order, Decimal(price), Decimal(level))]
    found = best_sale(order, Decimal(price), worth, turns=bends)
    best = max(worth(s.shares, s.gain) for s in every_sale(order, Decimal(price)))
    if best <= 0:
        assert found is None
    else:
        assert found is not None
        assert found[1] == best


@given(lots, st.integers(1, 40), st.integers(0, 200))
def test_the_gain_realised_is_the_most_that_fits_into_the_room(order, price, room):
    found = most_within(order, Decimal(price), Decimal(room))
    fitting = [s.gain for s in every_sale(order, Decimal(price)) if 0 < s.gain <= room]
    assert (found.gain if found else None) == (max(fitting) if fitting else None)


def test_a_newer_losing_lot_cannot_be_sold_before_an_older_winning_one():
    """10 at 50 then 10 at 250, price 200: first in first out meets 1,500 of gain before any loss of 500."""
    order = [lot(0, 10, 50), lot(1, 10, 250)]
    assert best_sale(order, Decimal(200), saved(Decimal(10**6), Decimal(0))) is None
    assert best_sale(order[::-1], Decimal(200), saved(Decimal(10**6), Decimal(0)))[0].gain == -500


def test_the_unused_deduction_is_filled_exactly():
    """KR-FOR-14: 100 shares with a gain of 100,000 each; 25 of them fill 2,500,000."""
    order = [lot(0, 100, 100_000)]
    assert most_within(order, Decimal(200_000), Decimal(2_500_000)).shares == 25
