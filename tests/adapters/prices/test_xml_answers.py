"""Answers in XML, as the European Central Bank and Naver give them and as nobody should.

The documents are written by hand in the form that the services have; what they say is read off them.
"""

from datetime import date
from decimal import Decimal

import pytest

from steelyard.adapters.prices import web_text, xml_answer
from steelyard.adapters.prices.ecb import EuropeanRates
from steelyard.adapters.prices.naver import NaverPrices
from steelyard.domain.market.prices import Wanted
from steelyard.errors import DataError

ECB = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube>
    <Cube time='2026-11-27'><Cube rate="1.16" currency="USD"/><Cube currency="KRW" rate="1624.0"/></Cube>
    <Cube time="2026-11-26"><!-- a comment --><Cube currency="USD" rate="1.25"></Cube>
      <Cube currency="KRW" rate="1625"/></Cube>
  </Cube>
</gesmes:Envelope>
"""
NAVER = """<?xml version="1.0" encoding="EUC-KR" ?>
<protocol>
  <chartdata symbol="069500" name="KODEX 200" count="2" timeframe="day" precision="0" origintime="20021014">
    <item data="20261126|35000|35500|34900|35405|1234567" />
    <item data="20261127|35405|35600|35200|35300|7654321" ></item>
  </chartdata>
</protocol>
"""
RATE, LISTED = Wanted("USDKRW", "KRW"), Wanted("069500", "KRW", "XKRX")


def test_rates_of_the_ecb_are_one_currency_through_the_euro():
    """1,624 / 1.16 = 1,400 and 1,625 / 1.25 = 1,300, by hand."""
    closes = EuropeanRates().read(RATE, ECB)
    assert [(c.day, c.price) for c in closes] == [
        (date(2026, 11, 26), Decimal("1300.000000")),
        (date(2026, 11, 27), Decimal("1400.000000")),
    ]


def test_closes_of_naver_are_the_fifth_figure_of_an_item():
    assert [(c.day, c.price, c.currency) for c in NaverPrices().read(LISTED, NAVER)] == [
        (date(2026, 11, 26), Decimal(35405), "KRW"),
        (date(2026, 11, 27), Decimal(35300), "KRW"),
    ]


LAUGHS = '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;">]>'
FILE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("source", "wanted", "whole"), [(EuropeanRates(), RATE, ECB), (NaverPrices(), LISTED, NAVER)]
)
@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.rsplit("</", 1)[0],
        lambda text: "<html>점검 중</html>" if "Cube" not in text else "점검 중",
        lambda text: "",
        lambda text: text.replace("\n", f"\n{LAUGHS}\n", 1),
        lambda text: text.replace("\n", f"\n{FILE}\n", 1),
        lambda text: text.replace("</Cube>", "&b;</Cube>").replace("</chartdata>", "&b;</chartdata>"),
        lambda text: text.replace("2026-11-27", "2026-13-27").replace("20261127", "20261327"),
        lambda text: text.replace("35300", "1e999999").replace('currency="KRW"', ""),
        lambda text: text + " " * web_text.LARGEST,
    ],
)
def test_an_answer_that_is_cut_off_foreign_or_hostile_is_no_answer(source, wanted, whole, spoilt):
    with pytest.raises(DataError) as refused:
        source.read(wanted, spoilt(whole))
    assert refused.value.code == "price-answer"


def test_elements_within_a_hundred_thousand_others_are_read_without_harm():
    deep = "<a>" * 100_000 + "</a>" * 100_000
    assert sum(1 for _ in xml_answer.elements("krx", deep)) == 100_000
