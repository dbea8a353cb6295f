"""How heavy the page is and how soon it answers, beside a bare Starlette application in the same run.

Weight is what a browser fetches for one screen, compressed. The first answer counts from the start of the
process; a further page and a changed plan from the request. Least of several rounds: the machine is shared.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, Request, build_opener

from steelyard.api.serving import sample_text
from steelyard.interfaces.web.application import PAGES

ROUNDS = 7
BARE = """
import socket, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from jinja2 import Environment
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print("http://127.0.0.1:%d/" % listener.getsockname()[1], file=sys.stderr, flush=True)
app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("yes"))])
config = uvicorn.Config(app, access_log=False, http="h11", lifespan="off", log_level="warning")
uvicorn.Server(config).run([listener])
"""
OURS = "from steelyard.interfaces.cli.main import main; main()"


def first_answer(code, *words, folder):
    """Seconds until the first page of a fresh process, and what asks it further."""
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    address = re.search(r"http://\S+", server.stderr.readline())[0]
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    opener.open(address).read()
    return time.perf_counter() - began, server, opener, address


def processor(server):
    """Seconds of the processor that a process has taken, which a busy machine changes little."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def least(code, *words, folder):
    found = []
    for _ in range(ROUNDS):
        seconds, server, *_ = first_answer(code, *words, folder=folder)
        used = processor(server)
        server.terminate()
        server.wait()
        found.append((seconds, used))
    return min(s for s, _ in found), min(u for _, u in found)


def main():
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
        for name, bare, ours in zip(
            ("from start to first answer", "processor by then"),
            least(BARE, folder=folder),
            least(OURS, "serve", "--port", "0", folder=folder),
            strict=True,
        ):
            print(f"{name}: bare {bare * 1000:.0f} ms, the page {ours * 1000:.0f}, {ours / bare:.2f} times")
        _, server, opener, address = first_answer(OURS, "serve", "--port", "0", folder=folder)
        base = address.split("/start")[0]
        try:
            shared = sum(
                len(opener.open(Request(f"{base}/static/{name}", headers={"Accept-Encoding": "gzip"})).read())
                for name in ("style.css", "page.js", "icon.svg")
            )
            print(f"sheet, scripts and sign: {shared / 1000:.1f} kB compressed, in three requests")
            for path in (*(p.path for p in PAGES), "/plan?kind=invest&cash=1000000", "/plan?ways=1"):
                times = []
                for _ in range(ROUNDS):
                    began = time.perf_counter()
                    body = opener.open(Request(base + path, headers={"Accept-Encoding": "gzip"})).read()
                    times.append(time.perf_counter() - began)
                whole = (shared + len(body)) / 1000
                print(
                    f"{path:34} {min(times) * 1000:5.0f} ms  {len(body) / 1000:5.1f} kB, {whole:.1f} in all"
                )
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
