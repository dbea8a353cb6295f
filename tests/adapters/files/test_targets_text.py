"""Targets changed in the text of a file: every other character stays, and it says what was asked."""

import stat
import tomllib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import steelyard
from steelyard.adapters.files.targets_text import with_targets
from steelyard.domain.policy.held_weights import held_weights
from steelyard.errors import InputError, PortfolioProblems

D = Decimal
FILE = """\
# mine
base_currency = "USD"   # dollars

[targets]               # since 2024
VOO = 0.60              # bare
"BND" = '40%'           # in other quotes
# the end

[[accounts]]
name = "main"
positions = [
  { symbol = "VOO", value = 700 }, { symbol = "BND", value = 300 }, { symbol = "GLD", value = 250 },
]
"""


def written(tmp_path, text=FILE):
    path = tmp_path / "portfolio.toml"
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[targets]\nA = '50%' # a\nB=0.5\n", '[targets]\nA = "70%" # a\nB=0.5\nC = "5%"\n'),
        ("[targets]\r\nA = 1\r\n[fx]\r\n", '[targets]\r\nA = "70%"\r\nC = "5%"\r\n[fx]\r\n'),
        ("targets = { A = 1 } # x", 'targets = { A = "70%", C = "5%" } # x'),
        ("targets.A = 1\nlanguage = 'ko'\n", 'targets.A = "70%"\ntargets.C = "5%"\nlanguage = \'ko\'\n'),
        ("[targets]\n  A = 1", '[targets]\n  A = "70%"\n  C = "5%"'),
        ("[fx]\n", '[fx]\n\n[targets]\nA = "70%"\nC = "5%"\n'),
        ("[targets] # none yet\n[fx]\n", '[targets] # none yet\nA = "70%"\nC = "5%"\n[fx]\n'),
    ],
)
def test_a_weight_changes_where_it_stands_and_a_new_one_follows_the_last(text, expected):
    """Expected: written by hand for each way that TOML has."""
    assert with_targets(text, {"A": D("0.7"), "C": D("0.05")}) == expected


def test_what_cannot_be_changed_safely_is_refused():
    """A list of targets is not a table of them."""
    with pytest.raises(InputError) as caught:
        with_targets("targets = [1]\n", {"A": D(1)})
    assert caught.value.code == "targets-layout"


@given(
    names=st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4, unique=True),
    weights=st.lists(st.integers(0, 1000), min_size=4, max_size=4),
)
def test_whatever_a_target_is_called_the_file_says_it_or_is_refused(names, weights):
    """Read back by the parser of the standard library."""
    wanted = {name: D(n) / 1000 for name, n in zip(names, weights, strict=False)}
    before = '[targets]\nVOO = "100%"\n# rest\n[fx]\nUSDKRW = 1400\n'
    try:
        after = tomllib.loads(with_targets(before, wanted))
    except InputError:
        return
    assert after["fx"] == {"USDKRW": 1400}
    assert {n: D(t.rstrip("%")) / 100 for n, t in after["targets"].items() if n in wanted} == wanted


def test_a_file_is_written_as_it_was_looked_at_and_keeps_its_rights(tmp_path):
    path = written(tmp_path)
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    edit = steelyard.new_targets(link, {"VOO": "50%", "GLD": "10%"})
    assert [(c.name, c.before, c.after) for c in edit.changes] == [
        ("VOO", D("0.6"), D("0.5")),
        ("GLD", None, D("0.1")),
    ]
    assert path.read_text() == FILE
    steelyard.write_targets(link, edit)
    assert link.is_symlink()
    assert path.read_text() == FILE.replace("0.60", '"50%"').replace("quotes\n", 'quotes\nGLD = "10%"\n')
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_that_somebody_changed_meanwhile_is_not_written_over(tmp_path):
    path = written(tmp_path)
    edit = steelyard.new_targets(path, {"VOO": "50%", "BND": "50%"})
    path.write_text(FILE.replace("mine", "ours"))
    with pytest.raises(InputError) as caught:
        steelyard.write_targets(path, edit)
    assert caught.value.code == "file-changed"
    assert "ours" in path.read_text()


def test_what_does_not_add_up_is_refused_with_the_difference(tmp_path):
    with pytest.raises(PortfolioProblems) as caught:
        steelyard.new_targets(written(tmp_path), {"VOO": "55%"})
    assert [p.code for p in caught.value.problems] == ["target-sum"]


def test_a_file_whose_targets_do_not_add_up_is_mended_by_setting_them(tmp_path):
    path = written(tmp_path, FILE.replace("0.60", "0.50"))
    edit = steelyard.new_targets(path, {"VOO": "60%"})
    assert dict(edit.targets) == {"VOO": D("0.6"), "BND": D("0.4")}


@pytest.mark.parametrize(
    ("everything", "expected"),
    [
        (False, {"VOO": D("0.7"), "BND": D("0.3")}),
        # 700, 300 and 250 of 1,250.
        (True, {"VOO": D("0.56"), "BND": D("0.24"), "GLD": D("0.2")}),
    ],
)
def test_targets_from_holdings_are_todays_weights(tmp_path, everything, expected):
    edit = steelyard.targets_from_holdings(written(tmp_path), everything=everything)
    assert dict(edit.targets) == expected


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any))
def test_weights_in_steps_add_up_and_stay_within_a_step(values):
    found = held_weights({str(n): D(v) for n, v in enumerate(values)})
    assert sum(found.values()) == 1
    for n, v in enumerate(values):
        assert abs(found[str(n)] - D(v) / sum(values)) < D("0.001")
        assert v or not found[str(n)]
