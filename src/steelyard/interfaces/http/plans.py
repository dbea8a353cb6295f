"""Plans: made and kept, one or many at once, looked at again, approved by their whole hash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import steelyard
from steelyard.api.serving import KeptPlan, kept_plan
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Plan, Sell
from steelyard.interfaces.http.bodies import Kinds, fields, known
from steelyard.interfaces.http.kept_plans import document_of
from steelyard.interfaces.http.replies import Call, Reply, Trouble
from steelyard.interfaces.http.service import Service, guarded, wrong
from steelyard.records import dataclass
from steelyard.words import say

PLAN_FIELDS: Kinds = {
    "portfolio": (str, dict), "kind": str, "amount": str, "account": str, "as_of": str, "sell": str,
    "buy": bool, "accept_drift": str, "max_tax": str, "max_gain": str, "objective": str, "method": str,
    "fractional": bool, "save_tax": bool, "harvest": bool, "relocate": bool, "policy_gate": bool,
}  # fmt: skip
KINDS = ("rebalance", "invest", "withdraw")
SELLS: tuple[Sell, ...] = get_args(Sell)
MOST = 1000
"""Plans in one request."""
_FULL = ("accept_drift", "max_tax", "max_gain", "objective", "fractional", "save_tax", "harvest", "relocate",
         "policy_gate", "sell")  # fmt: skip
_FITTING = {
    "rebalance": (*_FULL, "buy"),
    "invest": ("method", "fractional"),
    "withdraw": ("objective", "fractional"),
}
_ID = re.compile(r"[0-9a-f]{64}")
Loaded = dict[tuple[str, date | None], Portfolio]


@dataclass(frozen=True, slots=True)
class Source:
    """What a plan is made for: a file that is served, or a portfolio that the request states.

    Attributes:
        portfolio: The portfolio.
        file: None for a stated one, whose plan is calculated and not kept.
    """

    portfolio: Portfolio
    file: Path | None


def make(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Make one plan."""
    return _made(service, fields(call, PLAN_FIELDS), {})


def make_many(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Make many plans; one that cannot be made stops no other."""
    asked = fields(call, {"requests": list}, "requests")["requests"]
    if not 1 <= len(asked) <= MOST:
        raise wrong("requests", say("a batch has from 1 to {most} requests", most=MOST))
    loaded: Loaded = {}
    results: list[Mapping[str, Any]] = []
    for number, one in enumerate(asked):
        reply = guarded(lambda one=one: _made(service, _one(one), loaded))  # type: ignore[misc]
        result = {"problem": reply.document} if reply.status >= 400 else _unlabelled(reply.document)
        results.append({"index": number, **result})
    refused = sum("problem" in result for result in results)
    document = {
        "schema": "steelyard/plan-batch/1",
        "status": "complete" if not refused else "complete-with-refusals",
        "planned": len(results) - refused,
        "refused": refused,
        "results": results,
    }
    return Reply(200, document)


def _one(asked: object) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise wrong("requests", say("{name} has to be {kind}", name="requests", kind=say("an object")))
    return known(asked, PLAN_FIELDS)


def _unlabelled(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in document.items() if key != "schema"}


def _made(service: Service, asked: Mapping[str, Any], loaded: Loaded) -> Reply:
    day = service.day(asked.get("as_of"))
    source = _source(service, asked.get("portfolio"), day, loaded)
    made = planned(source.portfolio, asked, day)
    document = {"schema": "steelyard/new-plan/1", "plan": made.to_dict()}
    if source.file is None:
        return Reply(200, {**document, "id": None})
    saved = steelyard.save_plan(source.file, source.portfolio, made)
    return Reply(201, {**document, "id": saved.id}, {"location": f"/v1/plans/{saved.id}"})


def _source(service: Service, said: str | dict[str, Any] | None, day: date | None, loaded: Loaded) -> Source:
    """Return what a plan is asked for; a file is read once for all plans of a request."""
    if isinstance(said, dict):
        return Source(stated(said), None)
    name, file = service.file(said)
    if (name, day) not in loaded:
        loaded[name, day] = steelyard.load(file, as_of=day)
    return Source(loaded[name, day], file)


_TABLES: Kinds = {
    "base_currency": str, "targets": dict, "accounts": list, "policy": dict, "constraints": dict,
    "costs": dict, "classes": dict, "bands": dict, "fx": dict, "tax": dict, "owners": dict,
    "instruments": dict, "prices": dict, "priced_on": str,
}  # fmt: skip


def stated(values: dict[str, Any], *, need_accounts: bool = True) -> Portfolio:
    """Return a portfolio that a request states in the tables of the file.

    Raises:
        Trouble: A table is not known, or no table.
        PortfolioProblems: As for a file.
    """
    given = known(values, _TABLES, "base_currency", "targets", "accounts")
    return steelyard.build(**given, name="portfolio", need_accounts=need_accounts)


def planned(portfolio: Portfolio, asked: Mapping[str, Any], day: date | None) -> Plan:
    """Return the plan that is asked for.

    Raises:
        Trouble: A field does not fit (422).
        SteelyardError: As `plan`, `invest` and `withdraw` do.
    """
    kind, account = asked.get("kind", "rebalance"), asked.get("account")
    if kind not in KINDS:
        raise wrong("kind", say("{raw!r} is not one of {choices}", raw=kind, choices=KINDS))
    for name in asked:
        if name not in (*_FITTING[kind], "portfolio", "kind", "amount", "account", "as_of"):
            raise wrong(name, say("a plan of kind {kind} takes no {name}", kind=kind, name=name))
    if asked.get("sell", "any") not in SELLS:
        raise wrong("sell", say("{raw!r} is not one of {choices}", raw=asked["sell"], choices=SELLS))
    given = {name: asked[name] for name in _FITTING[kind] if name in asked}
    amount = asked.get("amount")
    if kind == "invest":
        return steelyard.invest(portfolio, amount, as_of=day, account=account, **given)
    if kind == "withdraw":
        if amount is None:
            raise wrong("amount", say("a withdrawal needs an amount"))
        return steelyard.withdraw(portfolio, amount, as_of=day, account=account, **given)
    can_buy = given.pop("buy", True)
    return steelyard.plan(portfolio, cash=amount or 0, as_of=day, account=account, can_buy=can_buy, **given)


def look(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Show a kept plan."""
    return Reply(200, document_of(kept(service, names["plan"])[1]))


def approve(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Approve a kept plan by its whole id."""
    named = fields(call, {"plan": str}).get("plan")
    if named != names["plan"]:
        raise wrong("plan", say("the body has to name the plan that is approved, by its whole id"))
    if not service.orders():
        raise Trouble(
            403,
            "orders-off",
            say("orders are off: nothing is approved here"),
            say("run: {command}", command=f"steelyard approve {names['plan'][:12]}"),
        )
    file, found = kept(service, names["plan"])
    steelyard.approve(file, found.plan.id)
    return Reply(200, document_of(kept(service, found.plan.id)[1]))


def kept(service: Service, plan: str) -> tuple[Path, KeptPlan]:
    """Return a kept plan and the file beside which it is.

    Raises:
        Trouble: There is none (404).
    """
    if not _ID.fullmatch(plan):
        raise Trouble(404, "no-plan-saved", say("there is no such plan"), say("see /openapi.json"))
    for file in service.files.values():
        found = kept_plan(file, plan)
        if found is not None:
            return file, found
    raise Trouble(404, "no-plan-saved", say("there is no such plan"), say("make one by POST /v1/plans"))
