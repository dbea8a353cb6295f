"""The page as an application: which address is which screen, and who may see it."""

from __future__ import annotations

import gzip
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from steelyard import languages
from steelyard.errors import SteelyardError
from steelyard.extras import ExtraMissing
from steelyard.interfaces.http.replies import Call, Trouble, status_of
from steelyard.interfaces.http.service import Service, contract
from steelyard.interfaces.web.display import Display
from steelyard.interfaces.web.guard import Application, Guard, Limits
from steelyard.interfaces.web.pages.books import books
from steelyard.interfaces.web.pages.health import health
from steelyard.interfaces.web.pages.history import history
from steelyard.interfaces.web.pages.holdings import holdings
from steelyard.interfaces.web.pages.orders import orders
from steelyard.interfaces.web.pages.overview import overview
from steelyard.interfaces.web.pages.plan import plan
from steelyard.interfaces.web.pages.portfolio import portfolio
from steelyard.interfaces.web.pages.tax import tax
from steelyard.interfaces.web.sessions import Sessions
from steelyard.interfaces.web.visit import Screen, Upload, Visit, Waiting
from steelyard.records import dataclass
from steelyard.words import say

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import RedirectResponse, Response
    from starlette.routing import Route
except ImportError:
    raise ExtraMissing("serve", say("the page"), "starlette") from None

