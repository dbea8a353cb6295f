"""What advice on bands takes from a portfolio file, worked by hand."""

import pytest

import steelyard
from builders import account, lot, portfolio, position

CLASSES = '\n[classes.stocks]\nmembers = ["VOO", "VTI"]\n[classes.bonds]\nmembers = ["BND"]\n'
VTI = position("VTI", 20, "250", lots=[lot("2021-03-04", 20, "200")])
HELD = (
    account(
        position("VOO", 10, "500", lots=[lot("2020-03-04", 10, "400")]), name="one", cash={"USD": "1000"}
    ),
    account(VTI, position("BND", 50, "80", lots=[lot("2022-03-04", 50, "80")]), name="two"),
    account(position("GLD", 5, "300"), name="three"),
)


def saver(tmp_path, *accounts):
    text = portfolio(
        {"stocks": "60%", "bonds": "40%"},
        *accounts,
        base_currency="USD",
        tax={"jurisdiction": "US", "ordinary_rate": "24%"},
    )
    (tmp_path / "portfolio.toml").write_text(text + CLASSES, encoding="utf-8")
    file = steelyard.load(tmp_path / "portfolio.toml")
    return steelyard.bands(file, simulate=False, move_cost="0.1%").saver


def test_every_member_of_a_class_in_every_account_counts_for_value_and_gain(tmp_path):
    """VOO 5,000, VTI 5,000, BND 4,000 and 1,000 of cash; the three cost 4,000 each. GLD has no target."""
    found = saver(tmp_path, *HELD)
    assert found.value == 15_000
    assert found.gain == pytest.approx(2_000 / 14_000)
    assert not [note for note in found.notes if "lots" in note]


def test_what_has_no_lots_is_named_and_taken_to_have_gained_as_the_rest(tmp_path):
    """VOO 5,000 for 4,000 is a fifth; of VTI nobody knows."""
    bare = account(position("VTI", 20, "250"), position("BND", 50, "80"), name="two")
    found = saver(tmp_path, HELD[0], bare)
    assert found.gain == pytest.approx(0.2)
    assert [note for note in found.notes if "VTI, BND is taken to be that of all others" in note]
