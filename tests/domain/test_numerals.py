"""Numbers and days as people write them; every expectation is by hand."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.days import DAY_FIRST, MONTH_FIRST, TwoOrders, day_order, read_day
from steelyard.domain.money import Amount, parse_amount, parse_number
from steelyard.domain.numerals import COMMA, POINT, TwoReadings, decimal_sign, read_numeral


@pytest.mark.parametrize(
    ("text", "number", "currency"),
    [
        ("300만원", "3000000", "KRW"),
        ("1.2억", "120000000", None),
        ("1억 2,500만원", "125000000", "KRW"),
        ("3천5백만 원", "35000000", "KRW"),
        ("12만3천원", "123000", "KRW"),
        ("2천달러", "2000", "USD"),
        ("₩3,000,000", "3000000", "KRW"),
        ("￦3,000,000", "3000000", "KRW"),
        ("$2,000", "2000", "USD"),
        ("US$2,000.50", "2000.50", "USD"),
        ("2000USD", "2000", "USD"),
        ("USD 2000", "2000", "USD"),
        ("23400원", "23400", "KRW"),
        ("2,000달러", "2000", "USD"),
        ("-$5.10", "-5.10", "USD"),
        ("($5.10)", "-5.10", "USD"),
        ("$(5.10)", "-5.10", "USD"),
        ("5.10-", "-5.10", None),
        ("1'234.50", "1234.50", None),
        ("1 234.50", "1234.50", None),
        ("\u22125", "-5", None),
        ("1e-7", "0.0000001", None),
        (".5", "0.5", None),
    ],
)
def test_amounts_are_read_as_people_say_them(text, number, currency):
    assert parse_amount(text) == Amount(Decimal(number), currency)


@pytest.mark.parametrize(
    "text",
    ["1_0", "1,23", "12,34.5", "1,234,56", "１２", "٣٤", "1.234,56", "--5", "(-5)", "5--", "3만억", "1천천",
     "USD 5 KRW", "$5 KRW", "5 5", "1e400", "0x10", "NaN", "Infinity", "", "-", "원", "1,2억원"],
)  # fmt: skip
def test_what_is_no_number_or_two_is_refused(text):
    with pytest.raises(ValueError, match=r"number|currencies"):
        parse_amount(text)


def test_a_number_that_names_a_currency_is_no_plain_number():
    with pytest.raises(ValueError, match="money"):
        parse_number("$5")


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["568.90", "1'250"], POINT),
        (["1.250", "2,5"], COMMA),
        (["1,250", "2.5"], POINT),
        (["1.250.000"], COMMA),
        (["1,250,000"], POINT),
        (["0,125"], COMMA),
        (["1234.567"], POINT),
        (["10", "250"], POINT),
        (["1.250,00 EUR"], COMMA),
        (["-", "n/a", "1,2,3"], POINT),
    ],
)
def test_the_numbers_of_a_file_tell_its_decimal_sign(texts, sign):
    assert decimal_sign(texts) == sign
    assert decimal_sign(reversed(texts)) == sign


@pytest.mark.parametrize(
    ("texts", "readings"),
    [(["1,250"], ("1250", "1.25")), (["12", "1.250"], ("1.25", "1250")), (["(1.250)"], ("-1.25", "-1250"))],
)
def test_numbers_that_tell_nothing_are_refused_with_both_readings(texts, readings):
    with pytest.raises(TwoReadings) as caught:
        decimal_sign(texts)
    assert caught.value.readings == readings
    assert decimal_sign(texts, usual=POINT) == POINT


def test_numbers_that_contradict_each_other_are_refused_whatever_is_usual():
    with pytest.raises(TwoReadings) as caught:
        decimal_sign(["1.5", "2,5"], usual=POINT)
    assert (caught.value.text, caught.value.other) == ("1.5", "2,5")


@given(st.text("0159.,-", min_size=1, max_size=9))
def test_a_number_tells_a_sign_where_it_reads_with_that_sign_alone(text):
    """By the reader alone: with the other sign it is no number, or parts the thousands of nothing."""

    def reads(sign):
        other = {POINT: COMMA, COMMA: POINT}[sign]
        digits = text.lstrip("-.,")
        try:
            read_numeral(text, sign)
        except ValueError:
            return False
        return not (digits[0] == "0" and digits.partition(other)[0].isdecimal() and other in digits)

    signs = [sign for sign in (POINT, COMMA) if reads(sign)]
    if len(signs) == 1 and {POINT, COMMA} & set(text):
        assert decimal_sign([text]) == signs[0]
    elif signs and {POINT, COMMA} & set(text):
        with pytest.raises(TwoReadings):
            decimal_sign([text])
    else:
        assert decimal_sign([text], usual=COMMA) == COMMA


def grouped(digits, sign):
    """Thousands parted, without the code under test."""
    return sign.join(([digits[:1]] if len(digits) % 3 == 1 else [digits[:2]] if len(digits) % 3 == 2 else [])
                     + [digits[i : i + 3] for i in range(len(digits) % 3, len(digits), 3)])  # fmt: skip


@given(
    whole=st.integers(0, 10**12),
    cents=st.integers(0, 99),
    negative=st.sampled_from(["", "-", "()", "behind"]),
    signs=st.sampled_from([(".", ","), (",", "."), (".", "'"), (",", " ")]),
)
def test_a_number_of_two_decimals_comes_back_however_it_is_written(whole, cents, negative, signs):
    decimal, thousands = signs
    text = f"{grouped(str(whole), thousands)}{decimal}{cents:02}"
    text = {"": text, "-": f"-{text}", "()": f"({text})", "behind": f"{text}-"}[negative]
    value = Decimal(whole) + Decimal(cents) / 100
    assert decimal_sign([text]) == decimal
    assert read_numeral(text, decimal).value == (-value if negative else value)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-04", (2025, 3, 4)),
        ("2025.03.04", (2025, 3, 4)),
        ("2025. 3. 4.", (2025, 3, 4)),
        ("2025/3/4", (2025, 3, 4)),
        ("20250304", (2025, 3, 4)),
        ("2025년 3월 4일", (2025, 3, 4)),
        ("2025-03-04 09:30", (2025, 3, 4)),
        ("2025.03.04 09:30:15", (2025, 3, 4)),
        ("2025-03-04, 16:20:00", (2025, 3, 4)),
        ("20250304;093015", (2025, 3, 4)),
        ("2023-12-31T15:00Z", (2024, 1, 1)),
        ("2023-12-31T15:00:00.000Z", (2024, 1, 1)),
        ("2023-12-31T23:30:00-05:00", (2024, 1, 1)),
        ("2024-01-01T00:00:00.000Z", (2024, 1, 1)),
        ("2024-01-01T00:00:00+09:00", (2024, 1, 1)),
    ],
)
def test_days_are_read_as_people_and_programs_write_them(text, day):
    """Seoul is nine hours ahead of UTC, fourteen ahead of New York in winter."""
    assert read_day(text, zone=ZoneInfo("Asia/Seoul")) == date(*day)


@pytest.mark.parametrize(
    "text",
    ["2024-01-03 junk", "2024-1", "2024-02-30", "2024-13-01", "24-01-03", "03/04/2025", "2024-W01-1",
     "2024/1-3", "202413", "", "2024-01-03T25:00Z", "２０２４-01-03"],
)  # fmt: skip
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError, match="is not a date"):
        read_day(text)


def test_the_days_of_a_file_tell_their_order():
    assert day_order(["03/04/2025", "13/02/2025"]) == DAY_FIRST
    assert day_order(["03/04/2025", "02/13/2025"]) == MONTH_FIRST
    assert read_day("03/04/2025", order=day_order(["02/13/2025"])) == date(2025, 3, 4)
    with pytest.raises(TwoOrders) as caught:
        day_order(["03/04/2025", "05/05/2025"])
    assert caught.value.readings == (date(2025, 3, 4), date(2025, 4, 3))
