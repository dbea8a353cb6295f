"""The server itself, once, over real connections: the start address, the guide's program, what is refused."""

import re
import socket
import subprocess
import sys
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from steelyard.api.serving import sample_text

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "http-api.md"
MAIN = "from steelyard.interfaces.cli.main import main; main()"


@pytest.fixture
def address(tmp_path):
    (tmp_path / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", "0", "--lang", "en"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield re.search(r"http://\S+", server.stderr.readline())[0]
    finally:
        server.terminate()
        server.wait(10)


def raw(port, text):
    """The status that is answered to bytes as they are, and the whole; nothing where it is cut off."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, suppress(OSError):
        connection.sendall(text)
        while piece := connection.recv(65536):
            found += piece
    return found.split(b" ")[1] if found else b"", found


def test_a_browser_and_a_program_are_answered_and_an_attacker_is_not(address, tmp_path, monkeypatch):
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(address) as answer:
        page = answer.read().decode()
        assert "A rebalance is due." in page
        assert "code=" not in answer.url
    base, port = address.split("/start")[0], int(re.search(r":(\d+)/", address)[1])

    # The program of the guide, as it stands there.
    (program,) = re.findall(r"```py\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {"address": base}
    exec(program, names)
    assert names["due"] is True
    assert names["orders"]
    assert names["kept"]["id"] == names["made"]["id"]

    # Events as they happen, taken up after the one that is known.
    token = (tmp_path / ".steelyard-page-token").read_text().strip()
    head = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    with urlopen(Request(f"{base}/v1/events", headers=head), timeout=10) as stream:
        lines = [stream.readline().decode() for _ in range(5)]
    assert [line.partition(":")[0] for line in lines] == ["", "\n", "id", "event", "data"]
    head["Last-Event-ID"] = lines[2][4:].strip()
    call = names["call"]
    with urlopen(Request(f"{base}/v1/events", headers=head), timeout=10) as stream:
        second = call("/v1/plans", {"kind": "invest", "amount": "3000000"})["id"]
        lines = [stream.readline().decode() for _ in range(5)]
    assert second in lines[4]

    host = f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n".encode()
    assert raw(port, b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")[0] == b"421"
    assert raw(port, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")[0] in (b"400", b"421")
    assert b"server:" not in raw(port, b"GET / HTTP/1.1\r\n" + host + b"\r\n")[1].lower()
    long = b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * 200_000 + b"\r\n\r\n"
    assert raw(port, long)[0] in (b"", b"400", b"431")
    two = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
    assert raw(port, b"POST /settings HTTP/1.1\r\n" + host + two)[0] in (b"400", b"403")
    with pytest.raises(OSError, match=r"refused|reset|unreach"):
        socket.create_connection((_own_address(), port), timeout=2)


def test_who_sends_a_header_a_while_is_given_up(monkeypatch):
    """Slowloris: a letter now and then would hold a connection for ever; whole requests go on for as long."""
    import threading
    import time

    import uvicorn

    from steelyard.interfaces.web import patience

    monkeypatch.setattr(patience, "HEADER_SECONDS", 0.4)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, http=patience.Patient, lifespan="off", log_level="error"))
        running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as good:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
                slow.sendall(b"GET / HTTP/1.1\r\n")
                closed = False
                while not closed:
                    good.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert good.recv(4096).startswith(b"HTTP/1.1 204")
                    try:
                        slow.sendall(b"X")
                        slow.settimeout(0.05)
                        closed = slow.recv(1) == b""
                    except TimeoutError:
                        time.sleep(0.05)
                    except OSError:
                        closed = True
            good.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert good.recv(4096).startswith(b"HTTP/1.1 204")
        server.should_exit = True
        running.join(10)


def _own_address():
    """Another address of this machine than the loopback it listens on."""
    return "127.0.0.2"
