"""The catalogue of instruments: its facts, its names, its replacement pairs and overrides.

Facts are copied by hand from the tax research (reference/tax.md), sections A1-A3, B and E.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import steelyard
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.market.instruments import CAUTIONS, EXCHANGES, TAX_CLASSES, US_CLASSES, Instrument
from steelyard.errors import InputError

CATALOGUE = load_catalogue()
SYMBOLS = list(CATALOGUE)
DATA = Path(*steelyard.__path__) / "data"


def known(symbol: str) -> Instrument:
    instrument = CATALOGUE.get(symbol)
    assert instrument is not None, symbol
    return instrument


# --- entries


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_entry_says_where_it_comes_from_and_when_it_was_checked(symbol: str) -> None:
    instrument = known(symbol)
    assert instrument.source
    assert instrument.checked_on == date(2026, 11, 24)
    assert instrument.confidence in ("H", "M", "L")


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_entry_uses_the_words_of_the_contract(symbol: str) -> None:
    instrument = known(symbol)
    assert instrument.exchange in EXCHANGES
    assert instrument.tax_class in TAX_CLASSES
    assert instrument.us_class is None or instrument.us_class in US_CLASSES
    assert instrument.name.strip() == instrument.name != ""


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_listing_decides_currency_exchange_and_side_of_the_korean_classes(symbol: str) -> None:
    instrument = known(symbol)
    korean = re.fullmatch(r"\d{6}", symbol) is not None
    expected = ("KRW", "XKRX") if korean else ("USD", "XNYS")
    assert (instrument.currency, instrument.exchange) == expected
    assert (instrument.tax_class == "overseas_listed") is not korean
    assert (instrument.us_class is None) is korean


def test_the_file_keeps_one_entry_a_line() -> None:
    lines = (DATA / "catalogue.json").read_text(encoding="utf-8").splitlines()
    assert sum('"asset_class"' in line for line in lines) == len(SYMBOLS)
    assert all(line.count('"asset_class"') <= 1 for line in lines)


def test_no_key_of_the_file_is_written_twice() -> None:
    """json.loads keeps the last of two equal keys in silence, so a second entry would hide the first."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), keys
        return dict(pairs)

    for name in ("catalogue.json", "models.json"):
        json.loads((DATA / name).read_text(encoding="utf-8"), object_pairs_hook=unique)


# --- classes


@pytest.mark.parametrize(
    ("tax_class", "symbols"),
    [
        ("krx_domestic_equity", "069500 102110 148020 152100 229200"),
        # TR, leveraged, inverse, bonds, foreign shares, foreign bonds, gold.
        ("krx_other", "278530 122630 114800 148070 114260 152380 360750 379800 360200 379780 133690"),
        ("krx_other", "379810 458730 305080 308620 411060 132030"),
        ("overseas_listed", "VOO VTI VEA VWO QQQ AGG BND TLT IEF GLD DBC IAU SHY BIL VXUS VBR"),
    ],
)
def test_the_korean_tax_class_is_the_one_of_the_statute(tax_class: str, symbols: str) -> None:
    """Sections A1 (distributing funds on domestic share prices), A2 (all other KRX funds), A3."""
    assert {known(symbol).tax_class for symbol in symbols.split()} == {tax_class}


def test_only_the_plain_domestic_share_funds_are_untaxed_in_korea() -> None:
    untaxed = {s for s in SYMBOLS if known(s).tax_class == "krx_domestic_equity"}
    assert untaxed == {"069500", "102110", "148020", "152100", "229200"}


def test_only_the_physical_gold_trusts_are_collectibles() -> None:
    """Section B: GLD, IAU and SGOL; GLDM holds the same metal in the same form."""
    assert {s for s in SYMBOLS if known(s).us_class == "collectible"} == {"GLD", "IAU", "GLDM", "SGOL"}


def test_the_partnerships_are_flagged() -> None:
    """Section A3, PTPs: DBC and GSG are named there; PDBC is the one without a K-1 (section E)."""
    assert {s for s in SYMBOLS if known(s).us_ptp} == {"DBC", "GSG"}


def test_leveraged_and_futures_funds_leave_the_irp_question_open() -> None:
    assert [known(s).irp_risky for s in ("069500", "148070", "122630", "305080", "VOO")] == [
        True, False, None, None, None,
    ]  # fmt: skip


