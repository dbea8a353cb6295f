"""Engines that carry a batch out: the same bytes as threads, whatever becomes of their workers."""

import hashlib
import os
import signal
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest

from steelyard import batch
from steelyard.adapters.batch.clusters import Dask, Ray, Threads
from steelyard.app.batch import prepare
from steelyard.errors import InputError, PortfolioProblems
from steelyard.words import say

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "examples" / "platform"))
from make import make  # noqa: E402

TERMS = {"base_currency": "USD", "as_of": date(2026, 11, 23)}
CLUSTERS = {"dask": "distributed", "ray": "ray"}
LONG = pytest.mark.long("a cluster of processes starts and ends for each case")


def engine_of(name):
    """An engine of two workers; a package that is not there skips the test by name."""
    if name in CLUSTERS:
        pytest.importorskip(CLUSTERS[name])
    return {"threads": Threads(2), "dask": Dask(2), "ray": Ray(2)}[name]


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clusters")
    make(folder / "tables", 300, giant=500)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "POSITIONS_A_BUCKET", 200)
        batch.prepare(folder / "tables", folder / "work", **TERMS)
    batch.plan_work(folder / "work", folder / "out")
    return folder / "work"


def bytes_of(folder):
    files = [p for kind in ("plans", "trades", "done") for p in (folder / kind).iterdir()]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


# Made by functions, so that a worker that cannot import this file is sent them whole.


def squares():
    return lambda number: {"square": number * number}


def refusing():
    def task(number):
        if number == 3:
            raise InputError(
                "batch-changed", say("{path} is not what was prepared", path="it"), "run it again"
            )
        return {}

    return task


def killed_once(folder):
    """A task whose first worker does not live to end it; a file remembers that it was there."""

    def task(number):
        mark = folder / str(number)
        if number % 4 == 1 and not mark.exists():
            mark.write_text("here")
            os.kill(os.getpid(), signal.SIGKILL)
        return {"number": number}

    return task


NAMES = ["threads", pytest.param("dask", marks=LONG), pytest.param("ray", marks=LONG)]


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_does_each_task_once(name):
    done = sorted(engine_of(name).run(squares(), range(9)))
    assert done == [(n, {"square": n * n}) for n in range(9)]


@pytest.mark.parametrize("name", NAMES)
def test_an_error_of_a_task_keeps_its_code_and_its_hint(name):
    with pytest.raises(InputError) as told:
        list(engine_of(name).run(refusing(), range(9)))
    assert (told.value.code, str(told.value.hint)) == ("batch-changed", "run it again")


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG) for name in CLUSTERS])
def test_a_task_whose_worker_is_killed_is_given_to_another(name, tmp_path):
    done = sorted(engine_of(name).run(killed_once(tmp_path), range(8)))
    assert done == [(n, {"number": n}) for n in range(8)]
    assert {p.name for p in tmp_path.iterdir()} == {"1", "5"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG) for name in CLUSTERS])
def test_a_cluster_leaves_the_same_bytes_as_threads_from_tables_to_proof(name, work, tmp_path, monkeypatch):
    engine_of(name)
    monkeypatch.setattr(prepare, "POSITIONS_A_BUCKET", 200)
    there = {"engine": name, "threads": 2}
    batch.prepare(work.parent / "tables", tmp_path / "work", **TERMS, **there)
    for kind in ("buckets", "tables"):
        names = sorted(p.name for p in (work / kind).iterdir())
        assert names == sorted(p.name for p in (tmp_path / "work" / kind).iterdir())
        assert all(
            (work / kind / n).read_bytes() == (tmp_path / "work" / kind / n).read_bytes() for n in names
        )
    assert (work / "manifest.json").read_bytes() == (tmp_path / "work" / "manifest.json").read_bytes()
    assert batch.check_work(tmp_path / "work", **there) == batch.check_work(work)
    told = batch.plan_work(tmp_path / "work", tmp_path / "out", **there)
    assert bytes_of(tmp_path / "out") == bytes_of(work.parent / "out")
    assert batch.reconcile(tmp_path / "work", tmp_path / "out", **there) == told
    (tmp_path / "out" / "plans" / "plans-00001.parquet").unlink()
    with pytest.raises(PortfolioProblems, match="bucket 1 is not done"):
        batch.reconcile(tmp_path / "work", tmp_path / "out", **there)


@LONG
def test_workers_of_ray_killed_at_any_moment_lose_and_double_nothing(work, tmp_path):
    """From outside, while they work: whatever they had begun, every account is there once in the end."""
    engine_of("ray")
    import psutil

    kills = 20
    # A worker is called as the function it is at; its agents, which are not asked for here, as themselves.
    stop, left = threading.Event(), [kills]

    def kill():
        while not stop.is_set() and left[0]:
            for process in psutil.Process().children(recursive=True):
                try:
                    words = " ".join(process.cmdline())
                except psutil.Error:
                    continue
                if words.startswith("ray::done") and left[0]:
                    process.kill()
                    left[0] -= 1
            time.sleep(0.05)

    killer = threading.Thread(target=kill)
    killer.start()
    runs = 0
    try:
        while left[0] and runs < 3 * kills:
            out = tmp_path / f"out{runs}"
            batch.plan_work(work, out, engine="ray", threads=2)
            assert bytes_of(out) == bytes_of(work.parent / "out")
            runs += 1
    finally:
        stop.set()
        killer.join()
    assert not left[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"engine": "spark"}, "spark"),
        ({"engine": "threads", "address": "tcp://127.0.0.1:1"}, "no address"),
    ],
)
def test_an_engine_that_does_not_exist_is_refused_with_those_that_do(work, tmp_path, words, said):
    with pytest.raises(InputError, match=said) as told:
        batch.plan_work(work, tmp_path / "out", **words)
    assert told.value.code == "batch-engine"
    assert "threads, dask, ray" in str(told.value.hint)


@LONG
@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_that_does_not_answer_is_said(name, work, tmp_path):
    engine_of(name)
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1") as told:
        batch.plan_work(
            work,
            tmp_path / "out",
            engine=name,
            address={"dask": "tcp://127.0.0.1:1", "ray": "127.0.0.1:1"}[name],
        )
    assert told.value.code == "batch-engine"
