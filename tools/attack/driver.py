"""Runs cases in forked workers that a watchdog kills, and judges what came of each.

A worker has imported everything, has a limit on its memory and no network. What a case costs is counted as
the worker's own processor time: on a busy machine nothing looks like a hang that is none.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unicodedata import category

import portfolios
import rows
from cases import Case, case_of

HANG_SECONDS = 5.0
"""Of processor time; more is a hang, and the worker is killed."""
FEW = 1000
"""Cases of a run that is to be cheap."""
WALL_SECONDS = 120.0
"""A worker that neither works nor answers is killed after so long."""
MEMORY = 1 << 30
"""Bytes that a case may add to what the worker has at its start."""

_STATUSES = {0, 10}
_REFUSALS = {2, 3, 4, 5}
_HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
"""Categories of Unicode whose characters show nothing, or move what stands beside them."""
_REPORTING = ("doctor", "prices")
"""Commands whose report says what is wrong, and their status that something is."""
OUTCOMES = ("accepted", "refused", "unclear", "control", "traceback", "hang", "bloat")
GOOD = ("accepted", "refused")


def attack(
    seed: int, numbers: range, kinds: tuple[str, ...] = (), workers: int = 2
) -> Iterator[dict[str, Any]]:
    """Yield the outcome of every case: its number, kind, outcome, and what there is to know."""
    _warm(studies=len(numbers) > FEW)
    waiting = iter(numbers)
    pool = [_Worker(seed, kinds) for _ in range(min(workers, len(numbers)))]
    busy = [w for w in pool if w.take(waiting)]
    try:
        while busy:
            ready, _, _ = select.select([w.answers for w in busy], [], [], 0.2)
            for worker in list(busy):
                found = worker.answer() if worker.answers in ready else worker.overdue()
                if found is not None:
                    yield found
                    if not worker.take(waiting):
                        busy.remove(worker)
    finally:
        for worker in pool:
            worker.end()


class _Worker:
    """One process that runs cases by their number."""

    def __init__(self, seed: int, kinds: tuple[str, ...]) -> None:
        self._seed, self._kinds = seed, kinds
        self._start()

    def _start(self) -> None:
        ask, self._ask = os.pipe()
        answer, give = os.pipe()
        self.process = os.fork()
        if not self.process:
            for handle in (self._ask, answer):
                os.close(handle)
            _work(self._seed, self._kinds, ask, give)
        os.close(ask)
        os.close(give)
        self.answers = os.fdopen(answer)

    def take(self, waiting: Iterator[int]) -> bool:
        number = next(waiting, None)
        if number is None:
            return False
        self.number, self._since, self._used = number, time.monotonic(), _processor(self.process)
        os.write(self._ask, f"{number}\n".encode())
        return True

    def answer(self) -> dict[str, Any]:
        line = self.answers.readline()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        self._close()
        self._start()
        return self._lost("traceback", f"the process ended with {status}")

    def overdue(self) -> dict[str, Any] | None:
        used, waited = _processor(self.process) - self._used, time.monotonic() - self._since
        if used <= HANG_SECONDS + 1 and waited <= WALL_SECONDS:
            return None
        self.end()
        self._start()
        return self._lost("hang", f"killed after {used:.1f} s of work, {waited:.0f} s of waiting")

    def _lost(self, outcome: str, why: str) -> dict[str, Any]:
        kind = case_of(self._seed, self.number, self._kinds).kind
        return {
            "number": self.number,
            "kind": kind,
            "outcome": outcome,
            "detail": why,
            "seconds": 0.0,
            "bytes": 0,
        }

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.process, 0)
        self._close()

    def _close(self) -> None:
        self.answers.close()
        with contextlib.suppress(OSError):
            os.close(self._ask)


def _processor(process: int) -> float:
    """Return the seconds of processor time a process has taken; 0 where nobody tells."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _warm(*, studies: bool) -> None:
    """Import and compile what the commands use, once and before any worker is there.

    Kernels of the larger studies take half a minute to compile, and few cases ask for them.
    """
    tested = ["backtest", "--prices", "prices.csv", "--before-tax"]
    studied = ["compare", "--demo", "--paths", "20", "--policy", "threshold 5%"]
    for tree in portfolios.HONEST:
        made = tree()
        files = {
            "portfolio.toml": portfolios.written(made).encode(),
            "prices.csv": rows.honest_prices(tuple(made["targets"])),
        }
        for words in (["plan"], ["invest", "100000"], ["tax"], ["holdings"], tested, [*tested, "--whole"]):
            run(Case("portfolio", files, [words]))
    for more in () if not studies else (["--bootstrap", "stationary"], ["--sweep"], ["--rolling", "1"]):
        for whole in ([], ["--whole"]):
            run(Case("flags", files, [[*studied, *more, *whole]]))


