"""Exactly once: five hundred injected faults, kill -9 among them, against the truth at the broker."""

import os

import pytest

from acceptance.hostile_broker import ASK, BOOK, LOOK, SUBMIT, trial

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def test_five_hundred_faults_make_no_duplicate_no_loss_and_no_overspend(tmp_path):
    faults, kills, changes, problems = [], 0, 0, []
    seed = 0
    while len(faults) < 500 or sum(f in SUBMIT for f in faults) < 100:
        folder = tmp_path / str(seed)
        folder.mkdir()
        verdict = trial(folder, seed)
        faults += verdict.faults
        kills += verdict.kills
        changes += verdict.changes
        problems += [f"seed {seed}: {p}" for p in verdict.problems]
        seed += 1
    assert problems == []
    assert set(faults) == {*SUBMIT, *ASK, *LOOK, *BOOK}, "every kind of fault was tried"
    assert kills >= 50
    assert changes >= 10
