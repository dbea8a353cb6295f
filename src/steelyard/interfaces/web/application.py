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
from urllib.parse import quote

from steelyard import languages
from steelyard.errors import SteelyardError
from steelyard.extras import ExtraMissing
from steelyard.interfaces.http.addresses import LARGE, ROUTES, contract
from steelyard.interfaces.http.jobs import Jobs
from steelyard.interfaces.http.leave import Leave
from steelyard.interfaces.http.replies import status_of
from steelyard.interfaces.http.service import Service
from steelyard.interfaces.mcp.shelf import Shelf
from steelyard.interfaces.web.display import Display
from steelyard.interfaces.web.guard import Application, Guard, Limits, is_behind
from steelyard.interfaces.web.lanes import Full, Lane
from steelyard.interfaces.web.pages.begin import begin
from steelyard.interfaces.web.pages.books import books
from steelyard.interfaces.web.pages.choice import choice
from steelyard.interfaces.web.pages.health import health
from steelyard.interfaces.web.pages.history import history
from steelyard.interfaces.web.pages.holdings import holdings
from steelyard.interfaces.web.pages.lab import lab
from steelyard.interfaces.web.pages.orders import orders
from steelyard.interfaces.web.pages.overview import overview
from steelyard.interfaces.web.pages.plan import plan
from steelyard.interfaces.web.pages.portfolio import portfolio
from steelyard.interfaces.web.pages.tax import tax
from steelyard.interfaces.web.sessions import Sessions
from steelyard.interfaces.web.visit import Screen, Upload, Visit, Waiting
from steelyard.records import dataclass, field
from steelyard.words import say

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import RedirectResponse, Response
    from starlette.routing import Route
except ImportError:
    raise ExtraMissing("serve", say("the page"), "starlette") from None

from steelyard.interfaces.web.api import Api
from steelyard.interfaces.web.assistants import Assistants

HERE = Path(__file__).parent
THEMES = ("light", "dark")
KINDS = {".svg": "image/svg+xml", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
YEAR = 365 * 24 * 3600
SCREENS, WAITING = 6, 120
"""Screens made at once, and screens that wait."""
BEGIN = "/begin"
"""Where everything leads for as long as there is no file."""
METHODS = ("GET", "POST", "PATCH", "DELETE")


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
    Page("/lab", lab, "lab", takes=True, uploads=True),
    Page("/books", books, "books", takes=True, uploads=True),
    Page("/portfolio", portfolio, "portfolio", takes=True),
    Page("/health", health, "health"),
    Page("/begin", begin, "begin", takes=True, uploads=True),
)
PATHS = {page.name: page.path for page in PAGES}


@dataclass(frozen=True, slots=True)
class Site:
    """What one server shows.

    Attributes:
        files: The portfolio files, by the name of each in addresses.
        sessions: Who may look.
        port: Where it listens.
        as_of: The day to evaluate for, None for today, always.
        orders: Whether plans may be approved, which ends by itself.
        jobs: What takes long.
        prices: Past prices for the backtests of assistants.
        can_send: Assistants may carry out what was approved.
        behind: The name of a proxy that ends TLS, empty for none.
    """

    files: Mapping[str, Path]
    sessions: Sessions
    port: int
    as_of: date | None = None
    orders: Leave = field(default_factory=lambda: Leave(0))
    jobs: Jobs = field(default_factory=Jobs)
    prices: Path | None = None
    can_send: bool = False
    behind: str = ""

    def prefix(self, name: str) -> str:
        """Return what addresses of a portfolio begin with; nothing where there is but one."""
        return f"/p/{quote(name)}" if len(self.files) > 1 else ""

    def shelf(self, name: str) -> Shelf:
        """Return what the tools of assistants look at."""
        return Shelf(self.files[name], self.as_of, self.prices, self.orders)

    @property
    def starts(self) -> tuple[str, ...]:
        """The beginnings of addresses as a server decodes them."""
        return tuple(f"/p/{name}" for name in self.files) if len(self.files) > 1 else ("",)


