"""Attacks on a server of this machine: every one is refused before a page is made, and tells nothing.

The names of attacks are those of `docs/guides/page.md`; what is right is said by RFC 9110, the Fetch
standard's metadata headers and the advisories that the reference of this page lists, never by the guard.
"""

import re
import stat
from datetime import date

import pytest

pytest.importorskip("starlette")

from steelyard.api.serving import page_token, sample_text
from steelyard.errors import InputError
from steelyard.interfaces.web import guard
from steelyard.interfaces.web.application import PAGES, Site, application
from steelyard.interfaces.web.guard import Guard, Limits, name_in
from steelyard.interfaces.web.sessions import Sessions

from .asking import HOST, PORT, TOKEN, Browser, ask

EVIL = "<script>alert(1)</script>"
OWN = {"host": HOST, "sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    (folder / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    return folder / "portfolio.toml"


@pytest.fixture(scope="module")
def browser(file):
    return Browser(file, as_of=date(2026, 11, 23))


FOREIGN_NAMES = (
    "evil.example", "evil.example:8765", "127.0.0.1.evil.example", "evil.example:80@127.0.0.1",
    "127.0.0.1:80@evil.example",
    "localhost.", "localhost.evil.example", "0.0.0.0:8765", "127.0.0.2", "2130706433", "0x7f000001", "127.1",
    "[::ffff:127.0.0.1]:8765", "192.168.0.5:8765", "", " 127.0.0.1", "127.0.0.1:", "127.0.0.1:8765:1",
    "127.0.0.1:eight", "127.0.0.1:١٢", "127.0.0.1, evil.example", "localhost/..",
    "steelyard.local", "LOCALHOST.EVIL",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("host", FOREIGN_NAMES)
def test_a_name_that_is_not_this_machine_is_refused_on_every_method(browser, host, method):
    """Rebinding: somebody else's name points here. 421 of RFC 9110; a good cookie changes nothing."""
    cookie = f"{browser.sessions.cookie}={browser.cookies[browser.sessions.cookie]}"
    headers = [("cookie", cookie), ("sec-fetch-site", "same-origin")]
    raw = host.encode("utf-8").decode("latin-1")
    answer = ask(browser.app, method, "/", [*headers, ("host", raw)])
    assert answer.status == 421
    assert "script" not in answer.text


@pytest.mark.parametrize("hosts", [[], [HOST, "evil.example"], [HOST, HOST]], ids=["none", "two", "twice"])
def test_a_request_names_one_host(browser, hosts):
    assert ask(browser.app, "GET", "/", [("host", h) for h in hosts]).status == 421


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost:8765", "LocalHost:80", "[::1]:8765", "[::1]"]
)
def test_the_names_of_this_machine_pass_on_any_port(browser, host):
    assert ask(browser.app, "GET", "/", [("host", host)]).status == 401


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_not_taken(browser, method):
    answer = ask(browser.app, method, "/", [("host", HOST), ("origin", "https://evil.example")])
    assert answer.status == 405
    assert not [name for name, _ in answer.headers if name.startswith(b"access-control")]


FORGED = (
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": f"http://{HOST}"},
    {"sec-fetch-site": "none", "origin": "https://evil.example"}, {"origin": "null"},
    {"origin": "https://evil.example"},
    {"origin": f"https://{HOST}"}, {"origin": "http://127.0.0.1:9999"}, {"origin": "http://localhost"},
    {"origin": f"http://{HOST}.evil.example"}, {"origin": f"http://{HOST}@evil.example"}, {},
    {"sec-fetch-site": "invented"},
    {"referer": f"http://{HOST}/"}, {"sec-fetch-site": "SAME-ORIGIN"},
)  # fmt: skip


@pytest.mark.parametrize("headers", FORGED, ids=str)
@pytest.mark.parametrize("path", ["/settings", "/sign-in", "/nothing"])
def test_nothing_is_changed_for_another_page(browser, headers, path):
    cookie = f"{browser.sessions.cookie}={browser.cookies[browser.sessions.cookie]}"
    form = [("content-type", "application/x-www-form-urlencoded"), ("content-length", "8")]
    answer = ask(
        browser.app, "POST", path, [("host", HOST), ("cookie", cookie), *form, *headers.items()], b"lang=ko&"
    )
    assert answer.status == 403
    assert answer.cookies == {}


def test_a_form_of_this_page_passes_as_a_browser_sends_it(browser):
    """Chromium under `no-referrer`: the origin is null, and it is said to be the same (seen in 150)."""
    answer = browser.post("/settings", {"theme": "dark"}, follow=False, origin="null")
    assert answer.cookies == {"steelyard-theme": "dark"}


def test_two_origins_are_none_that_can_be_trusted(browser):
    headers = [("host", HOST), ("origin", f"http://{HOST}"), ("origin", "https://evil.example")]
    assert ask(browser.app, "POST", "/settings", headers).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("mode", ["no-cors", "cors", "websocket", ""])
def test_another_page_reads_nothing(browser, site, mode):
    headers = {"host": HOST, "sec-fetch-site": site, "sec-fetch-mode": mode}
    assert ask(browser.app, "GET", "/static/page.js", headers.items()).status == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("content-length", "70000")], 413),
        ([("content-length", "9" * 5000)], 413),
        ([("content-length", "-1")], 400),
        ([("content-length", "1e3")], 400),
        ([("content-length", "5"), ("content-length", "6")], 400),
        ([("content-length", "5"), ("transfer-encoding", "chunked")], 400),
        ([("content-length", "")], 400),
    ],
)
def test_a_body_of_unclear_or_too_great_length_is_not_read(browser, headers, status):
    assert ask(browser.app, "POST", "/settings", [*OWN.items(), *headers], b"x").status == status