# --- names


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("069500", "069500"),
        ("KODEX 200", "069500"),
        ("kodex200", "069500"),
        ("코덱스 200", "069500"),
        ("코덱스200", "069500"),
        ("voo", "VOO"),
        (" VOO ", "VOO"),
        ("KOSEF 국고채10년", "148070"),
        ("KBSTAR 200", "148020"),
        ("TIGER 미국 S&P500", "360750"),
        ("SPLG", "SPYM"),
        ("KODEX 200TR", "278530"),
    ],
)
def test_a_name_is_found_whatever_its_case_spaces_and_punctuation(text: str, symbol: str) -> None:
    assert CATALOGUE.resolve(text) == symbol


def test_a_korean_name_typed_on_a_mac_is_found() -> None:
    taken_apart = unicodedata.normalize("NFD", "코덱스 200")
    assert taken_apart != "코덱스 200"
    assert CATALOGUE.resolve(taken_apart) == "069500"


@pytest.mark.parametrize("text", ["", " ", "-", "KODEX", "V", "069501"])
def test_a_text_that_is_no_name_resolves_to_nothing(text: str) -> None:
    assert CATALOGUE.resolve(text) is None


def test_no_two_instruments_share_a_name() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for symbol in SYMBOLS:
        instrument = known(symbol)
        for name in (symbol, instrument.name, *instrument.aliases):
            owners[re.sub(r"[\W_]", "", name).casefold()].add(symbol)
    assert {name: who for name, who in owners.items() if len(who) > 1} == {}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_name_of_an_instrument_leads_back_to_it(symbol: str) -> None:
    instrument = known(symbol)
    for name in (symbol, symbol.lower(), instrument.name, *instrument.aliases):
        assert CATALOGUE.resolve(name) == symbol


def test_a_mistyped_name_brings_the_close_ones() -> None:
    assert "069500" in CATALOGUE.suggest("KODX 200")
    assert "069500" in CATALOGUE.suggest("69500")
    assert len(CATALOGUE.suggest("KODEX 20")) <= 3
    assert CATALOGUE.suggest("zzzzzzzzzz") == ()


def test_an_unknown_symbol_has_no_instrument_and_no_replacements() -> None:
    assert CATALOGUE.get("NOPE") is None
    assert CATALOGUE.get("kodex200") is None
    assert CATALOGUE.replacements("NOPE") == ()


# --- replacement pairs

TABLE_E = {
    "VOO": ("VTI SCHX ITOT VV IWB", "", "IVV SPY SPYM"),
    "VTI": ("ITOT SCHB VOO", "", ""),
    "VEA": ("IEFA SPDW", "SCHF", ""),
    "VWO": ("IEMG SPEM", "SCHE", ""),
    "BND": ("", "AGG SCHZ", ""),
    "AGG": ("", "BND", "SCHZ"),
    "TLT": ("VGLT SPTL", "", ""),
    "VGLT": ("TLT", "", "SPTL"),
    "IEF": ("VGIT SPTI SCHR", "", ""),
    "VGIT": ("IEF", "", "SCHR SPTI"),
    "GLD": ("", "", "IAU GLDM SGOL"),
    "QQQ": ("ONEQ VUG SCHG", "", "QQQM"),
    "DBC": ("PDBC BCI COMT CMDY", "", ""),
    "069500": ("102110 148020 152100", "", ""),
    "360750": ("379800 360200 379780", "", ""),
}


@pytest.mark.parametrize("symbol", TABLE_E)
def test_the_replacements_are_those_of_table_e_in_its_order(symbol: str) -> None:
    """Table E of the tax research, by hand. SPYM is its SPLG under the ticker it has since 2025-10-31.

    What only follows from the table (IVV, SPY and SPYM share VOO's index) is marked in its reason and
    is left out here.
    """
    given = [r for r in CATALOGUE.replacements(symbol) if "from the " not in r.why]
    for caution, expected in zip(CAUTIONS, TABLE_E[symbol], strict=True):
        assert [r.symbol for r in given if r.caution == caution] == expected.split()


def test_every_replacement_is_in_the_catalogue_has_a_reason_and_a_known_caution() -> None:
    for symbol in CATALOGUE.pairs:
        assert symbol in CATALOGUE
        for replacement in known(symbol).replacements:
            assert replacement.symbol in CATALOGUE
            assert replacement.symbol != symbol
            assert replacement.caution in CAUTIONS
            assert replacement.why


def test_pairs_hold_both_ways_except_into_a_partnership() -> None:
    rows = {(a, r.symbol, r.caution) for a in SYMBOLS for r in CATALOGUE.replacements(a)}
    one_way = {(a, b) for a, b, caution in rows if (b, a, caution) not in rows}
    assert one_way == {("DBC", b) for b in ("PDBC", "BCI", "COMT", "CMDY")}


