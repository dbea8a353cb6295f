"""What takes long: a job has a name, is worked on in a process of its own, and is asked for again.

One runs at a time, so that many cannot take the machine from whoever only wants to look; a few wait, and
further ones are told to come back. A process can be ended whatever it does, which a thread cannot.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from steelyard.interfaces.http.replies import Trouble
from steelyard.interfaces.http.ulids import Ulids
from steelyard.records import dataclass, replace
from steelyard.words import say

WAITING = 8
"""Jobs that wait for their turn."""
KEPT = 50
"""Jobs that are over and still known; the oldest goes first."""
SECONDS = 900.0
OVER = ("done", "failed", "cancelled")
WORKER = "steelyard.interfaces.http.worker"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work.

    Attributes:
        id: A ULID.
        kind: What is done: `backtest` or `compare`.
        portfolio: The name it is for, empty for a stated one.
        state: queued, running, done, failed or cancelled.
        progress, of: How far it is, in resampled histories.
        result: What came out.
        problem: Why nothing did, as a problem document.
        page: The same as a web page, where that was asked for.
        headline: The same in a sentence.
    """

    id: str
    kind: str
    portfolio: str
    state: str = "queued"
    progress: int = 0
    of: int = 0
    result: Mapping[str, Any] | None = None
    problem: Mapping[str, Any] | None = None
    page: str = ""
    headline: str = ""

    @property
    def document(self) -> Mapping[str, Any]:
        """The document `steelyard/job/1`."""
        return {
            "schema": "steelyard/job/1",
            "id": self.id,
            "kind": self.kind,
            "portfolio": self.portfolio,
            "state": self.state,
            "progress": {"done": self.progress, "of": self.of},
            "result": self.result,
            "problem": self.problem,
        }


class Jobs:
    """The jobs of one server.

    Args:
        changed: Told of a job whose state is another now.
        seconds: The longest that one may run.
    """

    def __init__(self, changed: Callable[[Job], None] = lambda job: None, seconds: float = SECONDS) -> None:
        self.changed = changed
        self._seconds = seconds
        self._ulids = Ulids()
        self._jobs: dict[str, Job] = {}
        self._asked: dict[str, Mapping[str, Any]] = {}
        self._process: tuple[str, subprocess.Popen[str]] | None = None
        self._change = threading.Condition()
        self._worker: threading.Thread | None = None
        self._ends = False

    def start(self, kind: str, portfolio: str, asked: Mapping[str, Any], of: int) -> Job:
        """Put a job in the queue.

        Args:
            kind: What is done.
            portfolio: The name it is for.
            asked: What the worker is told, as JSON.
            of: How many steps it reports.

        Raises:
            Trouble: So many wait that it has to be asked for later (429).
        """
        with self._change:
            if sum(job.state == "queued" for job in self._jobs.values()) >= WAITING:
                raise busy("10")
            job = Job(self._ulids.new(), kind, portfolio, of=of)
            over = [j.id for j in self._jobs.values() if j.state in OVER]
            for old in over[: max(0, len(over) - KEPT + 1)]:
                del self._jobs[old]
            self._jobs[job.id], self._asked[job.id] = job, asked
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._worker.start()
            self._change.notify_all()
        self.changed(job)
        return job

    def job(self, name: str) -> Job | None:
        """Return a job as it is now; None where there is none."""
        return self._jobs.get(name)

    def all(self) -> tuple[Job, ...]:
        """Return every job that is known, the newest first."""
        with self._change:
            return tuple(self._jobs.values())[::-1]

    def cancel(self, name: str) -> Job | None:
        """End a job that is not over, and return it; None where there is none."""
        with self._change:
            job = self._jobs.get(name)
            if job is None or job.state in OVER:
                return job
            job = self._put(replace(job, state="cancelled"))
            self._asked.pop(name, None)
            if self._process is not None and self._process[0] == name:
                self._process[1].kill()
        self.changed(job)
        return job

    def close(self) -> None:
        """End whatever runs."""
        with self._change:
            self._ends = True
            if self._process is not None:
                self._process[1].kill()
            self._change.notify_all()

    def _put(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._asked or self._ends)
                if self._ends:
                    return
                name = next(iter(self._asked))
                asked = self._asked.pop(name)
                job = self._put(replace(self._jobs[name], state="running"))
            self.changed(job)
            self._run(name, asked)

    def _run(self, name: str, asked: Mapping[str, Any]) -> None:
        last: Mapping[str, Any] = {}
        process = subprocess.Popen(
            [sys.executable, "-c", f"from {WORKER} import main; main()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(self._seconds, process.kill)
        with self._change:
            self._process = (name, process)
            if self._jobs[name].state == "cancelled" or self._ends:
                process.kill()
        timer.start()
        try:
            with suppress(OSError):
                process.stdin.write(json.dumps(asked))
                process.stdin.close()
            for line in process.stdout:
                last = json.loads(line)
                if "progress" in last:
                    self._move(name, progress=int(last["progress"]))
        finally:
            timer.cancel()
            process.stdout.close()
            process.wait()
            with self._change:
                self._process = None
        self._end(name, last)

    def _move(self, name: str, **changes: Any) -> None:
        with self._change:
            job = self._jobs[name]
            if job.state in OVER:
                return
            self._put(replace(job, **changes))

    def _end(self, name: str, last: Mapping[str, Any]) -> None:
        if "result" in last:
            self._move(
                name,
                state="done",
                result=last["result"],
                page=last.get("page", ""),
                headline=last["headline"],
            )
        elif "problem" in last:
            self._move(name, state="failed", problem=last["problem"])
        else:
            trouble = Trouble(500, "job-ended", say("the work ended without a result"), say("ask for less"))
            self._move(name, state="failed", problem=trouble.reply.document)
        if self._jobs[name].state != "cancelled":
            self.changed(self._jobs[name])


def busy(seconds: str) -> Trouble:
    """Return the refusal of more work than waits here."""
    return Trouble(
        429,
        "busy",
        say("so much is waiting that nothing more is taken"),
        say("ask again later"),
        retry_after=seconds,
    )
