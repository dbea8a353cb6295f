"""Exactly once: injected faults, kill -9 among them, against the truth at the broker."""

import os

import pytest

from acceptance.hostile_broker import ASK, BOOK, LOOK, SUBMIT, trial
from lanes import sizes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.parametrize("many", sizes(30, 500, "five hundred faults, each in processes that may be killed"))
def test_no_fault_makes_a_duplicate_a_loss_or_an_overspend(tmp_path, many):
    faults, kills, changes, problems = [], 0, 0, []
    seed = 0
    while len(faults) < many or sum(f in SUBMIT for f in faults) < many / 5:
        folder = tmp_path / str(seed)
        folder.mkdir()
        verdict = trial(folder, seed)
        faults += verdict.faults
        kills += verdict.kills
        changes += verdict.changes
        problems += [f"seed {seed}: {p}" for p in verdict.problems]
        seed += 1
    assert problems == []
    if many == 500:
        assert set(faults) == {*SUBMIT, *ASK, *LOOK, *BOOK}, "every kind of fault was tried"
    assert kills >= many / 10
    assert changes >= many / 50
