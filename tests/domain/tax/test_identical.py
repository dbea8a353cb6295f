"""What counts as substantially identical: from the catalogue, and as the owner says."""

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.domain.market.instruments import Instrument, Replacement
from steelyard.domain.tax.identical import chosen, same_index


def members(groups):
    return sorted(sorted(s for s in groups if groups[s] == g) for g in set(groups.values()))


def test_the_catalogue_groups_the_funds_of_one_index_or_metal():
    """Table E of the tax research, column "avoid", as far as the catalogue has the funds."""
    catalogue = load_catalogue()
    groups = same_index(catalogue.get(s) for s in catalogue)
    assert members(groups) == [
        ["AGG", "SCHZ"],
        ["GLD", "GLDM", "IAU", "SGOL"],
        ["IVV", "SPY", "SPYM", "VOO"],
        ["QQQ", "QQQM"],
        ["SCHR", "SPTI", "VGIT"],
        ["SPTL", "VGLT"],
    ]


def test_no_fund_is_identical_to_another_only_through_a_third():
    """Groups join what pairs connect; in the catalogue every two members of one are a pair themselves."""
    catalogue = load_catalogue()
    groups = same_index(catalogue.get(s) for s in catalogue)
    pairs = {(s, r.symbol) for s in catalogue for r in catalogue.replacements(s) if r.caution == "avoid"}
    for one in groups:
        for other in groups:
            if one != other and groups[one] == groups[other]:
                assert (one, other) in pairs or (other, one) in pairs


def test_the_relation_is_read_both_ways():
    a = Instrument("A", "A", "USD", "XNYS", replacements=(Replacement("B", "avoid", ""),))
    b = Instrument("B", "B", "USD", "XNYS")
    assert members(same_index([b, a])) == [["A", "B"]]
    near = Instrument("A", "A", "USD", "XNYS", replacements=(Replacement("B", "caution", ""),))
    assert same_index([near, b]) == {}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [["A", "B"]]),
        ({"identical": "same_symbol"}, []),
        ({"identical_groups": [["B", "C"], ["D", "E"]]}, [["A", "B", "C"], ["D", "E"]]),
        ({"identical": "same_symbol", "identical_groups": [["A", "C"]]}, [["A", "C"]]),
    ],
)
def test_the_owner_widens_or_narrows_it(settings, expected):
    assert members(chosen(settings, {"A": "A", "B": "A"})) == expected