def test_a_body_that_goes_on_is_cut_off(browser):
    pieces = [b"x" * 4096] * 100
    answer = ask(
        browser.app, "POST", "/settings", [*OWN.items(), ("transfer-encoding", "chunked")], pieces=pieces
    )
    assert answer.status == 413


def test_a_body_that_never_comes_is_given_up():
    async def beneath(scope, receive, send):
        raise AssertionError("was asked")

    waiting = Guard(beneath, PORT, Limits(seconds=0.01))
    assert ask(waiting, "POST", "/", [*OWN.items(), ("content-length", "5")], silent=True).status == 408


def test_a_socket_is_closed_and_never_accepted(browser):
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(browser.app({"type": "websocket", "headers": [], "path": "/"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


ADDRESSES = (
    "/", "/nothing", "/static/style.css", "/static/nothing", "/sign-in", "/start?code=wrong", "/start",
    *(page.path for page in PAGES),
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("host", [HOST, "evil.example"])
def test_every_answer_carries_the_policy_and_no_leave_for_others(browser, address, host):
    answer = ask(browser.app, "GET", address, [("host", host)])
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "no-referrer"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    assert not [name for name, _ in answer.headers if name.lower().startswith(b"access-control")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_needs_no_policy_weaker_than_that(browser, page):
    """No style and no script stands in a page, and nothing in it is fetched from elsewhere."""
    text = browser.get(page.path).text
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", text)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize(
    "cookie", ["", "steelyard-8765=", "steelyard-8765=guess", "steelyard-8766={}", "other={}"]
)
def test_a_page_is_shown_to_nobody_who_is_not_signed_in(browser, page, cookie):
    session = browser.cookies[browser.sessions.cookie]
    for method in ("GET", "POST"):
        answer = ask(browser.app, method, page.path, [*OWN.items(), ("cookie", cookie.format(session))])
        assert answer.status in (401, 404)
        assert "VOO" not in answer.text


def test_the_start_code_works_once_and_its_address_is_left_behind(file):
    sessions = Sessions(PORT, TOKEN)
    app = application(Site({"portfolio": file}, sessions, PORT))
    address = f"/start?code={sessions.start_code}"
    first = ask(app, "GET", address, OWN.items())
    assert (first.status, first.header("location")) == (303, "/")
    (cookie,) = [value.decode() for name, value in first.headers if name == b"set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert sessions.start_code not in cookie
    second = ask(app, "GET", address, OWN.items())
    assert second.status == 403
    assert second.cookies == {}


@pytest.mark.parametrize("code", ["", "wrong", "ü", "a" * 100_000, "%00", EVIL, "' or '1'='1"])
def test_a_guessed_code_opens_nothing_and_is_not_repeated(file, code):
    sessions = Sessions(PORT, TOKEN)
    answer = ask(
        application(Site({"portfolio": file}, sessions, PORT)),
        "GET",
        "/start?code=" + code.replace("'", "%27"),
        OWN.items(),
    )
    assert answer.status == 403
    assert answer.cookies == {}
    assert EVIL not in answer.text
    assert sessions.exchange(sessions.start_code)  # a guess does not use it up


def test_who_holds_the_token_signs_in_and_nobody_else(browser, file):
    other = Browser(file)
    other.cookies = {}
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "Ü", EVIL):
        answer = other.post("/sign-in", {"token": wrong})
        assert answer.status == 403
        assert TOKEN not in answer.text
        assert EVIL not in answer.text
    assert other.post("/sign-in", {"token": f" {TOKEN}\n"}).status == 200


def test_a_session_of_another_server_is_none_of_this_one(browser, file):
    stranger = Browser(file)
    stranger.cookies = dict(browser.cookies)
    assert stranger.get("/").status == 401


def test_so_many_browsers_are_signed_in_and_the_oldest_goes():
    sessions = Sessions(PORT, TOKEN)
    made = [sessions.sign_in(TOKEN) for _ in range(65)]
    assert [sessions.is_known(s) for s in (made[0], made[1], made[64])] == [False, True, True]
    assert not sessions.is_known(None)


@pytest.mark.parametrize(
    "goal",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "overview\r\nSet-Cookie: a=b",
        "holdings/../..",
    ],
)
def test_no_form_and_no_address_leads_out(browser, goal):
    answer = browser.post("/settings", {"page": goal}, follow=False)
    assert (answer.status, answer.header("location")) == (303, "/")
    assert browser.get(f"/?next={goal}&page={goal}".replace("\r\n", "%0d%0a")).status == 200


@pytest.mark.parametrize(
    "fields", [{"lang": EVIL}, {"theme": EVIL}, {"private": "maybe"}, {"session": "x"}, {"lang": "../ko"}]
)
def test_a_setting_is_one_of_ours_or_it_is_not_kept(browser, fields):
    assert browser.post("/settings", fields, follow=False).cookies == {}


@pytest.mark.parametrize(
    "name",
    ["../application.py", "..%2fapplication.py", "....//app.js", "%2e%2e/templates/frame.html",
     "style.css%00", "/etc/passwd",
     "STYLE.CSS", "..\\app.js", "style.css/", ".", ""],
)  # fmt: skip
def test_only_the_sheets_and_scripts_are_handed_out(browser, name):
    from urllib.parse import unquote

    answer = ask(browser.app, "GET", f"/static/{unquote(name)}", OWN.items())
    assert answer.status == 404
    assert "def " not in answer.text


def test_what_a_file_says_is_shown_as_text(tmp_path):
    """Names of funds, accounts and folders are somebody else's words."""
    folder = tmp_path / "a<b>&'house"
    folder.mkdir()
    quoted = EVIL.replace('"', "'")
    text = sample_text().replace('name = "main"', f'name = "{quoted}"')
    (folder / "portfolio.toml").write_text(
        text + f'\n[instruments."EVIL"]\nname = "{quoted}"\n', encoding="utf-8"
    )
    browser = Browser(folder / "portfolio.toml", as_of=date(2026, 11, 23))
    for page in PAGES:
        text = browser.get(page.path + f"?account={EVIL}&cash={EVIL}&kind={EVIL}&q={EVIL}").text
        assert EVIL not in text
        assert "a<b>" not in text


def test_what_is_wrong_with_a_file_is_shown_as_text(tmp_path):
    (tmp_path / "portfolio.toml").write_text(sample_text().replace("VOO =", f'"{EVIL}" ='), encoding="utf-8")
    browser = Browser(tmp_path / "portfolio.toml")
    answer = browser.get("/")
    assert answer.status == 422
    assert EVIL not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_mistake_of_the_program_shows_no_trace(browser, monkeypatch, capsys):
    monkeypatch.setattr("steelyard.interfaces.web.weights.hundred", lambda fractions: 1 / 0)
    answer = browser.get("/")
    assert answer.status == 500
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_token_is_made_once_and_only_its_owner_reads_it(tmp_path):
    file = tmp_path / "portfolio.toml"
    token = page_token(file)
    kept = tmp_path / ".steelyard-page-token"
    assert page_token(file) == token == kept.read_text().strip()
    assert len(token) >= 43  # 256 bits
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.chmod(0o644)
    page_token(file)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "short\n", "ü" * 40, "a" * 30 + "\nb"])
def test_a_token_that_can_be_guessed_is_refused(tmp_path, text):
    (tmp_path / ".steelyard-page-token").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        page_token(tmp_path / "portfolio.toml")
    assert caught.value.code == "page-token"


def test_the_address_that_is_listened_to_is_this_machine_alone():
    from steelyard.interfaces.web import server

    with server._listening(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        with pytest.raises(InputError) as caught:
            server._listening(listener.getsockname()[1])
    assert caught.value.code == "port"


def test_a_host_is_read_to_its_port_and_no_further():
    assert name_in("LOCALHOST:1") == "localhost"
    assert name_in("[::1]") in guard.NAMES
