"""What each address of the API answers, over the library; no rule lives here.

Documents are those of the commands with `--json`. Who may call is seen to by whoever listens
(`interfaces.web`); here a call is a value and so is its reply.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args

import steelyard
from steelyard.api.serving import KeptPlan, kept_plan
from steelyard.domain.days import read_day
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Sell
from steelyard.errors import InputError, SteelyardError
from steelyard.interfaces.http.repeats import Repeats
from steelyard.interfaces.http.replies import Call, Reply, Trouble, broken, refused
from steelyard.records import dataclass
from steelyard.words import say

CONTRACT = Path(__file__).with_name("openapi.json")
PLAN_FIELDS: Mapping[str, type] = {
    "portfolio": str, "kind": str, "amount": str, "account": str, "as_of": str, "sell": str, "buy": bool,
    "accept_drift": str, "max_tax": str, "max_gain": str, "objective": str, "method": str,
    "fractional": bool, "save_tax": bool, "harvest": bool, "relocate": bool, "policy_gate": bool,
}  # fmt: skip
KINDS = ("rebalance", "invest", "withdraw")
SELLS: tuple[Sell, ...] = get_args(Sell)
_FULL = ("accept_drift", "max_tax", "max_gain", "objective", "fractional", "save_tax", "harvest", "relocate",
         "policy_gate", "sell")  # fmt: skip
_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Route:
    """One address: how its path reads, and what answers."""

    method: str
    path: re.Pattern[str]
    answer: Callable[[Service, Call, Mapping[str, str]], Reply]
    query: tuple[str, ...] = ()
    writes: bool = False


class Service:
    """The API of one portfolio file.

    Args:
        file: The portfolio file.
        as_of: The day to evaluate for, None for today.
        orders: Whether a plan may be approved.
    """

    def __init__(self, file: Path, as_of: date | None = None, *, orders: bool = False) -> None:
        self.file, self.as_of, self.orders = file, as_of, orders
        self._repeats = Repeats()

    def answer(self, call: Call) -> Reply:
        """Answer a call; whatever goes wrong is a problem document."""
        try:
            return self._answer(call)
        except Trouble as trouble:
            return trouble.reply
        except SteelyardError as error:
            return refused(error)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return broken()

    def _answer(self, call: Call) -> Reply:
        fitting = [(r, found) for r in ROUTES if (found := r.path.fullmatch(call.path))]
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
                raise _unknown(name)
        if not route.writes:
            return route.answer(self, call, found.groupdict())
        earlier = self._repeats.begin(call)
        if earlier is not None:
            return earlier
        reply = broken()
        try:
            reply = route.answer(self, call, found.groupdict())
        except Trouble as trouble:
            reply = trouble.reply
        except SteelyardError as error:
            reply = refused(error)
        finally:
            self._repeats.end(call, reply)
        return reply

    @property
    def name(self) -> str:
        """What the portfolio is called in addresses."""
        return self.file.stem

    def portfolio(self, name: str, as_of: date | None) -> Portfolio:
        """Return the portfolio of a name.

        Raises:
            Trouble: There is none (404).
        """
        if name != self.name:
            raise Trouble(
                404,
                "no-portfolio",
                say("there is no portfolio {name!r}", name=name),
                say("see /v1/portfolios"),
            )
        return steelyard.load(self.file, as_of=as_of)

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


def _portfolios(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    portfolio = steelyard.load(service.file, as_of=service.as_of)
    found = {
        "id": service.name,
        "base_currency": portfolio.base_currency,
        "accounts": [{"name": a.name, "kind": a.kind, "owner": a.owner} for a in portfolio.accounts],
        "targets": dict(portfolio.targets),
    }
    return Reply(200, {"schema": "steelyard/portfolios/1", "portfolios": [found]})


def _report(
    make: Callable[[Portfolio, date | None], Any],
) -> Callable[[Service, Call, Mapping[str, str]], Reply]:
    def answer(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
        day = service.day(call.query.get("as_of"))
        return Reply(200, make(service.portfolio(names["portfolio"], day), day).to_dict())

    return answer


def _models(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    return Reply(200, steelyard.models(None).to_dict())


def _make_plan(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    asked = _asked(call)
    day = service.day(asked.get("as_of"))
    portfolio = service.portfolio(asked.get("portfolio", service.name), day)
    made = _planned(portfolio, asked, day)
    saved = steelyard.save_plan(service.file, portfolio, made)
    document = {"schema": "steelyard/new-plan/1", "id": saved.id, "plan": made.to_dict()}
    return Reply(201, document, {"location": f"/v1/plans/{saved.id}"})


def _planned(portfolio: Portfolio, asked: Mapping[str, Any], day: date | None) -> Any:
    kind, account = asked.get("kind", "rebalance"), asked.get("account")
    fitting = {
        "rebalance": (*_FULL, "buy"),
        "invest": ("method", "fractional"),
        "withdraw": ("objective", "fractional"),
    }
    if kind not in KINDS:
        raise _wrong("kind", say("{raw!r} is none of {choices}", raw=kind, choices=KINDS))
    for name in asked:
        if name not in (*fitting[kind], "portfolio", "kind", "amount", "account", "as_of"):
            raise _wrong(name, say("a plan of kind {kind} takes no {name}", kind=kind, name=name))
    if asked.get("sell", "any") not in SELLS:
        raise _wrong("sell", say("{raw!r} is none of {choices}", raw=asked["sell"], choices=SELLS))
    given = {name: asked[name] for name in fitting[kind] if name in asked}
    amount = asked.get("amount")
    if kind == "invest":
        return steelyard.invest(portfolio, amount, as_of=day, account=account, **given)
    if kind == "withdraw":
        if amount is None:
            raise _wrong("amount", say("a withdrawal needs an amount"))
        return steelyard.withdraw(portfolio, amount, as_of=day, account=account, **given)
    can_buy = given.pop("buy", True)
    return steelyard.plan(portfolio, cash=amount or 0, as_of=day, account=account, can_buy=can_buy, **given)


def _plan(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    return Reply(200, _document(_kept(service, names["plan"])))


def _approve(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    named = _object(call).get("plan")
    if named != names["plan"]:
        raise _wrong("plan", say("the body has to name the plan that is approved, by its whole id"))
    if not service.orders:
        raise Trouble(
            403,
            "orders-off",
            say("orders are off: nothing is approved here"),
            say("run: {command}", command=f"steelyard approve {names['plan'][:12]}"),
        )
    plan = _kept(service, names["plan"]).plan
    steelyard.approve(service.file, plan.id)
    return Reply(200, _document(_kept(service, plan.id)))


def _kept(service: Service, plan: str) -> KeptPlan:
    if not _ID.fullmatch(plan):
        raise Trouble(404, "no-plan-saved", say("there is no such plan"), say("see /openapi.json"))
    found = kept_plan(service.file, plan)
    if found is None:
        raise Trouble(404, "no-plan-saved", say("there is no such plan"), say("make one by POST /v1/plans"))
    return found


def _document(kept: KeptPlan) -> Mapping[str, Any]:
    plan = kept.plan
    # What it was made from holds the whole portfolio file: that is for the audit record.
    shown = {key: value for key, value in json.loads(plan.text).items() if key not in ("schema", "inputs")}
    return {
        "schema": "steelyard/kept-plan/1",
        "id": plan.id,
        "saved_at": None if plan.saved_at is None else plan.saved_at.isoformat(),
        "approved_by": sorted(kept.approved_by),
        "finished": kept.finished,
        "content": shown,
    }


def _orders(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    return Reply(200, steelyard.orders(service.file).to_dict())


def _asked(call: Call) -> Mapping[str, Any]:
    """Return the fields of a plan to make.

    Raises:
        Trouble: One is not known, or not of its kind.
    """
    document = _object(call)
    for name, value in document.items():
        kind = PLAN_FIELDS.get(name)
        if kind is None:
            raise _unknown(name)
        if not isinstance(value, kind):
            raise _wrong(name, say("{name} has to be {kind}", name=name, kind=_KINDS[kind]))
    return document


def _object(call: Call) -> dict[str, Any]:
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Trouble(
            415, "no-json", say("the body has to be JSON"), say("send Content-Type: application/json")
        )
    try:
        found = json.loads(call.body, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError):
        raise Trouble(400, "bad-json", say("the body is no JSON"), say("see /openapi.json")) from None
    if not isinstance(found, dict):
        raise Trouble(400, "bad-json", say("the body has to be an object"), say("see /openapi.json"))
    return found


def _no_float(raw: str) -> str:
    raise ValueError(raw)


def _unknown(name: str) -> Trouble:
    return _wrong(name, say("{name!r} is not known here", name=name))


def _wrong(name: str, text: str) -> Trouble:
    return Trouble(422, "field", text, say("see {name!r} in /openapi.json", name=name))


_KINDS = {str: say("text, as decimal figures are"), bool: say("true or false")}

_PORTFOLIO = r"/v1/portfolios/(?P<portfolio>[^/]{1,100})"
_PLAN = r"/v1/plans/(?P<plan>[^/]{1,100})"
ROUTES = (
    Route("GET", re.compile(r"/v1/portfolios"), _portfolios),
    Route(
        "GET",
        re.compile(_PORTFOLIO + "/check"),
        _report(lambda p, d: steelyard.check(p, as_of=d)),
        ("as_of",),
    ),
    Route(
        "GET",
        re.compile(_PORTFOLIO + "/holdings"),
        _report(lambda p, d: steelyard.holdings(p, as_of=d)),
        ("as_of",),
    ),
    Route(
        "GET", re.compile(_PORTFOLIO + "/tax"), _report(lambda p, d: steelyard.tax(p, as_of=d)), ("as_of",)
    ),
    Route(
        "GET",
        re.compile(_PORTFOLIO + "/harvest"),
        _report(lambda p, d: steelyard.harvest(p, as_of=d)),
        ("as_of",),
    ),
    Route("GET", re.compile(r"/v1/models"), _models),
    Route("GET", re.compile(r"/v1/orders"), _orders),
    Route("POST", re.compile(r"/v1/plans"), _make_plan, writes=True),
    Route("GET", re.compile(_PLAN), _plan),
    Route("POST", re.compile(_PLAN + "/approval"), _approve, writes=True),
)


@cache
def contract() -> bytes:
    """Return the published contract, OpenAPI 3.1."""
    return CONTRACT.read_bytes()
