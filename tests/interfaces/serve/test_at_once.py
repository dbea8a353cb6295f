"""Several at once: tabs, commands and a `run` that write beside a page that is read."""

import re
import sqlite3
import subprocess
import sys
import threading
from datetime import date
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

import steelyard
from interfaces.serve.asking import Browser
from processes import run_command
from steelyard.api.serving import sample_text
from steelyard.interfaces.web.application import PAGES
from whole_commands import dated

MAIN = "from steelyard.interfaces.cli.main import main; main()"
DEPOSIT = {"what": "record", "type": "deposit", "date": "2026-11-23", "account": "main", "currency": "KRW"}


def test_readers_are_answered_while_another_program_writes_and_a_form_is_kept(tmp_path):
    """The lock of a writer is held all the time, as by a command that takes long."""
    file = tmp_path / "portfolio.toml"
    file.write_text(sample_text(), encoding="utf-8")
    steelyard.record(file, type="deposit", date="2026-11-20", account="main", shares="1000", opening=True)
    browser = Browser(file, as_of=date(2026, 11, 23))
    writer = sqlite3.connect(tmp_path / "steelyard.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert {page.path: browser.get(page.path).status for page in PAGES} == {p.path: 200 for p in PAGES}
        refused = browser.post("/books", {**DEPOSIT, "shares": "777", "note": "rent of May"})
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    assert refused.status in (409, 422)
    assert 'value="777"' in refused.text
    assert 'value="rent of May"' in refused.text
    assert browser.post("/books", {**DEPOSIT, "shares": "777"}).status == 200


class Tab:
    """A browser of its own, over a real connection."""

    def __init__(self, base, token):
        self._base, self._open = base, build_opener(HTTPCookieProcessor(CookieJar())).open
        self.ask("/sign-in", {"token": token})

    def ask(self, path, form=None):
        body = urlencode(form).encode() if form else None
        try:
            with self._open(Request(self._base + path, body, {"Sec-Fetch-Site": "same-origin"})) as answer:
                answer.read()
                return answer.status
        except HTTPError as error:
            return error.code


@pytest.mark.long("a server, six tabs and a dozen commands at once")
def test_two_portfolios_six_tabs_commands_and_a_run_at_once_lose_nothing(tmp_path):
    for name in ("anna", "bora"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "portfolio.toml").write_text(dated(sample_text()), encoding="utf-8")
        file = tmp_path / name / "portfolio.toml"
        steelyard.record(file, type="deposit", date="2026-11-20", account="main", shares="1", opening=True)
    server = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", str(tmp_path), "--port", "0", "--lang", "en"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    seen, written, runs, over = [], {"anna": [], "bora": []}, [], threading.Event()
    try:
        base = re.search(r"http://[^/]+", server.stderr.readline())[0]
        token = next(tmp_path.rglob(".steelyard-page-token")).read_text().strip()

        def reads(name):
            tab = Tab(base, token)
            while not over.is_set():
                # To begin a portfolio is offered where there is none.
                seen.extend(
                    tab.ask(f"/p/{name}{page.path}".rstrip("/")) for page in PAGES if page.name != "begin"
                )

        def writes(name, first):
            tab = Tab(base, token)
            for amount in range(first, first + 4):
                while tab.ask(f"/p/{name}/books", {**DEPOSIT, "shares": str(amount)}) == 409:
                    pass  # Somebody else is writing: the form is still there, and is sent again.
                written[name].append(amount)

        def commands(name, first):
            for amount in range(first, first + 2):
                runs.append(run_command(tmp_path / name, "run").returncode)
                said = run_command(tmp_path / name, "record", "deposit", f"{amount} KRW")
                runs.append(said.returncode)
                written[name].append(amount)

        readers = [threading.Thread(target=reads, args=(name,)) for name in ("anna", "bora")]
        writers = [
            threading.Thread(target=target, args=(name, first))
            for name in ("anna", "bora")
            for target, first in ((writes, 1000), (writes, 2000), (commands, 3000))
        ]
        for thread in (*readers, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        over.set()
        for thread in readers:
            thread.join()
    finally:
        server.terminate()
        server.wait(10)
    assert set(seen) == {200}
    assert set(runs) == {0}
    for name, wanted in written.items():
        entries = steelyard.history(tmp_path / name / "portfolio.toml").to_dict()["entries"]
        found = [int(e["shares"]) for e in entries if e["type"] == "deposit" and e["shares"] != "1"]
        assert sorted(found) == sorted(wanted)
        assert len(wanted) == 10
