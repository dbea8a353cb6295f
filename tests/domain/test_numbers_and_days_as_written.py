"""The examples of what people and brokers write, each with the one value that it can have.

Worked by hand: what stands in the text. A text with two readings, or none, is refused; a file tells by its
other numbers which sign is the decimal one.
"""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from steelyard.domain.days import DAY_FIRST, MONTH_FIRST, TwoOrders, day_order, read_day
from steelyard.domain.numerals import COMMA, POINT, TwoReadings, decimal_sign, read_numeral

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("568.90", "568.90", None),
        ("1,250", "1250", None),
        ("(250)", "-250", None),
        ("(1,250.50)", "-1250.50", None),
        ("($5.00)", "-5.00", "USD"),
        ("250-", "-250", None),
        ("1,250.5-", "-1250.5", None),
        ("\u22125", "-5", None),
        ("1'250.50", "1250.50", None),
        ("1\u2019250", "1250", None),
        ("1\u00a0250", "1250", None),
        ("300만원", "3000000", "KRW"),
        ("1.2억", "120000000", None),
        ("1억2천만", "120000000", None),
        ("₩3,000,000", "3000000", "KRW"),
        ("$2,000", "2000", "USD"),
        ("2000USD", "2000", "USD"),
        ("23400원", "23400", "KRW"),
        ("-$1,234.50", "-1234.50", "USD"),
        ("0.125", "0.125", None),
        ("007", "7", None),
    ],
)
def test_a_number_with_a_point_is_what_stands_there(text, value, currency):
    found = read_numeral(text)
    assert (found.value, found.currency) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "text",
    [
        "412,35", "1_0", "1,25", "0,125", "0,5", "0'125", "0 125", "12,34,567", "1,2,3", "100,000,0", "1.5.5",
        "--5", "-(5)", "-5-", "5%", "1/2", "1e999", "Inf", "nan", "0x10", "$5KRW", "5 USD EUR", "٣",
        "１２", "½", "", " ",
    ],
)  # fmt: skip
def test_what_reads_two_ways_or_none_is_refused(text):
    """`0,125` is an eighth somewhere and 125 nowhere."""
    with pytest.raises(ValueError, match=r"not a number|two currencies"):
        read_numeral(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("412,35", "412.35"),
        ("1.250,00", "1250.00"),
        ("1.250", "1250"),
        ("0,125", "0.125"),
        ("1'250,5", "1250.5"),
    ],
)
def test_a_number_with_a_comma_is_what_stands_there(text, value):
    assert read_numeral(text, COMMA).value == Decimal(value)


@pytest.mark.parametrize(
    ("texts", "usual", "sign"),
    [
        (["568.90", "10.5"], None, POINT),  # Swiss numbers under German headers
        (["412,35"], POINT, COMMA),  # quoted in a file of commas
        (["1,250", "3.75"], None, POINT),
        (["1.250", "3,75"], None, COMMA),
        (["1,250"], POINT, POINT),  # cells are parted by commas
        (["0,125"], None, COMMA),
        (["0.125"], None, POINT),
        (["250", "7"], None, POINT),
        (["1.250.000"], None, COMMA),
    ],
)
def test_all_numbers_of_a_file_tell_its_sign(texts, usual, sign):
    assert decimal_sign(texts, usual=usual) == sign


@pytest.mark.parametrize("texts", [["1,250"], ["1.250", "2.500"], ["1,5", "1.5"]])
def test_a_file_that_does_not_tell_or_contradicts_itself_is_refused(texts):
    """`1,250` with semicolons between the cells is 1250 or 1.25."""
    with pytest.raises(TwoReadings):
        decimal_sign(texts, usual=None)


@pytest.mark.parametrize(
    "text",
    ["2025.03.04", "2025/3/4", "20250304", "2025-03-04", "2025. 3. 4.", "2025년 3월 4일", "2025-03-04T09:30"],
)
def test_a_day_is_read_in_each_of_its_forms(text):
    assert read_day(text) == date(2025, 3, 4)


def test_a_moment_counts_on_the_day_of_its_exchange():
    """15:00 in Greenwich is midnight in Seoul; without a zone the day is the one written."""
    assert read_day("2023-12-31T15:00Z", zone=SEOUL) == date(2024, 1, 1)
    assert read_day("2023-12-31T14:59Z", zone=SEOUL) == date(2023, 12, 31)
    assert read_day("2023-12-31 15:00", zone=SEOUL) == date(2023, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-03 junk",
        "03/04/2025",
        "2025-02-29",
        "2025-13-01",
        "2025--03-04",
        "2025-03/04",
        "25.03.04",
        "",
        "0",
    ],
)
def test_what_is_no_day_or_two_is_refused(text):
    with pytest.raises(ValueError, match="not a date"):
        read_day(text)


def test_the_days_of_a_file_tell_whether_the_month_stands_first():
    assert day_order(["03/04/2025", "12/31/2025"]) == MONTH_FIRST
    assert day_order(["03/04/2025", "31/12/2025"]) == DAY_FIRST
    with pytest.raises(TwoOrders):
        day_order(["03/04/2025", "05/06/2025"])
