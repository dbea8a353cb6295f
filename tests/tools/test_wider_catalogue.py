"""The wider catalogue: checked by its tool, written by it, and found line by line."""

import json
import sys
from pathlib import Path

import pytest

from steelyard.adapters.files.packaged import WiderList, load_catalogue

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import catalogue as tool  # noqa: E402

WIDER = json.loads(tool.WIDER.read_text(encoding="utf-8"))
CORE = json.loads(tool.CORE.read_text(encoding="utf-8"))


def test_the_list_has_no_fault_that_its_tool_looks_for():
    assert tool.faults(WIDER, CORE) == []


def test_the_data_file_is_what_the_tool_writes():
    """By its lines: another zlib may pack them in other bytes."""
    assert list(WiderList(tool.WRITTEN).lines()) == tool.lines_of(WIDER, CORE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"currency": "USD"}, "is listed in Seoul and not in won"),
        ({"isin": "KR7069500008"}, "has the ISIN KR7069500008, whose check digit is wrong"),
        ({"tax_class": "none"}, "has tax_class 'none'"),
        ({"expense_ratio": "0.5"}, "costs 0.5"),
        ({"colour": "red"}, "has an unknown field colour"),
        ({"source": "nowhere"}, "names the source 'nowhere', which is not listed"),
        ({"verified": "sure"}, "has verified 'sure'"),
    ],
)
def test_a_fault_is_found(change, said):
    rows = {**WIDER["instruments"], "069500": {**WIDER["instruments"]["069500"], **change}}
    assert f"069500 {said}" in tool.faults({**WIDER, "instruments": rows}, CORE)


def test_an_instrument_is_the_row_of_the_list_wherever_it_stands():
    """First, last and a middle line; VTSAX is a class of VTI, and no row leaks into another."""
    known, rows = load_catalogue(), WIDER["instruments"]
    for symbol in (min(rows), "VTSAX", "VMFXX", max(rows)):
        found = known.get(symbol)
        assert (found.name, found.currency, found.exchange) == tuple(
            rows[symbol][key] for key in ("name", "currency", "exchange")
        )
        assert found.tax_class == rows[symbol].get("tax_class")
    assert len(list(known.wider.rows())) == len(rows) == 1022


def test_what_was_checked_one_by_one_stays_as_it_is():
    """The 81 of `catalogue.json` win: source, day and stand-ins are theirs."""
    known = load_catalogue()
    for symbol, entry in CORE["instruments"].items():
        assert (known.get(symbol).source, known.get(symbol).checked_on.isoformat()) == (
            entry["source"],
            entry["checked_on"],
        )
        assert [r.symbol for r in known.replacements(symbol)] == [
            row[0] for row in CORE["replacements"].get(symbol, ())
        ]


def test_share_classes_of_one_fund_are_one_thing_for_wash_sales():
    """VTSAX and VTI are classes of one fund: nothing is nearer to "substantially identical"."""
    found = {r.symbol: r.caution for r in load_catalogue().get("VTSAX").replacements}
    assert found["VTI"] == "avoid"


@pytest.mark.parametrize("text", ["", "\n", "no such", "VTSAX\tx", "Z" * 17, "vtsax\n@x"])
def test_what_is_no_symbol_and_no_name_is_not_found(text):
    assert load_catalogue().resolve(text) is None