def _work(seed: int, kinds: tuple[str, ...], ask: int, give: int) -> None:
    """Answer numbers with outcomes until there are no more."""
    null = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(null, handle)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    with os.fdopen(ask) as numbers:
        for line in numbers:
            number = int(line)
            case = case_of(seed, number, kinds)
            before, since = _peak(), time.process_time()
            try:
                outcome, detail = run(case)
            except MemoryError:
                outcome, detail = "bloat", "no memory left"
            found = {
                "number": number,
                "kind": case.kind,
                "outcome": outcome,
                "detail": detail,
                "seconds": round(time.process_time() - since, 3),
                "bytes": _peak() - before,
            }
            if found["seconds"] > HANG_SECONDS and outcome in GOOD:
                found |= {"outcome": "hang", "detail": f"{found['seconds']} s"}
            os.write(give, (json.dumps(found) + "\n").encode())
    os._exit(0)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(case: Case) -> tuple[str, str]:
    """Run the commands of a case in a folder of their own; return the worst outcome and its detail."""
    folder = Path(tempfile.mkdtemp(prefix="attack-"))
    here = Path.cwd()
    try:
        for name, data in case.files.items():
            (folder / name).write_bytes(data)
        os.chdir(folder)
        outcomes = [_judged(words, *command(words)) for words in case.commands]
    finally:
        os.chdir(here)
        shutil.rmtree(folder, ignore_errors=True)
    return max(outcomes, key=lambda found: OUTCOMES.index(found[0]))


def command(words: list[str]) -> tuple[int, str, str, str]:
    """Run one command as the command line would; return status, both outputs, and what escaped."""
    from steelyard.interfaces.cli.main import main

    kept = sys.argv, sys.stdin, sys.stdout, sys.stderr, dict(os.environ), socket.socket.connect
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", write_through=True) for _ in "ab")
    sys.argv, sys.stdin = ["steelyard", *words], io.StringIO("")
    sys.stdout, sys.stderr = out, err
    os.environ |= {"COLUMNS": "100", "PATH": "", "HOME": str(Path.cwd())}
    socket.socket.connect = _no_network  # type: ignore[method-assign,assignment]
    escaped, status = "", 0
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except MemoryError:
        raise
    except BaseException:  # whatever escapes is what is looked for
        escaped, status = traceback.format_exc(), 1
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = kept[:4]
        os.environ.clear()
        os.environ.update(kept[4])
        socket.socket.connect = kept[5]  # type: ignore[method-assign]
    texts = ["" if s.closed else s.buffer.getvalue().decode("utf-8", "replace") for s in (out, err)]  # type: ignore[attr-defined]
    return status, *texts, escaped


def _no_network(*_: object) -> None:
    raise ConnectionRefusedError("there is no network here")


def _judged(words: list[str], status: int, out: str, err: str, escaped: str) -> tuple[str, str]:
    where = " ".join(words)[:200]
    if escaped or "Traceback (most recent call last)" in err:
        return "traceback", f"{where}: {(escaped or err)[-1500:]}"
    text = (out + err).replace("\n", "").replace("\t", "")
    hidden = () if text.isprintable() else {c for c in text if category(c) in _HIDDEN}
    if hidden:
        at = min(map(text.index, hidden))
        return "control", f"{where}: {text[max(0, at - 60) : at + 60]!r}"
    if status in _STATUSES:
        return "accepted", ""
    if status in _REFUSALS and words[0] in _REPORTING and out + err:
        return "accepted", ""
    if status in _REFUSALS and (re.search(r"^error\[[a-z0-9-]+\]: ", err, re.MULTILINE) or "Usage:" in err):
        return "refused", ""
    return "unclear", f"{where}: status {status}: {err[-600:]!r}"
