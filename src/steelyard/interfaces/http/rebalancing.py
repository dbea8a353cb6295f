"""The rebalancing addresses of Alpaca's Broker API, so that what was written for them finds its way here.

A portfolio of theirs is a model: weights, and conditions that are kept and shown. An account of theirs is one
of the portfolio files. A run makes a plan; nothing is sent by it: where the weights are those of the file,
the plan is kept and waits for an approval, else it is calculated and its trades stand among skipped orders.

Source: docs.alpaca.markets, reference of `/v1/rebalancing`, and the shapes that alpaca-py 0.44 reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import steelyard
from steelyard.api.serving import kept_plan, models_of_clients, write_models_of_clients
from steelyard.domain.money import ZERO, figure
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Plan
from steelyard.interfaces.http.bodies import Kinds, decimal, json_object, known
from steelyard.interfaces.http.replies import Call, Reply, Trouble
from steelyard.interfaces.http.service import Service, guarded, wrong
from steelyard.words import ENGLISH, render, say

MOST = 1000
"""Models, subscriptions and runs that are kept of each kind."""
HUNDRED = Decimal(100)
_LOCK = threading.Lock()
_PORTFOLIO: Kinds = {
    "name": str, "description": str, "weights": list, "cooldown_days": int, "rebalance_conditions": list,
}  # fmt: skip
_WEIGHT: Kinds = {"type": str, "symbol": str, "percent": (str, int, Decimal)}
_CONDITION: Kinds = {"type": str, "sub_type": str, "percent": (str, int, Decimal), "day": str}
_SUB_TYPES = {
    "drift_band": ("absolute", "relative"),
    "calendar": ("weekly", "monthly", "quarterly", "annually"),
}
_RUNS = ("full_rebalance", "invest_cash")

Store = dict[str, dict[str, Any]]
Answer = Callable[[Service, Call, Mapping[str, str]], Reply]


def account_id(name: str) -> str:
    """Return the account id of a portfolio: these clients know accounts by UUIDs alone."""
    return str(uuid5(NAMESPACE_URL, f"urn:steelyard:portfolio:{name}"))


def with_message(answer: Answer) -> Answer:
    """Return an answer whose problems also have what these clients look for in them."""

    def told(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
        reply = guarded(lambda: answer(service, call, names))
        if reply.status < 400:
            return reply
        return replace(reply, document={**reply.document, "message": reply.document["detail"]})

    return told


def portfolios(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """List the models."""
    found = [p for p in _read(service)["portfolios"].values() if _fits_model(p, call.query)]
    return Reply(200, found)


def create_portfolio(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Keep a model."""
    asked = known(
        json_object(call, number=decimal), _PORTFOLIO, "name", "description", "weights", "cooldown_days"
    )
    now = _now()
    made = {"id": str(uuid4()), "status": "active", "created_at": now, "updated_at": now, **_model(asked)}
    _keep(service, "portfolios", made)
    return Reply(200, made)