def application(site: Site) -> Application:
    """Return the application of a site, behind its guard."""
    screens = Screens(site)
    several = len(site.files) > 1
    service = Service(site.files, ROUTES, site.as_of, orders=site.orders, jobs=site.jobs)
    api = Api(service, site.sessions)
    routes = [
        Route("/start", screens.start, methods=["GET"]),
        Route("/sign-in", screens.sign_in, methods=["GET", "POST"]),
        Route("/settings", screens.settings, methods=["POST"]),
        Route("/static/{name}", screens.static, methods=["GET"]),
        Route("/openapi.json", screens.contract, methods=["GET"]),
        Route("/v1/{rest:path}", api.answer, methods=METHODS),
        *(
            Route(
                ("/p/" + name if several else "") + "/mcp",
                Assistants(site.shelf(name), api, can_send=site.can_send),
            )
            for name in site.files
        ),
        *([Route("/", screens.choice, methods=["GET"])] if several else ()),
        *(
            Route(
                ("/p/{portfolio}" if several else "") + page.path.rstrip("/" if several else ""),
                screens.of(page),
                methods=["GET", "POST"] if page.takes else ["GET"],
            )
            for page in PAGES
        ),
    ]
    app = Starlette(routes=routes, exception_handlers={404: screens.absent, 405: screens.absent})
    app.router.redirect_slashes = False  # It would answer with an address made from what was sent.
    uploads = frozenset(
        (*(start + page.path for page in PAGES if page.uploads for start in site.starts), *LARGE)
    )
    return Guard(app, site.port, Limits(uploads), site.behind)