HERE = Path(__file__).parent
THEMES = ("light", "dark")
KINDS = {".svg": "image/svg+xml", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Page:
    """One address.

    Attributes:
        path: Of this server.
        show: Makes its screen.
        name: By which templates and forms call it.
        takes: Whether something may be sent to it.
        uploads: Whether that may be a file.
    """

    path: str
    show: Callable[[Visit], Screen]
    name: str
    takes: bool = False
    uploads: bool = False


PAGES = (
    Page("/", overview, "overview"),
    Page("/plan", plan, "plan", takes=True),
    Page("/tax", tax, "tax"),
    Page("/orders", orders, "orders", takes=True),
    Page("/holdings", holdings, "holdings"),
    Page("/history", history, "history"),
    Page("/books", books, "books", takes=True, uploads=True),
    Page("/portfolio", portfolio, "portfolio", takes=True),
    Page("/health", health, "health"),
)
PATHS = {page.name: page.path for page in PAGES}


@dataclass(frozen=True, slots=True)
class Site:
    """What one server shows.

    Attributes:
        file: The portfolio file.
        sessions: Who may look.
        port: Where it listens.
        as_of: The day to evaluate for, None for today, always.
        orders: Whether orders may be sent.
    """

    file: Path
    sessions: Sessions
    port: int
    as_of: date | None = None
    orders: bool = False


def application(site: Site) -> Application:
    """Return the application of a site, behind its guard."""
    screens = Screens(site)
    routes = [
        Route("/start", screens.start, methods=["GET"]),
        Route("/sign-in", screens.sign_in, methods=["GET", "POST"]),
        Route("/settings", screens.settings, methods=["POST"]),
        Route("/static/{name}", screens.static, methods=["GET"]),
        Route("/openapi.json", screens.contract, methods=["GET"]),
        Route("/v1/{rest:path}", screens.api, methods=["GET", "POST"]),
        *(
            Route(page.path, screens.of(page), methods=["GET", "POST"] if page.takes else ["GET"])
            for page in PAGES
        ),
    ]
    app = Starlette(routes=routes, exception_handlers={404: screens.absent, 405: screens.absent})
    app.router.redirect_slashes = False  # It would answer with an address made from what was sent.
    uploads = frozenset(page.path for page in PAGES if page.uploads)
    return Guard(app, site.port, Limits(uploads))


class Screens:
    """The answers of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting = Waiting()
        self._service = Service(site.file, site.as_of, orders=site.orders)
        self._static = {
            path.name: path.read_bytes() for path in (HERE / "static").iterdir() if path.suffix in KINDS
        }
        # One request for all scripts.
        self._static["page.js"] = self._static.pop("htmx.min.js") + b"\n" + self._static.pop("app.js")
        self._packed = {name: gzip.compress(body, 9, mtime=0) for name, body in self._static.items()}
        everything = b"".join(self._static[name] for name in sorted(self._static))
        self._version = sha256(everything).hexdigest()[:12]
        self._templates = Environment(
            loader=PackageLoader("steelyard.interfaces.web"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def of(self, page: Page) -> Callable[[Request], Any]:
        """Return what answers for one page."""

        async def answer(request: Request) -> Response:
            if not self._is_known(request):
                return self._html(request, Screen("sign-in.html", {"wrong": False}, 401), "")
            visit = await self._visit(request)
            return await run_in_threadpool(self._answer, request, page, visit)

        return answer

    def _answer(self, request: Request, page: Page, visit: Visit) -> Response:
        try:
            screen = page.show(visit)
        except SteelyardError as error:
            screen = fault(error)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            screen = Screen("bug.html", status=500)
        if screen.goto:
            return RedirectResponse(screen.goto, status_code=303, headers={"cache-control": "no-store"})
        if not screen.template:
            headers = {"cache-control": "no-store"}
            if screen.name:
                headers["content-disposition"] = f'attachment; filename="{screen.name}"'
            return Response(screen.content, screen.status, headers, screen.kind)
        return self._html(request, screen, page.name, visit)

    async def start(self, request: Request) -> Response:
        """Exchange the start code for a session, and leave its address behind."""
        session = self._site.sessions.exchange(request.query_params.get("code", ""))
        if session is None:
            return self._html(request, Screen("sign-in.html", {"wrong": False}, 403), "")
        return self._signed_in(session)

    async def sign_in(self, request: Request) -> Response:
        """Let in who knows the token."""
        if request.method != "POST":
            return self._html(request, Screen("sign-in.html", {"wrong": False}), "")
        form, _ = await _fields(request)
        session = self._site.sessions.sign_in(form.get("token", "").strip())
        if session is None:
            return self._html(request, Screen("sign-in.html", {"wrong": True}, 403), "")
        return self._signed_in(session)

    def _signed_in(self, session: str) -> Response:
        answer = RedirectResponse("/", status_code=303, headers={"cache-control": "no-store"})
        self._remember(answer, self._site.sessions.cookie, session, None)
        return answer

    async def settings(self, request: Request) -> Response:
        """Keep a reader's language, theme and privacy, and go back to a page of ours."""
        if not self._is_known(request):
            return self._html(request, Screen("sign-in.html", {"wrong": False}, 401), "")
        form, _ = await _fields(request)
        answer = RedirectResponse(
            PATHS.get(form.get("page", ""), "/"), status_code=303, headers={"cache-control": "no-store"}
        )
        for name, allowed in (("lang", languages.available()), ("theme", THEMES), ("private", ("yes", "no"))):
            if form.get(name) in allowed:
                self._remember(answer, f"steelyard-{name}", form[name], YEAR)
        return answer

    async def static(self, request: Request) -> Response:
        """Return a sheet or a script, by its exact name."""
        name = request.path_params["name"]
        if name not in self._static:
            return await self.absent(request, None)
        headers = {"cache-control": f"private, max-age={YEAR}, immutable", "vary": "accept-encoding"}
        packed = "gzip" in request.headers.get("accept-encoding", "")
        if packed:
            headers["content-encoding"] = "gzip"
        body = (self._packed if packed else self._static)[name]
        return Response(body, headers=headers, media_type=KINDS[Path(name).suffix])

    async def contract(self, request: Request) -> Response:
        """Return the contract of the API; it tells nothing of anybody."""
        return Response(contract(), headers={"cache-control": "no-store"}, media_type="application/json")

    async def api(self, request: Request) -> Response:
        """Answer a program that shows the token; the session of a browser is none."""
        wanted = request.headers.get("accept-language", "").lower()
        language = languages.language("ko" if wanted.startswith("ko") else "en")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._site.sessions.is_token(token.strip()):
            reply = Trouble(
                401,
                "unauthorized",
                say("the token is missing or wrong"),
                say("send Authorization: Bearer with the text of .steelyard-page-token"),
                www_authenticate="Bearer",
            ).reply
        else:
            call = Call(
                request.method,
                request.url.path,
                dict(request.query_params),
                {name.lower(): value for name, value in request.headers.items()},
                await request.body(),
                language,
            )
            reply = await run_in_threadpool(self._service.answer, call)
        headers = {"cache-control": "no-store", **reply.headers}
        return Response(reply.body(language), reply.status, headers, reply.kind)

    async def absent(self, request: Request, _: Exception | None) -> Response:
        """Say that there is nothing, in the same words for whatever was asked."""
        return self._html(request, Screen("absent.html", status=404), "")

    def _is_known(self, request: Request) -> bool:
        sessions = self._site.sessions
        return sessions.is_known(request.cookies.get(sessions.cookie))

    async def _visit(self, request: Request) -> Visit:
        form, files = await _fields(request) if request.method == "POST" else ({}, {})
        return Visit(
            file=self._site.file,
            display=self._display(request),
            as_of=self._site.as_of,
            query=dict(request.query_params),
            form=form,
            files=files,
            orders=self._site.orders,
            waiting=self._waiting,
        )

    def _display(self, request: Request) -> Display:
        """Return how a reader sees figures: as they said, else as the file or their browser says."""
        cookies = request.cookies
        code = cookies.get("steelyard-lang")
        if code not in languages.available():
            wanted = request.headers.get("accept-language", "").lower()
            code = languages.of_file(self._site.file) or ("ko" if wanted.startswith("ko") else "en")
        theme = cookies.get("steelyard-theme", "")
        return Display(
            languages.language(code),
            private=cookies.get("steelyard-private") == "yes",
            theme=theme if theme in THEMES else "",
        )

    def _html(self, request: Request, screen: Screen, page: str, visit: Visit | None = None) -> Response:
        display = visit.display if visit is not None else self._display(request)
        facts: Mapping[str, Any] = {
            **display.facts(),
            "page": page,
            "known": visit is not None,
            "paths": PATHS,
            "version": self._version,
            "orders": self._site.orders,
            "matters": (),
            **screen.facts,
        }
        body = self._templates.get_template(screen.template).render(facts).encode()
        headers = {"cache-control": "no-store", "vary": "accept-encoding, cookie"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 6, mtime=0)
            headers["content-encoding"] = "gzip"
        return Response(body, screen.status, headers, "text/html; charset=utf-8")

    @staticmethod
    def _remember(answer: Response, name: str, value: str, seconds: int | None) -> None:
        answer.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="strict")


def fault(error: SteelyardError) -> Screen:
    """Return the screen of an error: every problem with what to do about it."""
    return Screen("fault.html", {"problems": error.problems}, status_of(error))


async def _fields(request: Request) -> tuple[dict[str, str], dict[str, Upload]]:
    """Return what a form sent, as text and as files; the last of a name counts."""
    texts: dict[str, str] = {}
    files: dict[str, Upload] = {}
    async with request.form(max_files=1, max_fields=200) as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                texts[name] = value
            elif value.filename:
                files[name] = Upload(Path(value.filename).name, await value.read())
    return texts, files