def portfolio(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Show a model."""
    return Reply(200, _one(_read(service), "portfolios", names["id"]))


def change_portfolio(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Change a model."""
    asked = known(json_object(call, number=decimal), _PORTFOLIO)
    model = _model(asked)

    def change(store: Store) -> Mapping[str, Any]:
        found = _one(store, "portfolios", names["id"])
        found |= {**model, "updated_at": _now()}
        return found

    return Reply(200, _changed(service, change))


def retire_portfolio(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Take a model out of use; not while an account follows it."""

    def change(store: Store) -> Mapping[str, Any]:
        found = _one(store, "portfolios", names["id"])
        if any(s["portfolio_id"] == found["id"] for s in store["subscriptions"].values()):
            raise _conflict(say("an account follows this portfolio"))
        found |= {"status": "inactive", "updated_at": _now()}
        return found

    _changed(service, change)
    return Reply(204, None)


def subscriptions(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """List which account follows which model."""
    found = list(_read(service)["subscriptions"].values())
    return Reply(
        200, {"subscriptions": _page(found, call, "account_id", "portfolio_id"), "next_page_token": None}
    )


def subscribe(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Let an account follow a model."""
    asked = known(json_object(call), {"account_id": str, "portfolio_id": str}, "account_id", "portfolio_id")
    account = _name_of(service, asked["account_id"])

    def change(store: Store) -> Mapping[str, Any]:
        model = _one(store, "portfolios", asked["portfolio_id"], status=422)
        if model["status"] != "active":
            raise wrong("portfolio_id", say("this portfolio is not active"))
        if any(s["account_id"] == account_id(account) for s in store["subscriptions"].values()):
            raise _conflict(say("this account follows a portfolio already"))
        return _add(store, "subscriptions", {
            "id": str(uuid4()), "account_id": account_id(account), "portfolio_id": model["id"],
            "created_at": _now(), "last_rebalanced_at": None,
        })  # fmt: skip

    return Reply(200, _changed(service, change))


def subscription(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Show which model an account follows."""
    return Reply(200, _one(_read(service), "subscriptions", names["id"]))


def unsubscribe(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Let an account follow no model any more."""

    def change(store: Store) -> Mapping[str, Any]:
        found = _one(store, "subscriptions", names["id"])
        del store["subscriptions"][found["id"]]
        return found

    _changed(service, change)
    return Reply(204, None)


def runs(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """List the runs, the newest first."""
    found = list(_read(service)["runs"].values())[::-1]
    shown = [_run_now(service, run) for run in _page(found, call, "account_id", "type")]
    return Reply(200, {"runs": shown, "next_page_token": None})


def create_run(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Make the plan of an account, by the model that it follows or by weights that are given."""
    kinds: Kinds = {"account_id": str, "type": str, "amount": (str, int, Decimal), "weights": list}
    asked = known(json_object(call, number=decimal), kinds, "account_id", "type")
    if asked["type"] not in _RUNS:
        raise wrong("type", say("{raw!r} is not one of {choices}", raw=asked["type"], choices=_RUNS))
    name = _name_of(service, asked["account_id"])
    follows = next(
        (s for s in _read(service)["subscriptions"].values() if s["account_id"] == account_id(name)), None
    )
    if follows and asked.get("weights"):
        raise wrong("weights", say("this account follows a portfolio: leave the weights out"))
    if not follows and not asked.get("weights"):
        raise wrong("weights", say("this account follows no portfolio: give weights"))
    model = _one(_read(service), "portfolios", follows["portfolio_id"]) if follows else {}
    weights = model["weights"] if follows else _weights(asked["weights"])
    file = service.files[name]
    held = steelyard.load(file, as_of=service.as_of)
    wanted = _aimed(held, weights)
    amount = None if asked.get("amount") is None else str(asked["amount"])
    if asked["type"] == "invest_cash":
        made = steelyard.invest(wanted, amount, as_of=service.as_of)
    else:
        made = steelyard.plan(wanted, cash=amount or 0, as_of=service.as_of)
    own = wanted == held
    saved = steelyard.save_plan(file, held, made).id if own and made.trades else None
    now = _now()
    run = {
        "id": str(uuid4()),
        "account_id": account_id(name),
        "type": asked["type"],
        "amount": amount,
        "portfolio_id": model.get("id", account_id(name)),
        "weights": weights,
        "initiated_from": "api",
        "created_at": now,
        "updated_at": now,
        "canceled_at": None,
        "plan": saved,
        "trades": [_trade(made, trade) for trade in made.trades],
        "own_targets": own,
    }
    _keep(service, "runs", run)
    return Reply(200, _run_now(service, run))


def run(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Show a run as it is now."""
    return Reply(200, _run_now(service, _one(_read(service), "runs", names["id"])))


def cancel_run(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """End a run whose plan nobody approved yet."""

    def change(store: Store) -> Mapping[str, Any]:
        found = _one(store, "runs", names["id"])
        if _run_now(service, found)["status"] != "QUEUED":
            raise _conflict(say("this run is not waiting any more"))
        found |= {"canceled_at": _now(), "updated_at": _now()}
        return found

    _changed(service, change)
    return Reply(204, None)


def _run_now(service: Service, run: Mapping[str, Any]) -> Mapping[str, Any]:
    name = next((n for n in service.files if account_id(n) == run["account_id"]), None)
    plan = kept_plan(service.files[name], run["plan"]) if name and run["plan"] else None
    skipped: list[Mapping[str, Any]] = []
    if run["canceled_at"]:
        status, reason = "CANCELED", None
    elif plan is not None:
        state = ("COMPLETED_SUCCESS", None) if plan.finished else ("IN_PROGRESS", None)
        waits = say("waits for the approval of plan {plan}", plan=plan.plan.id[:12])
        status, reason = state if plan.finished or plan.approved_by else ("QUEUED", render(waits, ENGLISH))
    elif run["own_targets"]:
        status, reason = "COMPLETED_SUCCESS", None
    else:
        why = render(say("these weights are not the targets of the portfolio file: only calculated"), ENGLISH)
        status, reason = "COMPLETED_ADJUSTED", why
        skipped = [
            {"symbol": t["symbol"], "side": t["side"], "notional": t["amount"], "currency": t["currency"],
             "reason": "calculated_only", "reason_details": why}
            for t in run["trades"]
        ]  # fmt: skip
    over = status.startswith("COMPLETED")
    return {
        **{key: value for key, value in run.items() if key != "own_targets"},
        "completed_at": run["updated_at"] if over else None,
        "status": status,
        "reason": reason,
        "orders": [],
        "failed_orders": [],
        "skipped_orders": skipped,
    }


def _trade(made: Plan, trade: Any) -> Mapping[str, Any]:
    return {
        "symbol": trade.symbol, "side": trade.side, "shares": figure(trade.shares),
        "amount": figure(trade.amount), "currency": made.base_currency,
        "reason": render(trade.reason, ENGLISH),
    }  # fmt: skip


def _aimed(held: Portfolio, weights: list[dict[str, Any]]) -> Portfolio:
    """Return a portfolio with the weights of a model as targets, and its cash as the reserve."""
    cash = sum((Decimal(w["percent"]) for w in weights if w["type"] == "cash"), ZERO)
    rest = HUNDRED - cash
    if not rest:
        raise wrong("weights", say("a portfolio of cash alone cannot be planned"))
    wanted = {w["symbol"]: Decimal(w["percent"]) / rest for w in weights if w["type"] == "asset"}
    last = next(reversed(wanted))
    wanted[last] = 1 - sum((v for k, v in wanted.items() if k != last), ZERO)
    aimed = held
    if wanted != {name: weight for name, weight in held.targets.items() if weight}:
        aimed = steelyard.what_if(held, targets={**dict.fromkeys(held.targets, ZERO), **wanted})
    if cash:
        aimed = replace(aimed, constraints=replace(aimed.constraints, reserve_weight=cash / HUNDRED))
    return aimed


def _model(asked: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(asked)
    for name in ("name", "description"):
        if name in asked and not (
            asked[name].strip() and asked[name].isprintable() and len(asked[name]) <= 500
        ):
            raise wrong(name, say("{name} has from 1 to {most} characters", name=name, most=500))
    if "cooldown_days" in asked and not 0 <= asked["cooldown_days"] <= 3650:
        raise wrong("cooldown_days", say("cooldown_days is from 0 to {most}", most=3650))
    if "weights" in asked:
        found["weights"] = _weights(asked["weights"])
    if "rebalance_conditions" in asked:
        found["rebalance_conditions"] = [_condition(one) for one in asked["rebalance_conditions"]]
    return found


def _weights(asked: list[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in asked[:MOST]:
        weight = known(_object("weights", one), _WEIGHT, "type", "percent")
        symbol = weight.get("symbol")
        if weight["type"] not in ("cash", "asset") or (weight["type"] == "asset") != bool(symbol):
            raise wrong("weights", say("a weight is of type cash, or of type asset with a symbol"))
        if symbol and (len(symbol) > 40 or not symbol.isprintable()):
            raise wrong("weights", say("{raw!r} is no symbol", raw=symbol[:40]))
        percent = _percent("weights", weight["percent"])
        named = {"symbol": symbol} if symbol else {}
        found.append({"type": weight["type"], **named, "percent": figure(percent)})
    names = [w.get("symbol", "") for w in found]
    if sum((Decimal(w["percent"]) for w in found), ZERO) != HUNDRED or len(names) != len(set(names)):
        raise wrong("weights", say("weights add up to exactly 100, and no symbol is named twice"))
    return found


def _condition(asked: object) -> dict[str, Any]:
    found = known(_object("rebalance_conditions", asked), _CONDITION, "type", "sub_type")
    if found["sub_type"] not in _SUB_TYPES.get(found["type"], ()):
        raise wrong("rebalance_conditions", say("this kind of condition is not known"))
    if found["type"] == "drift_band":
        if "percent" not in found:
            raise wrong("rebalance_conditions", say("{name} is missing", name="percent"))
        return {**found, "percent": figure(_percent("rebalance_conditions", found["percent"]))}
    return {key: value for key, value in found.items() if key != "percent"}


def _percent(name: str, raw: object) -> Decimal:
    try:
        found = Decimal(str(raw))
    except InvalidOperation:
        found = ZERO
    if not (found.is_finite() and ZERO < found <= HUNDRED and -int(found.as_tuple().exponent) <= 6):
        raise wrong(name, say("a percent is above 0, at most 100, with up to six decimals"))
    return found


def _object(name: str, asked: object) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise wrong(name, say("{name} has to be {kind}", name=name, kind=say("a list of objects")))
    return asked


def _name_of(service: Service, account: str) -> str:
    for name in service.files:
        if account in (account_id(name), name):
            return name
    raise wrong("account_id", say("there is no account of this id: see account_id in /v1/portfolios"))


def _fits_model(model: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    if (
        query.get("status", "active") != model["status"]
        or query.get("portfolio_id", model["id"]) != model["id"]
    ):
        return False
    symbols = {w.get("symbol") for w in model["weights"]}
    return all(query[n].lower() in model[n].lower() for n in ("name", "description") if n in query) and (
        "symbol" not in query or query["symbol"] in symbols
    )


def _page(found: list[dict[str, Any]], call: Call, *names: str) -> list[dict[str, Any]]:
    raw = call.query.get("limit", str(MOST))
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw[:9]) <= MOST):
        raise wrong("limit", say("limit is from 1 to {most}", most=MOST))
    return [one for one in found if all(call.query.get(n, one[n]) == one[n] for n in names)][: int(raw)]


def _place(service: Service) -> Path:
    return next(iter(service.files.values()))


def _read(service: Service) -> Store:
    return {"portfolios": {}, "subscriptions": {}, "runs": {}, **models_of_clients(_place(service))}


def _changed(service: Service, change: Callable[[Store], Mapping[str, Any]]) -> Mapping[str, Any]:
    with _LOCK:
        store = _read(service)
        found = dict(change(store))
        write_models_of_clients(_place(service), store)
        return found


def _keep(service: Service, kind: str, made: dict[str, Any]) -> None:
    _changed(service, lambda store: _add(store, kind, made))


def _add(store: Store, kind: str, made: dict[str, Any]) -> dict[str, Any]:
    if len(store[kind]) >= MOST:
        if kind != "runs":
            raise _conflict(say("at most {most} are kept", most=MOST))
        del store[kind][next(iter(store[kind]))]
    store[kind][made["id"]] = made
    return made


def _one(store: Store, kind: str, name: str, status: int = 404) -> dict[str, Any]:
    found = store[kind].get(name)
    if found is None:
        raise Trouble(status, "no-such-id", say("there is nothing of this id"), say("list what there is"))
    return dict(found) if status != 404 else found


def _conflict(text: str) -> Trouble:
    return Trouble(409, "conflict", text, say("see /openapi.json"))


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
