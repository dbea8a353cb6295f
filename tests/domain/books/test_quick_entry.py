"""Entries as they are said; each expectation is what a person means by it."""

from datetime import date

import pytest

from steelyard.domain.books.quick_entry import quick_fields
from steelyard.errors import InputError

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("buy VOO 3 @600.20", {"type": "buy", "symbol": "VOO", "shares": "3", "price": "600.20"}),
        ("buy 3 VOO 600.20", {"type": "buy", "symbol": "VOO", "shares": "3", "price": "600.20"}),
        (
            "매수 VOO 3주 600.2달러 어제",
            {"type": "buy", "symbol": "VOO", "shares": "3", "price": "600.2 USD", "date": "2026-11-22"},
        ),
        (
            "매도 069500 10주 36,000원 2026.11.20",
            {"type": "sell", "symbol": "069500", "shares": "10", "price": "36000 KRW", "date": "2026-11-20"},
        ),
        (
            "매수 타이거 나스닥 5주 @98000",
            {"type": "buy", "symbol": "타이거 나스닥", "shares": "5", "price": "98000"},
        ),
        ("입금 300만원", {"type": "deposit", "shares": "3000000 KRW"}),
        ("deposit $2,000 yesterday", {"type": "deposit", "shares": "2000 USD", "date": "2026-11-22"}),
        ("split VOO 1/3", {"type": "split", "symbol": "VOO", "shares": "1/3"}),
        ("sell 2 shares of VOO at 610 account=isa",
         {"type": "sell", "symbol": "VOO", "shares": "2", "price": "610", "account": "isa"}),
    ],
)  # fmt: skip
def test_an_entry_is_read_as_it_is_said(words, fields):
    assert quick_fields(words.split(), TODAY) == fields


@pytest.mark.parametrize(
    "words", ["purchase VOO 3", "buy VOO 3 @600 @700", "buy VOO 3 4 5", "buy VOO 어제 오늘 3"]
)
def test_what_is_not_clear_is_refused(words):
    with pytest.raises(InputError) as caught:
        quick_fields(words.split(), TODAY)
    assert caught.value.code == "entry-words"


@pytest.mark.parametrize(
    ("words", "currency"),
    [
        ("deposit 500 EUR", "EUR"),
        ("deposit EUR 500", "EUR"),
        ("deposit 500 eur", "EUR"),
        ("withdrawal 500 USD", "USD"),
        ("fee 5 USD", "USD"),
        ("interest 5 USD", "USD"),
        ("tax 5 USD", "USD"),
    ],
)
def test_a_currency_said_apart_from_its_amount_is_that_amounts_currency(words, currency):
    """`record deposit 500 EUR` recorded 500 won, with EUR for an instrument."""
    fields = quick_fields(words.split(), date(2026, 11, 23))
    assert fields["currency"] == currency
    assert "symbol" not in fields


def test_a_fee_of_an_instrument_keeps_it():
    assert quick_fields(["fee", "VOO", "5", "USD"], date(2026, 11, 23)) == {
        "type": "fee", "symbol": "VOO", "shares": "5", "currency": "USD",
    }  # fmt: skip


KNOWN = {"360750", "133690", "069500", "100000"}


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("매수 360750 30주 25100원", {"type": "buy", "symbol": "360750", "shares": "30",
                                   "price": "25100 KRW"}),
        ("buy 133690 2 @158900", {"type": "buy", "symbol": "133690", "shares": "2", "price": "158900"}),
        ("매수 360750 200000주 25100원",
         {"type": "buy", "symbol": "360750", "shares": "200000", "price": "25100 KRW"}),
        ("buy 233740 2 @9000", {"type": "buy", "symbol": "233740", "shares": "2", "price": "9000"}),
        ("buy VOO 100000 @5", {"type": "buy", "symbol": "VOO", "shares": "100000", "price": "5"}),
        ("배당 360750 30000원", {"type": "dividend", "symbol": "360750", "shares": "1",
                               "price": "30000 KRW"}),
        ("dividend 5 VOO @1.8", {"type": "dividend", "symbol": "VOO", "shares": "5", "price": "1.8"}),
        ("deposit 100000", {"type": "deposit", "shares": "100000"}),
        ("fee 100000", {"type": "fee", "shares": "100000"}),
    ],
)  # fmt: skip
def test_six_digits_in_the_place_of_the_instrument_are_a_listing(words, fields):
    """KRX codes that begin with another digit than 0 were taken for a number of shares."""
    assert quick_fields(words.split(), TODAY, (), KNOWN) == fields


def test_two_listings_in_one_entry_are_asked_about():
    with pytest.raises(InputError):
        quick_fields(["buy", "360750", "133690", "@100"], TODAY, (), KNOWN)


@pytest.mark.parametrize("words", ["배당 SCHD 30달러", "dividend SCHD $30", "dividend SCHD 30 USD"])
def test_the_amount_of_a_dividend_is_enough(words):
    """30 dollars were paid, on however many shares: shares times price are 30."""
    fields = quick_fields(words.split(), TODAY)
    assert fields["symbol"] == "SCHD"
    assert (fields["shares"], fields["price"].removesuffix(" USD")) == ("1", "30")
    assert "USD" in (fields["price"][-3:], fields.get("currency"))


def test_a_dividend_a_share_keeps_its_shares():
    fields = quick_fields(["배당", "SCHD", "5주", "1.80달러"], TODAY)
    assert (fields["shares"], fields["price"]) == ("5", "1.8 USD")
    assert "price" not in quick_fields(["dividend", "SCHD", "5주", "USD"], TODAY)


def test_what_looks_like_an_option_is_told_where_it_goes():
    with pytest.raises(InputError) as caught:
        quick_fields(["buy", "BND", "40", "@73.85", "--date", "2026-12-01"], TODAY)
    assert "--date" in caught.value.message
    assert "date=" in caught.value.hint


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2026-11-31", "2026-13-01", "11/30", "04/03/2025", "내일", "tomorrow", "11월30일"]
)
def test_a_day_that_is_none_is_no_part_of_the_symbol(day):
    with pytest.raises(InputError) as refused:
        quick_fields(["buy", "VOO", "3", "@600", day], TODAY)
    assert refused.value.code == "entry-date"
