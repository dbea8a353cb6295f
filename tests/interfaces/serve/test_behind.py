"""From another computer: by a proxy that says it was encrypted, with the password, never by guessing."""

from datetime import date

import pytest

pytest.importorskip("starlette")

from steelyard.api.serving import page_password, sample_text
from steelyard.errors import InputError
from steelyard.interfaces.web.application import Site, application
from steelyard.interfaces.web.behind import FREE, Guesses, name_of
from steelyard.interfaces.web.sessions import Sessions

from .asking import HOST, PORT, TOKEN, ask

NAME, PASSWORD = "home.example", "a long sentence of yours"
AWAY = {"host": NAME, "x-forwarded-proto": "https", "sec-fetch-site": "same-origin"}


@pytest.fixture
def site(tmp_path):
    (tmp_path / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    files = {"portfolio": tmp_path / "portfolio.toml"}
    return Site(files, Sessions(PORT, TOKEN, PASSWORD), PORT, date(2026, 11, 23), behind=NAME)


def sign_in(app, shown, **headers):
    body = f"token={shown.replace(' ', '+')}".encode()
    kind = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
    return ask(app, "POST", "/sign-in", {**AWAY, **kind, **headers}.items(), body)


def test_who_comes_by_the_proxy_shows_the_password_and_gets_a_cookie_for_tls_alone(site):
    app = application(site)
    assert ask(app, "GET", "/", AWAY.items()).status == 401
    answer = sign_in(app, PASSWORD)
    assert answer.status == 303
    (cookie,) = [v.decode() for k, v in answer.headers if k == b"set-cookie"]
    assert "; Secure" in cookie
    assert "HttpOnly" in cookie
    jar = {"cookie": cookie.partition(";")[0]}
    assert "VOO" in ask(app, "GET", "/", {**AWAY, **jar}.items()).text
    assert ask(app, "GET", "/", {**AWAY, **jar, "host": f"{NAME}:443"}.items()).status == 200
    near = sign_in(app, TOKEN, host=HOST)
    assert "; Secure" not in near.header("set-cookie")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-proto": "http"}, {"x-forwarded-proto": ""}, {"x-forwarded-proto": "https, http"},
        {"host": "other.example"}, {"host": f"{NAME}.evil.example"}, {"host": f"{NAME}:8765"},
        {"host": f"x@{NAME}"}, {"host": f"{NAME}."}, {"host": f"evil.{NAME}"},
    ],
)  # fmt: skip
def test_that_name_is_refused_in_any_other_way(site, headers):
    assert ask(application(site), "GET", "/", {**AWAY, **headers}.items()).status == 421
    twice = [*AWAY.items(), ("x-forwarded-proto", "https")]
    assert ask(application(site), "GET", "/", twice).status == 421


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://home.example",
        "https://home.example:8443",
        "https://home.example.evil.org",
    ],
)
def test_a_form_of_another_page_is_refused_there_as_well(site, origin):
    assert sign_in(application(site), PASSWORD, origin=origin).status == 403


def test_a_form_of_its_own_passes(site):
    assert sign_in(application(site), PASSWORD, origin=f"https://{NAME}").status == 303


def test_guessing_takes_longer_each_time(site):
    """Nine guesses are free; the tenth waits one second, the eleventh two, at the most five minutes."""
    app = application(site)
    now = [0.0]
    site.sessions.guesses = Guesses(lambda: now[0])
    for _ in range(FREE - 1):
        assert sign_in(app, "guess").status == 403
    waits = []
    for _ in range(12):
        answer = sign_in(app, "guess")
        assert answer.status == 429
        waits.append(int(answer.header("retry-after")))
        assert sign_in(app, PASSWORD).status == 429  # also what is right, while it waits
        now[0] += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert sign_in(app, PASSWORD).status == 303
    assert sign_in(app, "guess").status == 403


@pytest.mark.parametrize(
    "url",
    ["http://home.example", "home.example", "https://", "https://home.example/path", "https://u:p@home.example",
     "https://home.example?x=1", "https://[::1", "https://home.example:port", ""],
)  # fmt: skip
def test_without_tls_there_is_no_other_name(url):
    with pytest.raises(InputError):
        name_of(url)


def test_a_name_has_its_port_where_it_is_another():
    assert name_of("https://Home.Example/") == "home.example"
    assert name_of("https://home.example:443") == "home.example"
    assert name_of("https://home.example:8443") == "home.example:8443"


def test_a_password_is_in_a_file_of_its_owner_and_long(tmp_path):
    file = tmp_path / "password.txt"
    for text, rights in (
        ("short", 0o600),
        (PASSWORD, 0o644),
        (PASSWORD, 0o660),
        ("two\nlines of a password", 0o600),
    ):
        file.write_text(text)
        file.chmod(rights)
        with pytest.raises(InputError):
            page_password(file)
    with pytest.raises(InputError):
        page_password(tmp_path / "none")
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    assert page_password(file) == PASSWORD


@pytest.mark.parametrize(
    ("behind", "file"), [("https://home.example", None), ("", "p.txt"), ("http://x", "p.txt")]
)
def test_an_address_and_a_password_are_given_both_or_neither(behind, file, tmp_path):
    pytest.importorskip("uvicorn")
    from steelyard.interfaces.web.server import serve

    (tmp_path / "p.txt").write_text(PASSWORD)
    (tmp_path / "p.txt").chmod(0o600)
    asked = {"behind": behind, "password_file": file and tmp_path / file}
    with pytest.raises(InputError):
        serve(tmp_path / "portfolio.toml", port=0, as_of=None, told=print, **asked)
