"""Runs `steelyard run` again and again, killing each at a later point, and lets the next run finish.

A kill point is the call of, or the return from, a database statement or a socket operation, seen with the
interpreter's own profiling: nothing of steelyard, sqlite3 or apprise is replaced. Written for a process of
its own: it forks, so that a thousand runs do not import everything a thousand times.

Arguments: TEMPLATE FOLDER STEP FIRST SERVICES. A folder per kill point is made in FOLDER from the files in
TEMPLATE; services get `/N` appended; every STEP-th point is killed at, from FIRST on. Prints a JSON line per
kill point; the last one is that of a run that ended before its kill point came.
"""

import json
import os
import shutil
import signal
import sqlite3  # noqa: F401 - loaded before the forks
import sys
import threading
from dataclasses import replace
from pathlib import Path

import apprise

import steelyard.adapters.alerts.courier
import steelyard.app.automation.alert_texts
import steelyard.app.automation.evaluation
import steelyard.app.planning.plan  # noqa: F401 - the same
from steelyard import bootstrap
from steelyard.adapters.machine import apart
from steelyard.app.automation.run import run
from steelyard.errors import DataError

sys.path.insert(0, str(Path(__file__).parents[1]))
from processes import call_in_fork

CALLS = {"execute", "executemany", "backup", "connect", "sendall", "send", "recv_into", "close"}
OWNERS = ("Connection", "socket")
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(5000)


class Killer:
    """Ends the process without warning at the n-th kill point."""

    def __init__(self, at):
        self.left = at

    def __call__(self, frame, event, arg):
        if event not in ("c_call", "c_return") or getattr(arg, "__name__", "") not in CALLS:
            return
        if type(getattr(arg, "__self__", None)).__name__ not in OWNERS:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def once(folder, environ, kill_at=None):
    """Do one run in a child; return its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.environ.update(environ)
            if kill_at is not None:
                killer = Killer(kill_at)
                threading.setprofile(killer)
                sys.setprofile(killer)
            with (
                bootstrap.run_lock(bootstrap.Folder.of(folder / "portfolio.toml")) as mine,
                bootstrap.automation(bootstrap.Folder.of(folder / "portfolio.toml")) as parts,
            ):
                assert mine
                # The drawing itself is tested elsewhere, and would be loaded a thousand times here.
                run(replace(parts.inputs, draw=lambda report: PICTURE), if_due=True)
            sys.setprofile(None)
            status = 0
        except DataError:
            status = DataError.exit_status
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main():
    template, folder, step, first = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    services = json.loads(sys.argv[5])
    apprise.Apprise().add("json://localhost")
    apart.call = call_in_fork
    for at in range(first, 5000, step):
        place = folder / str(at)
        shutil.copytree(template, place)
        environ = {name: f"{address}/{at}" for name, address in services.items()}
        killed = once(place, environ, at)
        finished = once(place, environ)
        print(json.dumps({"at": at, "killed": killed, "finished": finished}), flush=True)
        if killed != -signal.SIGKILL:
            return


main()
