"""The command `batch` from tables to proof, as people type it."""

import json
import sys
from pathlib import Path

import pytest

from processes import run_command

sys.path.append(str(Path(__file__).parents[2] / "examples" / "platform"))
from make import make


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("platform")
    make(place / "tables", 200)
    return place


def said(folder, *words, status=0):
    done = run_command(folder, "batch", *words)
    assert done.returncode == status, done.stderr
    return done


def test_a_platform_is_prepared_checked_planned_and_proven(folder):
    prepared = said(folder, "prepare", "tables", "--out", "work", "--as-of", "2026-11-23")
    assert prepared.stdout.startswith("200 accounts with ")
    checked = json.loads(said(folder, "check", "work", "--json").stdout)
    assert checked["accounts"] == sum(checked["statuses"].values()) == 200
    planned = json.loads(said(folder, "plan", "work", "--out", "plans", "--json").stdout)
    assert planned["statuses"]["planned"] >= checked["statuses"]["due"]
    again = said(folder, "plan", "work", "--out", "plans").stdout
    assert "1 of 1 buckets were done before" in again
    proven = said(folder, "reconcile", "work", "plans").stdout
    assert proven.startswith("every account is there once, and shares and cash add up\n")
    assert json.loads((folder / "plans" / "report.json").read_text())["accounts"] == 200


def test_refusals_end_with_a_status_of_their_own(folder, tmp_path):
    import pyarrow.parquet as pq

    make(tmp_path / "tables", 50)
    accounts = pq.read_table(tmp_path / "tables" / "accounts.parquet").slice(1)
    pq.write_table(accounts, tmp_path / "tables" / "accounts.parquet")
    refused = said(tmp_path, "prepare", "tables", "--out", "work", "--as-of", "2026-11-23", status=2)
    assert refused.stderr.startswith(
        "error[batch-orphan]: 1 account with positions, but not in the table of accounts: A00000000"
    )
    said(tmp_path, "prepare", "tables", "--out", "work", "--as-of", "2026-11-23", "--refuse")
    assert (
        "1  refused  (batch-orphan 1)" in said(tmp_path, "plan", "work", "--out", "plans", status=11).stdout
    )
    said(tmp_path, "reconcile", "work", "plans", status=11)
