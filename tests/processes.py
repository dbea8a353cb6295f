"""`steelyard` as a process of its own, many times over, without importing everything anew each time.

A process that has imported what the commands import waits for requests and forks one child for each; the
child goes on as `main()` of the command line would: own folder, environment, output, exit status and end. A
test of what a command imports, of two that run at once or of a signal starts Python itself.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

CODE = "from steelyard.interfaces.cli.main import main; main()"


def run_command(folder, *words, env=None, typed="", merged=False):
    """Run a command in a folder and return what `subprocess.run` would, output as text.

    Args:
        folder: Where it runs, here if None.
        words: Its arguments.
        env: The whole environment, this process's unless given.
        typed: Standard input.
        merged: Standard error goes where standard output goes, in the order it is written.
    """
    env = dict(os.environ if env is None else env)
    words = [str(word) for word in words]
    if not hasattr(os, "fork"):
        command = [sys.executable, "-c", CODE, *words]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT if merged else subprocess.PIPE}
        return subprocess.run(command, cwd=folder, env=env, input=typed, text=True, check=False, **streams)
    request = {
        "folder": str(folder or Path.cwd()),
        "words": words,
        "env": env,
        "typed": typed,
        "merged": merged,
    }
    server = _server()
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    answer = json.loads(server.stdout.readline())
    return subprocess.CompletedProcess(["steelyard", *words], **answer)


_SERVERS = {}


def _server():
    """The waiting process of this one; a fork of this one gets its own."""
    if os.getpid() not in _SERVERS:
        _SERVERS[os.getpid()] = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    return _SERVERS[os.getpid()]


def _serve():
    """Answer requests until there are no more; return in a child that is to go on as the command."""
    for line in sys.stdin:
        request = json.loads(line)
        with (
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
            tempfile.TemporaryFile() as typed,
        ):
            typed.write(request["typed"].encode())
            typed.seek(0)
            child = os.fork()
            if not child:
                _become(request, typed, out, out if request["merged"] else err)
                return
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))
        answer = {"returncode": status, "stdout": texts[0], "stderr": texts[1]}
        print(json.dumps(answer), flush=True)
    os._exit(0)


def call_in_fork(function, facts, *, seconds):
    """`apart.call` by a fork of this process: what it does there costs no imports, its end is the same.

    Whether Python starts and imports rightly is for the tests of who calls it, which start a process.
    """
    from steelyard.adapters.machine import apart

    named = {"module": function.__module__, "name": function.__name__, "facts": facts, "seconds": seconds}
    (asks, asked), (answers, answer) = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            sys.setprofile(None)
            threading.setprofile(None)
            for number, file in ((0, asks), (1, answer), (2, os.open(os.devnull, os.O_WRONLY))):
                os.dup2(file, number)
            os.close(asked)
            sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
            apart._serve()
        finally:
            os._exit(1)
    os.close(asks)
    os.close(answer)
    with os.fdopen(asked, "wb") as out:
        out.write(json.dumps(named).encode())
    found, until = b"", time.monotonic() + seconds
    with os.fdopen(answers, "rb", buffering=0) as told:
        while select.select([told], [], [], max(until - time.monotonic(), 0))[0]:
            part = told.read(1 << 16)
            found += part
            if not part:
                break
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        return json.loads(found)["found"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise apart.Left from None


def _become(request, *files):
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    for number, file in enumerate(files):
        os.dup2(file.fileno(), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    # As Python opens it: what is said is not kept back.
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.argv = ["steelyard", *request["words"]]
    from steelyard.adapters.machine import apart

    apart.call = call_in_fork


def _import_ahead():
    import apprise
    import httpx2
    import matplotlib.figure
    import rich.table

    import steelyard
    from steelyard.adapters.files.packaged import load_catalogue

    # All of ours, whichever command comes: most of what a short one takes is importing.
    for module in pkgutil.walk_packages(steelyard.__path__, "steelyard."):
        if not module.name.endswith("__main__"):
            with suppress(Exception):  # a part of an extra that is not there
                importlib.import_module(module.name)
    load_catalogue()
    apprise.Apprise().add("json://localhost")  # it reads all its plug-ins now
    gc.freeze()  # a child that collects would copy all of it
    return httpx2, matplotlib, rich, steelyard


def _command():
    from steelyard.interfaces.cli.main import main

    try:
        main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status):
    """End as Python does, but for taking apart what was imported ahead."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    import both_languages

    both_languages.watch()
    sys.path.pop(0)  # the folder of this file, which is not on a command's path
    _import_ahead()
    _serve()
    _end(_command())
