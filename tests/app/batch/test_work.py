"""A platform from its tables to its proof: buckets, plans, and every account there once whatever happens."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lanes import sizes
from steelyard import batch
from steelyard.app.batch import buckets, prepare
from steelyard.app.batch.what_if import Outlook, WhatIf
from steelyard.errors import InputError, PortfolioProblems
from steelyard.interfaces.pictures import committee

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "examples" / "platform"))
from make import make  # noqa: E402

TERMS = {"base_currency": "USD", "as_of": date(2026, 11, 23), "commission": "0.1%"}


@pytest.fixture(autouse=True)
def small_buckets(monkeypatch):
    """A platform of a few hundred accounts then has some ten buckets."""
    monkeypatch.setattr(prepare, "POSITIONS_A_BUCKET", 200)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("platform") / "tables"
    make(folder, 300, giant=500)
    return folder


@pytest.fixture
def work(tables, tmp_path):
    batch.prepare(tables, tmp_path / "work", **TERMS)
    return tmp_path / "work"


def rewritten(tables, folder, name, change):
    """A copy of a platform with one table changed, rows as Python values."""
    shutil.copytree(tables, folder)
    path = folder / f"{name}.parquet"
    table = pq.read_table(path)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), table.schema), path)
    return folder


def bytes_of(folder):
    """Every file but the records' folder of an output, by its digest."""
    files = [p for kind in ("plans", "trades", "done") for p in (folder / kind).iterdir()]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_a_platform_goes_from_its_tables_to_its_proof(tables, tmp_path):
    """Accounts and positions are counted in the tables themselves, with nothing of ours."""
    accounts = pq.read_table(tables / "accounts.parquet")
    positions = pq.read_table(tables / "positions.parquet")
    made = batch.prepare(tables, tmp_path / "work", **TERMS)
    assert (made.accounts, made.positions) == (300, positions.num_rows)
    assert made.buckets > 5
    checked = batch.check_work(tmp_path / "work")
    planned = batch.plan_work(tmp_path / "work", tmp_path / "out")
    assert batch.reconcile(tmp_path / "work", tmp_path / "out").to_dict() == planned.to_dict()
    plans = pq.read_table(tmp_path / "out" / "plans")
    assert sorted(plans["account"].to_pylist()) == sorted(accounts["account"].to_pylist())
    assert planned.statuses["planned"] >= checked.statuses["due"] > 100
    assert pq.read_table(tmp_path / "out" / "trades").num_rows == pc.sum(plans["trades"]).as_py()


def test_buckets_hold_what_the_tables_hold(tables, work):
    held = {}
    for row in pq.read_table(tables / "positions.parquet").to_pylist():
        held.setdefault(row["account"], []).append((row["symbol"], row["shares"]))
    found = {}
    for path in sorted((work / "buckets").iterdir()):
        for row in pq.read_table(path).to_pylist():
            assert row["account"] not in found
            found[row["account"]] = [(p["symbol"], p["shares"]) for p in row["positions"]]
    assert {name: sorted(rows) for name, rows in held.items()} == {
        n: rows for n, rows in found.items() if rows
    }


def test_work_and_library_say_the_same(tables, work, tmp_path):
    """One table of all accounts, handed to `batch.plan`, against bucket files and threads."""
    batch.plan_work(work, tmp_path / "out", threads=3)
    whole = pa.concat_tables([pq.read_table(p) for p in sorted((work / "buckets").iterdir())])
    models, prices = (pq.read_table(tables / f"{name}.parquet") for name in ("models", "prices"))
    alone = {r["account"]: r for p in batch.plan(whole, models, prices, **TERMS) for r in p.to_pylist()}
    for row in pq.read_table(tmp_path / "out" / "plans").to_pylist():
        expected = dict(alone[row["account"]])
        expected.pop("orders")
        assert row == expected


def test_the_order_of_rows_and_files_changes_no_byte(tables, work, tmp_path):
    def shuffled(rows):
        random.Random(5).shuffle(rows)
        return rows

    other = rewritten(tables, tmp_path / "other", "positions", shuffled)
    rows = pq.read_table(other / "accounts.parquet").to_pylist()
    schema = pq.read_schema(other / "accounts.parquet")
    (other / "accounts.parquet").unlink()
    (other / "accounts").mkdir()
    for number, part in enumerate((rows[200:], rows[:200])):
        pq.write_table(pa.Table.from_pylist(part, schema), other / "accounts" / f"{number}.parquet")
    batch.prepare(other, tmp_path / "again", **TERMS)
    one, two = (json.loads((w / "manifest.json").read_text()) for w in (work, tmp_path / "again"))
    assert one["buckets"] == two["buckets"]


