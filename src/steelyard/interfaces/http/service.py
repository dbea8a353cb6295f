"""How a call becomes a reply: addresses are looked up, errors become problems; no rule lives here.

Documents are those of the commands with `--json`. Who may call is seen to by whoever listens
(`interfaces.web`); here a call is a value and so is its reply.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import steelyard
from steelyard.domain.days import read_day
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError, SteelyardError
from steelyard.interfaces.http.feed import Feed
from steelyard.interfaces.http.jobs import Jobs
from steelyard.interfaces.http.repeats import Repeats
from steelyard.interfaces.http.replies import Call, Reply, Trouble, broken, refused
from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Route:
    """One address: how its path reads, and what answers.

    Attributes:
        method: Of HTTP.
        path: A pattern of the whole path.
        answer: Makes the reply.
        query: What may stand behind the question mark.
        writes: It has its effect once, by an Idempotency-Key.
        heavy: It may take long, and waits in a queue of its own.
    """

    method: str
    path: re.Pattern[str]
    answer: Callable[[Service, Call, Mapping[str, str]], Reply]
    query: tuple[str, ...] = ()
    writes: bool = False
    heavy: bool = False


class Service:
    """The API of one or several portfolio files.

    Args:
        files: By the name that each has in addresses.
        routes: The addresses there are.
        as_of: The day to evaluate for, None for today.
        orders: Says whether a plan may be approved now.
        jobs: What takes long and is asked for again.
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        routes: Sequence[Route],
        as_of: date | None = None,
        *,
        orders: Callable[[], bool] = lambda: False,
        jobs: Jobs | None = None,
    ) -> None:
        self.files, self.as_of, self.orders = files, as_of, orders
        self.jobs = jobs or Jobs()
        self.feed = Feed(files)
        self.jobs.changed = self.feed.heard
        self._routes = routes
        self._repeats = Repeats()

    def answer(self, call: Call) -> Reply:
        """Answer a call; whatever goes wrong is a problem document."""
        return guarded(lambda: self._answer(call))

    def is_heavy(self, method: str, path: str) -> bool:
        """Say whether a call may take long, so that it waits where it keeps nobody else."""
        return any(r.heavy and r.method == method and r.path.fullmatch(path) for r in self._routes)

    def _answer(self, call: Call) -> Reply:
        fitting = [(r, found) for r in self._routes if (found := r.path.fullmatch(call.path))]
        if not fitting:
            raise Trouble(404, "no-address", say("there is no such address"), say("see /openapi.json"))
        route, found = next(((r, f) for r, f in fitting if r.method == call.method), (None, fitting[0][1]))
        if route is None:
            allowed = ", ".join(sorted({r.method for r, _ in fitting}))
            raise Trouble(
                405,
                "no-method",
                say("this address takes {methods}", methods=allowed),
                say("see /openapi.json"),
                allow=allowed,
            )
        for name in call.query:
            if name not in route.query:
                raise unknown(name)
        if not route.writes:
            return route.answer(self, call, found.groupdict())
        earlier = self._repeats.begin(call)
        if earlier is not None:
            return earlier
        reply = broken()
        try:
            reply = guarded(lambda: route.answer(self, call, found.groupdict()))
        finally:
            self._repeats.end(call, reply)
        return reply

    def file(self, name: str | None) -> tuple[str, Path]:
        """Return name and file of a portfolio; without a name the only one.

        Raises:
            Trouble: There is none (404), or it is not said which of several (422).
        """
        if name is None:
            if len(self.files) > 1:
                raise wrong("portfolio", say("there are several portfolios, and none is named"))
            return next(iter(self.files.items()))
        if name not in self.files:
            raise Trouble(
                404,
                "no-portfolio",
                say("there is no portfolio {name!r}", name=name),
                say("see /v1/portfolios"),
            )
        return name, self.files[name]

    def portfolio(self, name: str, as_of: date | None) -> Portfolio:
        """Return the portfolio of a name.

        Raises:
            Trouble: There is none (404).
        """
        return steelyard.load(self.file(name)[1], as_of=as_of)

    def day(self, raw: str | None) -> date | None:
        """Return the day that is asked for, the server's own without one.

        Raises:
            InputError: It is none (`date`).
        """
        if raw is None:
            return self.as_of
        try:
            return read_day(raw)
        except ValueError as error:
            raise InputError("date", error.args[0], say("give a day such as 2026-11-23")) from None


def guarded(make: Callable[[], Reply]) -> Reply:
    """Return a reply, or the problem that kept it from being made."""
    try:
        return make()
    except Trouble as trouble:
        return trouble.reply
    except SteelyardError as error:
        return refused(error)
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return broken()


def unknown(name: str) -> Trouble:
    """Return the refusal of a field that is not known."""
    return wrong(name, say("{name!r} is not known here", name=name))


def wrong(name: str, text: str) -> Trouble:
    """Return the refusal of a field."""
    return Trouble(422, "field", text, say("see {name!r} in /openapi.json", name=name))
