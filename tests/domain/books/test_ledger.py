"""The order of entries, what they add up to, and what is refused; every sum is worked by hand."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.books.entry_text import FIELDS, read_entry, unit_price, written
from steelyard.domain.books.holdings import cash_moves, holdings, shortfalls
from steelyard.domain.books.ledger import KINDS, Entry, in_order, until
from steelyard.errors import InputError

D = Decimal
DAY = date(2026, 11, 23)


def entry(kind, shares, price=None, *, symbol="VOO", on=DAY, fees="0", currency="USD"):
    amount = None if price is None else D(price)
    return Entry(on, "main", kind, symbol, D(shares), amount, currency, D(fees))


def test_on_one_day_what_adds_shares_goes_before_what_takes_them():
    """Brokers list a day newest first."""
    sale, purchase = entry("sell", "5", "11"), entry("buy", "5", "10")
    assert in_order([sale, purchase]) == [purchase, sale]
    assert shortfalls([sale, purchase]) == ()


def test_days_are_never_exchanged_whatever_the_kind():
    early, late = entry("sell", "5", "11", on=date(2026, 11, 20)), entry("buy", "5", "10")
    assert in_order([late, early]) == [early, late]
    (short,) = shortfalls([late, early])
    assert (short.entry, short.held) == (early, 0)


@pytest.mark.parametrize(
    ("fact", "moves"),
    [
        (entry("buy", "3", "600.10", fees="1.25"), [("USD", "-1801.55")]),
        (entry("sell", "3", "600.10", fees="1.25"), [("USD", "1799.05")]),
        (entry("dividend", "3", "1.50", fees="0.68"), [("USD", "3.82")]),
        (entry("deposit", "1000", symbol=""), [("USD", "1000")]),
        (entry("withdrawal", "1000", symbol="", fees="25"), [("USD", "-1025")]),
        (entry("fee", "7", symbol=""), [("USD", "-7")]),
        (
            entry("convert", "1000", "1392.10", symbol="USD", currency="KRW", fees="1000"),
            [("USD", "1000"), ("KRW", "-1393100")],
        ),
        (entry("split", "4"), []),
        (entry("transfer_in", "3", "400"), []),
        (entry("transfer_out", "3", fees="30"), [("USD", "-30")]),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_each_kind_moves_the_money_it_should(fact, moves):
    """3 x 600.10 = 1,800.30; 3 x 1.50 = 4.50; 1,000 x 1,392.10 = 1,392,100."""
    assert [(code, amount) for code, amount in cash_moves(fact)] == [(c, D(a)) for c, a in moves]


def test_every_kind_can_be_ordered_and_moves_money_or_none():
    facts = [entry(kind, "1", "1", symbol="EUR") for kind in KINDS]
    assert len(in_order(facts)) == len(KINDS)
    assert all(isinstance(list(cash_moves(fact)), list) for fact in facts)


def test_a_split_multiplies_what_is_held_before_the_trades_of_its_day():
    """10 shares, 4 for 1 = 40, then 2 bought and 1 sold after it on the same day = 41."""
    facts = [
        entry("sell", "1", "100"),
        entry("buy", "2", "100"),
        entry("split", "4"),
        entry("buy", "10", "400", on=date(2026, 1, 5)),
    ]
    assert holdings(facts, DAY).shares == {("main", "VOO"): D(41)}


def test_a_reverse_split_leaves_fractions_exact():
    facts = [entry("buy", "7", "10", on=date(2026, 1, 5)), entry("split", "0.1")]
    assert holdings(facts, DAY).shares == {("main", "VOO"): D("0.7")}


def test_what_is_sold_out_and_cash_that_is_zero_are_not_listed():
    facts = [entry("deposit", "50", symbol=""), entry("buy", "5", "10"), entry("transfer_out", "5")]
    held = holdings(facts, DAY)
    assert (dict(held.shares), dict(held.cash)) == ({}, {})


def test_an_entry_after_the_day_asked_for_is_an_error_and_not_left_out():
    with pytest.raises(InputError) as caught:
        until([entry("buy", "1", "1")], date(2026, 11, 22))
    assert caught.value.code == "entry-in-future"


def test_selling_more_than_is_held_is_told_with_what_is_held():
    with pytest.raises(InputError) as caught:
        holdings([entry("buy", "2", "10"), entry("sell", "3", "10")], DAY)
    assert caught.value.code == "sold-more-than-held"
    assert "3 shares of VOO" in caught.value.message
    assert "only 2 are held" in caught.value.message


class NoCatalogue:
    """Knows nothing."""

    def resolve(self, _):
        return None

    def get(self, _):
        return None

    def suggest(self, _):
        return ()


amounts = st.decimals(min_value="0.000001", max_value="99999999", places=6)


@given(
    kind=st.sampled_from(["buy", "sell", "dividend", "transfer_in"]),
    shares=amounts,
    price=amounts,
    fees=st.none() | amounts,
    lot=st.none() | st.dates(min_value=date(1900, 1, 1), max_value=DAY),
    # A cell loses the blanks at its ends, and a file has no control characters.
    note=st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8),
)
def test_an_entry_written_as_words_is_read_back_the_same(kind, shares, price, fees, lot, note):
    fact = Entry(DAY, "isa", kind, "VOO", shares, price, "USD", fees or D(0), D("1392.1"), D(9), lot, note)
    words = written(fact)
    assert tuple(words) == FIELDS
    assert read_entry(words, NoCatalogue()) == (fact, ())


@given(total=amounts, shares=amounts, up=st.booleans())
def test_a_unit_price_and_its_rest_are_exactly_the_total(total, shares, up):
    """A purchase costs price x shares + rest, a sale brings price x shares - rest."""
    price, rest = unit_price(total, shares, up=up)
    assert rest >= 0
    assert price * shares - rest == total if up else price * shares + rest == total