def test_what_is_done_stays_and_the_rest_is_done_with_the_same_bytes(work, tmp_path):
    batch.plan_work(work, tmp_path / "whole", threads=1)
    out = tmp_path / "out"

    def stop(done, of):
        if done > of / 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.plan_work(work, out, threads=2, said=stop)
    kept = {p.name for p in (out / "done").iterdir()}
    assert kept
    with pytest.raises(PortfolioProblems, match="not done"):
        batch.reconcile(work, out)
    assert batch.plan_work(work, out).skipped == len(kept)
    assert bytes_of(out) == bytes_of(tmp_path / "whole")
    batch.reconcile(work, out)


@pytest.mark.parametrize("kind", ["plans", "trades", "done"])
def test_a_file_lost_or_changed_is_made_again(work, tmp_path, kind):
    out = tmp_path / "out"
    batch.plan_work(work, out)
    before = bytes_of(out)
    first, second = sorted((out / kind).iterdir())[:2]
    first.write_bytes(first.read_bytes()[:-3])
    second.unlink()
    with pytest.raises(PortfolioProblems, match="was changed since"):
        batch.reconcile(work, out)
    found = batch.plan_work(work, out)
    assert found.buckets - found.skipped == 2
    assert bytes_of(out) == before


def test_a_changed_bucket_is_named_and_the_others_are_kept(work, tmp_path):
    bucket = sorted((work / "buckets").iterdir())[3]
    bucket.write_bytes(bucket.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=bucket.name) as refused:
        batch.plan_work(work, tmp_path / "out", threads=1)
    assert refused.value.code == "batch-changed"
    assert len(list((tmp_path / "out" / "done").iterdir())) >= 3


def test_an_edited_manifest_is_refused(work, tmp_path):
    path = work / "manifest.json"
    path.write_text(path.read_text().replace('"0.001"', '"0.01"'))
    with pytest.raises(InputError) as refused:
        batch.plan_work(work, tmp_path / "out")
    assert refused.value.code == "batch-manifest"


def test_work_that_was_not_finished_is_refused(work, tmp_path):
    (work / "manifest.json").unlink()
    with pytest.raises(InputError, match="not prepared to its end") as refused:
        batch.check_work(work)
    assert refused.value.code == "batch-manifest"


def test_plans_of_other_work_are_not_mixed(tables, work, tmp_path):
    batch.plan_work(work, tmp_path / "out")
    batch.prepare(tables, tmp_path / "later", **{**TERMS, "commission": "0.2%"})
    with pytest.raises(InputError, match="other work") as refused:
        batch.plan_work(tmp_path / "later", tmp_path / "out")
    assert refused.value.code == "batch-folder"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    for call in (
        lambda: batch.plan_work(work, tmp_path / "mine"),
        lambda: batch.prepare(tables, tmp_path / "mine", **TERMS),
    ):
        with pytest.raises(InputError, match="something else"):
            call()


def forged(out, kind, change):
    """Change a row of the results and vouch for it, as a fault of ours would."""
    path = next(p for p in sorted((out / kind).iterdir()) if pq.read_metadata(p).num_rows > 3)
    table = pq.read_table(path)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), table.schema), path)
    record = out / "done" / f"{path.stem[-5:]}.json"
    told = json.loads(record.read_text())
    told["files"][kind] = hashlib.sha256(path.read_bytes()).hexdigest()
    record.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("plans", lambda rows: rows[1:], "not one row an account"),
        ("plans", lambda rows: [rows[0], *rows], "not one row an account"),
        (
            "plans",
            lambda rows: [{**r, "cash_after": (r["cash_after"] or 0) + 1} for r in rows],
            "does not add up",
        ),
        ("plans", lambda rows: [{**r, "status": "in_band"} for r in rows], "with trades, but no plan"),
        ("trades", lambda rows: rows[1:], "do not belong"),
        ("trades", lambda rows: [{**r, "amount": r["amount"] + 1} for r in rows], "does not add up"),
        (
            "trades",
            lambda rows: [{**r, "shares": r["shares"] + 100_000} for r in rows],
            "more than they hold",
        ),
    ],
)
def test_the_proof_finds_what_planning_would_have_done_wrong(work, tmp_path, kind, change, said):
    out = tmp_path / "out"
    batch.plan_work(work, out)
    forged(out, kind, change)
    with pytest.raises(PortfolioProblems, match=said):
        batch.reconcile(work, out)


