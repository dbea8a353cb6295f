"""Digits and signs of currencies, held to ISO 4217 as published and to CLDR as Babel has it."""

from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal, get_currency_symbol, list_currencies

from steelyard.domain.money import currency_sign, minor_digits, whole_number
from steelyard.interfaces.cli.tables import money, shares


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("KRW", 0), ("JPY", 0), ("ISK", 0), ("XOF", 0), ("UGX", 0), ("USD", 2), ("EUR", 2), ("IQD", 3),
     ("TND", 3), ("LYD", 3), ("OMR", 3), ("JOD", 3), ("BHD", 3), ("KWD", 3), ("CLF", 4), ("UYW", 4),
     ("HUF", 2), ("IDR", 2)],
)  # fmt: skip
def test_a_currency_is_counted_in_the_units_of_iso_4217(currency, digits):
    """ISO 4217 List One, column "Mnr unts"; CLDR differs where cash is rounded (dinars of Iraq: 0)."""
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("currency", sorted(list_currencies("en")))
def test_every_currency_has_the_sign_that_cldr_gives_it(currency):
    if currency != "XXX":  # "no currency" has a sign of its own
        assert currency_sign(currency) == get_currency_symbol(currency, "en_US")


@pytest.mark.parametrize("currency", ["KRW", "USD", "EUR", "CAD", "CHF", "XAF", "JPY"])
@pytest.mark.parametrize("amount", ["0", "-0.001", "1234.5", "-1234567.891", "0.005", "999999999999", "-0.5"])
def test_an_amount_is_written_as_the_locale_writes_it(currency, amount):
    rounded = Decimal(amount).quantize(Decimal(1).scaleb(-minor_digits(currency)))
    expected = format_currency(rounded if rounded else abs(rounded), currency, locale="en_US")
    assert money(Decimal(amount), currency) == expected


@pytest.mark.parametrize("count", ["0", "3", "1234.5", "0.0000004", "12345678.1234567", "-2.5", "100"])
def test_a_number_of_shares_is_grouped_and_loses_no_digit_that_counts(count):
    expected = format_decimal(Decimal(count), format="#,##0.######", locale="en_US")
    assert shares(Decimal(count)) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7), ("0012", 12), ("999999999", 999_999_999), ("1000000000", None), ("9" * 5000, None),
        ("", None), ("-1", None), ("\u0667", None), ("\u00b2", None), ("\uff13", None), ("1_0", None),
        (" 7", None),
    ],
)  # fmt: skip
def test_a_number_of_a_line_or_a_day_is_nine_ascii_digits_at_most(text, number):
    """Arabic seven, a superscript two and a wide three are digits to Python."""
    assert whole_number(text) == number