class Screens:
    """The answers of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting = Waiting()
        self._lane = Lane(SCREENS, WAITING)
        self._static = {
            path.name: path.read_bytes() for path in (HERE / "static").iterdir() if path.suffix in KINDS
        }
        # One request for all scripts.
        self._static["page.js"] = self._static.pop("htmx.min.js") + b"\n" + self._static.pop("app.js")
        self._packed = {name: gzip.compress(body, 9, mtime=0) for name, body in self._static.items()}
        everything = b"".join(self._static[name] for name in sorted(self._static))
        self._version = sha256(everything).hexdigest()[:12]
        self._paths: dict[str, Mapping[str, str]] = {"": PATHS}
        for name in site.files:
            prefix = site.prefix(name)
            self._paths[name] = {
                page.name: prefix + (page.path.rstrip("/") if prefix else page.path) for page in PAGES
            }
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
            name = request.path_params.get("portfolio") or next(iter(self._site.files))
            if name not in self._site.files:
                return await self.absent(request, None)
            return await self._in_lane(request, self._answer, request, page, await self._visit(request, name))

        return answer

    async def choice(self, request: Request) -> Response:
        """Show which portfolios there are."""
        if not self._is_known(request):
            return self._html(request, Screen("sign-in.html", {"wrong": False}, 401), "")
        page = Page("/", self._chosen, "choice")
        visit = await self._visit(request, next(iter(self._site.files)))
        return await self._in_lane(request, self._answer, request, page, visit)

    def _chosen(self, visit: Visit) -> Screen:
        return choice(self._site.files, {n: self._site.prefix(n) for n in self._site.files}, visit)

    async def _in_lane(self, request: Request, answer: Callable[..., Response], *given: Any) -> Response:
        try:
            return await self._lane.run(answer, *given)
        except Full:
            found = self._html(request, Screen("busy.html", status=429), "")
            found.headers["retry-after"] = "1"
            return found

    def _answer(self, request: Request, page: Page, visit: Visit) -> Response:
        try:
            begins = not visit.file.exists() and page.name not in ("begin", "health")
            screen = Screen(goto=BEGIN) if begins else page.show(visit)
        except SteelyardError as error:
            screen = fault(error)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            screen = Screen("bug.html", status=500)
        if screen.goto:
            to = visit.prefix + screen.goto
            return RedirectResponse(to, status_code=303, headers={"cache-control": "no-store"})
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
        return self._signed_in(request, session)

    async def sign_in(self, request: Request) -> Response:
        """Let in who knows the token."""
        if request.method != "POST":
            return self._html(request, Screen("sign-in.html", {"wrong": False}), "")
        form, _ = await _fields(request)
        session = self._site.sessions.sign_in(form.get("token", "").strip())
        wait = self._site.sessions.guesses.wait
        if session is None and wait:
            answer = self._html(request, Screen("sign-in.html", {"wrong": True, "wait": wait}, 429), "")
            answer.headers["retry-after"] = str(wait)
            return answer
        if session is None:
            return self._html(request, Screen("sign-in.html", {"wrong": True}, 403), "")
        return self._signed_in(request, session)

    def _signed_in(self, request: Request, session: str) -> Response:
        answer = RedirectResponse("/", status_code=303, headers={"cache-control": "no-store"})
        self._remember(request, answer, self._site.sessions.cookie, session, None)
        return answer

    async def settings(self, request: Request) -> Response:
        """Keep a reader's language, theme and privacy, and go back to a page of ours."""
        if not self._is_known(request):
            return self._html(request, Screen("sign-in.html", {"wrong": False}, 401), "")
        form, _ = await _fields(request)
        name = form.get("portfolio", "")
        prefix = self._site.prefix(name) if name in self._site.files else ""
        path = prefix + PATHS.get(form.get("page", ""), "/") if prefix or len(self._site.files) == 1 else "/"
        answer = RedirectResponse(path, status_code=303, headers={"cache-control": "no-store"})
        for name, allowed in (("lang", languages.available()), ("theme", THEMES), ("private", ("yes", "no"))):
            if form.get(name) in allowed:
                self._remember(request, answer, f"steelyard-{name}", form[name], YEAR)
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

    async def absent(self, request: Request, _: Exception | None) -> Response:
        """Say that there is nothing, in the same words for whatever was asked."""
        return self._html(request, Screen("absent.html", status=404), "")

    def _is_known(self, request: Request) -> bool:
        sessions = self._site.sessions
        return sessions.is_known(request.cookies.get(sessions.cookie))

    async def _visit(self, request: Request, name: str) -> Visit:
        form, files = await _fields(request) if request.method == "POST" else ({}, {})
        return Visit(
            file=self._site.files[name],
            display=self._display(request, name),
            name=name,
            prefix=self._site.prefix(name),
            as_of=self._site.as_of,
            query=dict(request.query_params),
            form=form,
            files=files,
            orders=self._site.orders(),
            waiting=self._waiting,
            jobs=self._site.jobs,
        )

    def _display(self, request: Request, name: str = "") -> Display:
        """Return how a reader sees figures: as they said, else as the file or their browser says."""
        cookies = request.cookies
        code = cookies.get("steelyard-lang")
        if code not in languages.available():
            wanted = request.headers.get("accept-language", "").lower()
            file = self._site.files.get(name) or next(iter(self._site.files.values()))
            code = languages.of_file(file) or ("ko" if wanted.startswith("ko") else "en")
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
            "paths": {} if page == "choice" else self._paths[visit.name if visit is not None else ""],
            "portfolio_id": "" if visit is None or page == "choice" else visit.name,
            "several": len(self._site.files) > 1,
            "version": self._version,
            "orders": self._site.orders(),
            "orders_minutes": self._site.orders.minutes_left,
            "matters": (),
            "wait": 0,
            "behind": bool(self._site.behind),
            **screen.facts,
        }
        body = self._templates.get_template(screen.template).render(facts).encode()
        headers = {"cache-control": "no-store", "vary": "accept-encoding, cookie"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 6, mtime=0)
            headers["content-encoding"] = "gzip"
        return Response(body, screen.status, headers, "text/html; charset=utf-8")

    def _remember(
        self, request: Request, answer: Response, name: str, value: str, seconds: int | None
    ) -> None:
        away = is_behind(request.headers.get("host", ""), self._site.behind)
        answer.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=away
        )


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