def test_us_funds_on_one_index_are_always_a_pair_to_avoid() -> None:
    """Section E: same index = risk. A pair that is missing would read as one nobody objects to."""
    us = [s for s in SYMBOLS if known(s).us_class is not None and known(s).index is not None]
    for a, b in combinations(us, 2):
        if known(a).index == known(b).index:
            assert [r.caution for r in CATALOGUE.replacements(a) if r.symbol == b] == ["avoid"], (a, b)


def test_only_pairs_on_different_indices_are_accepted_in_the_us() -> None:
    for a in SYMBOLS:
        for r in CATALOGUE.replacements(a):
            if r.caution == "accepted" and known(a).us_class is not None:
                assert known(a).index != known(r.symbol).index, (a, r.symbol)


def test_gold_has_no_safe_stand_in() -> None:
    for symbol in ("GLD", "IAU", "GLDM", "SGOL"):
        assert {r.caution for r in CATALOGUE.replacements(symbol)} == {"avoid"}


# --- overrides


def test_an_override_changes_the_named_fields_and_nothing_else() -> None:
    changed = CATALOGUE.override("VOO", fractional=True, tax_class="krx_other").get("VOO")
    before = known("VOO")
    assert changed is not None
    assert (changed.fractional, changed.tax_class) == (True, "krx_other")
    assert (changed.name, changed.us_class) == (before.name, before.us_class)
    assert changed.replacements == before.replacements
    assert changed.source == f"{before.source}; portfolio file for fractional, tax_class"
    assert (before.fractional, known("VOO").tax_class) == (False, "overseas_listed")


def test_an_override_of_nothing_changes_nothing() -> None:
    assert CATALOGUE.override("VOO") == CATALOGUE


def test_an_addition_is_found_by_symbol_and_name_and_its_classes_stay_unknown() -> None:
    catalogue = CATALOGUE.override("ARKX", name="ARK Space", currency="USD")
    added = catalogue.get("ARKX")
    assert added is not None
    assert (added.exchange, added.tax_class, added.us_class) == ("XNYS", None, None)
    assert (added.source, added.checked_on, added.confidence) == ("portfolio file", None, None)
    assert catalogue.resolve("ark space") == "ARKX"
    assert CATALOGUE.resolve("ark space") is None


def test_an_addition_in_won_trades_in_seoul() -> None:
    added = CATALOGUE.override("999999", currency="KRW").get("999999")
    assert added is not None
    assert (added.name, added.exchange) == ("999999", "XKRX")


def test_an_addition_in_another_currency_needs_its_exchange() -> None:
    with pytest.raises(InputError) as caught:
        CATALOGUE.override("SAP", currency="EUR")
    assert caught.value.code == "instrument-incomplete"
    assert "exchange" in caught.value.hint


def test_an_addition_without_a_currency_is_refused_with_the_line_to_write() -> None:
    with pytest.raises(InputError) as caught:
        CATALOGUE.override("ARKX", tax_class="overseas_listed")
    assert caught.value.code == "instrument-incomplete"
    assert "[instruments.ARKX]" in caught.value.hint
    assert 'currency = "USD"' in caught.value.hint


@pytest.mark.parametrize(
    ("field", "value", "hinted"),
    [
        ("tax_class", "krx", "krx_domestic_equity or krx_other or overseas_listed"),
        ("us_class", "stock", "security or collectible"),
        ("exchange", "XNAS", "XKRX or XNYS"),
        ("fractional", "yes", "true or false"),
        ("fractional", 1, "true or false"),
        ("currency", 5, "a text"),
        ("name", " ", "a text"),
        ("tax_clas", "krx_other", "tax_class"),
        ("source", "me", "tax_class"),
        ("tax_class", ["krx_other"], "krx_other"),
    ],
)
def test_a_wrong_field_or_value_is_refused_and_the_hint_names_what_fits(
    field: str, value: object, hinted: str
) -> None:
    with pytest.raises(InputError) as caught:
        CATALOGUE.override("VOO", **{field: value})
    assert caught.value.code == "instrument-field"
    assert hinted in caught.value.hint


def test_an_empty_catalogue_answers_too() -> None:
    empty = Catalogue({})
    assert (empty.resolve("VOO"), empty.suggest("VOO"), len(empty)) == (None, (), 0)