def test_wrong_accounts_are_refused_with_examples_or_one_by_one(tables, tmp_path):
    def change(rows):
        return [
            {**rows[0], "account": "STRAY"},
            {**rows[1], "shares": -1.0},
            {**rows[2], "symbol": "NOBODY"},
            rows[3],
            *rows[3:],
        ]

    wrong = rewritten(tables, tmp_path / "wrong", "positions", change)
    rows = pq.read_table(wrong / "accounts.parquet")
    again = [
        {**rows.slice(250, 1).to_pylist()[0]},
        {**rows.slice(251, 1).to_pylist()[0], "account": "B1", "model": "none"},
    ]
    pq.write_table(
        pa.concat_tables([rows, pa.Table.from_pylist(again, rows.schema)]), wrong / "accounts.parquet"
    )
    with pytest.raises(PortfolioProblems) as refused:
        batch.prepare(wrong, tmp_path / "work", **TERMS)
    codes = {problem.code for problem in refused.value.problems}
    expected = {
        "batch-orphan", "negative", "price-missing", "duplicate-position", "duplicate-account", "batch-model",
    }  # fmt: skip
    assert codes == expected
    assert any("STRAY" in str(problem) for problem in refused.value.problems)
    made = batch.prepare(wrong, tmp_path / "work", **TERMS, refuse=True)
    assert made.accounts == 302
    found = batch.plan_work(tmp_path / "work", tmp_path / "out")
    assert found.refused == sum(made.wrong.values()) == 6
    told = found.codes["refused"]
    assert set(told) == (expected - {"price-missing"}) | {"unknown-symbol"}
    assert batch.reconcile(tmp_path / "work", tmp_path / "out").accounts == 302


@pytest.mark.parametrize("name", ["positions", "accounts", "models", "prices"])
def test_a_table_that_is_missing_or_no_parquet_is_named(tables, tmp_path, name):
    shutil.copytree(tables, tmp_path / "in")
    (tmp_path / "in" / f"{name}.parquet").write_bytes(b"PAR1 nothing")
    for _ in range(2):
        with pytest.raises(InputError, match=name) as refused:
            batch.prepare(tmp_path / "in", tmp_path / "work", **TERMS)
        assert refused.value.code == "batch-table"
        (tmp_path / "in" / f"{name}.parquet").unlink(missing_ok=True)


def test_a_column_that_is_missing_is_named(tables, tmp_path):
    shutil.copytree(tables, tmp_path / "in")
    table = pq.read_table(tables / "positions.parquet")
    pq.write_table(table.drop_columns(["shares"]), tmp_path / "in" / "positions.parquet")
    with pytest.raises(InputError, match="positions has no column shares") as refused:
        batch.prepare(tmp_path / "in", tmp_path / "work", **TERMS)
    assert refused.value.code == "batch-column"


def test_lots_of_a_symbol_are_added_up(tables, tmp_path):
    """Every position in two lots that add up to what it was gives the same accounts."""
    folder = tmp_path / "in"
    shutil.copytree(tables, folder)
    table = pq.read_table(tables / "positions.parquet")
    rows = [
        {**row, "shares": part, "lot_date": date(2025, 1, day)}
        for row in table.to_pylist()
        for day, part in ((1, 0.25), (2, round(row["shares"] - 0.25, 4)))
        if row["shares"] >= 1
    ] + [{**row, "lot_date": date(2025, 1, 1)} for row in table.to_pylist() if row["shares"] < 1]
    pq.write_table(pa.Table.from_pylist(rows), folder / "positions.parquet")
    batch.prepare(folder, tmp_path / "lots", **TERMS)
    batch.prepare(tables, tmp_path / "work", **TERMS)
    told = [batch.check_work(tmp_path / name) for name in ("lots", "work")]
    assert told[0].statuses == told[1].statuses
    assert told[0].codes == told[1].codes


def test_two_names_of_one_hash_are_two_accounts(monkeypatch, tables, tmp_path):
    """A hash of four values brings hundreds of names together: they stay apart by their names."""
    plain = buckets.hashes_of
    monkeypatch.setattr(buckets, "hashes_of", lambda names: plain(names) % 4)
    made = batch.prepare(tables, tmp_path / "work", **TERMS)
    assert made.accounts == 300
    batch.plan_work(tmp_path / "work", tmp_path / "out")
    assert batch.reconcile(tmp_path / "work", tmp_path / "out").accounts == 300


def test_other_policies_are_seen_beside_those_that_are_there(tables, work, tmp_path):
    """Planning for real with either models gives the same sums, added up here from plans and trades."""
    models = pq.read_table(tables / "models.parquet").to_pylist()
    other = pa.Table.from_pylist([{**row, "policy": "threshold 8%"} for row in models])
    told = batch.what_if(work, other, threads=2)
    shutil.copytree(tables, tmp_path / "in")
    pq.write_table(other, tmp_path / "in" / "models.parquet")
    batch.prepare(tmp_path / "in", tmp_path / "other", **TERMS)
    for place, side in ((work, told.now), (tmp_path / "other", told.other)):
        out = tmp_path / f"out-{place.name}"
        batch.plan_work(place, out)
        plans = pq.read_table(out / "plans").to_pylist()
        trades = pq.read_table(out / "trades").to_pylist()
        assert side.accounts == len(plans)
        assert side.trading == sum(row["trades"] > 0 for row in plans)
        assert side.trades == len(trades)
        assert side.turnover == sum(row["amount"] for row in trades)
        assert side.costs == sum(row["cost"] for row in trades)
        mean = sum(row["misplaced_after"] for row in plans) / len(plans)
        assert abs(side.misplaced_after - mean) < 1e-12
    assert told.other.trading < told.now.trading
    assert told.base_currency == "USD"
    committee.write_what_if(tmp_path / "both.png", told)
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")


PLANS = """
import os, sys
from steelyard import batch
import steelyard.app.batch.reconcile
import steelyard.bootstrap.batch
for line in sys.stdin:
    child = os.fork()
    if not child:
        batch.plan_work(sys.argv[1], sys.argv[2], threads=2)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""
"""A process that has imported everything and forks one that plans for each line it is sent."""


@pytest.mark.parametrize("kills", sizes(2, 280, "a process is begun and killed each time"))
def test_after_any_number_of_kills_every_account_is_there_once(tables, tmp_path, kills):
    make(tmp_path / "tables", 3000)
    batch.prepare(tmp_path / "tables", tmp_path / "work", **TERMS)
    draw, out = random.Random(3), tmp_path / "out"
    command = [sys.executable, "-c", PLANS, str(tmp_path / "work"), str(out)]
    unfinished = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        for _ in range(kills):
            server.stdin.write("plan\n")
            server.stdin.flush()
            child, begun = int(server.stdout.readline()), time.monotonic()
            # From where the first bucket is begun: before that there is nothing to break.
            while not (out / "done").is_dir() and time.monotonic() - begun < 300:
                time.sleep(0.005)
            time.sleep(draw.random() * 0.4)
            os.kill(child, signal.SIGKILL)
            assert server.stdout.readline() == "ended\n"
            done = len(list((out / "done").glob("*.json")))
            unfinished += done < len(list((tmp_path / "work" / "buckets").iterdir()))
            if draw.random() < 0.3:
                shutil.rmtree(out, ignore_errors=True)
        server.stdin.close()
    assert unfinished
    batch.plan_work(tmp_path / "work", out)
    assert batch.reconcile(tmp_path / "work", out).accounts == 3000
    batch.plan_work(tmp_path / "work", tmp_path / "whole")
    assert bytes_of(out) == bytes_of(tmp_path / "whole")


def test_a_full_disk_is_said_and_what_is_done_is_kept(work, tmp_path, monkeypatch):
    """The disk is full from the fifth file on; then there is room again."""
    out, left = tmp_path / "out", [9]
    real = os.fsync

    def fsync(handle):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        batch.plan_work(work, out, threads=1)
    monkeypatch.setattr(os, "fsync", real)
    assert not list(out.rglob("*.partial"))
    assert len(list((out / "done").iterdir())) == 3
    assert batch.plan_work(work, out).skipped == 3
    batch.reconcile(work, out)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("0.010", "12 accounts trade instead of 100, for $1.2k instead of $5.68k: as near"),
        ("0.004", "12 accounts trade instead of 100, for $1.2k instead of $5.68k: 0.60 points nearer"),
        ("0.022", "12 accounts trade instead of 100, for $1.2k instead of $5.68k: 1.20 points farther"),
    ],
)
def test_the_picture_of_other_models_opens_with_who_trades_at_what_cost_how_near(after, said):
    def side(trading, costs, misplaced):
        money = Decimal(costs)
        before, after = Decimal("0.03"), Decimal(misplaced)
        return Outlook(1000, trading, 0, trading, money, money, money, Decimal(0), before, after)

    told = WhatIf(side(100, "5678", "0.010"), side(12, "1200", after), "USD")
    assert committee.headline(told) == said
