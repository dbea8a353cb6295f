"""Saved plans and their orders: approve by the whole hash, cancel, and stop everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import steelyard
from steelyard.api.serving import kept_plan, order_state, paper_accounts
from steelyard.errors import InputError
from steelyard.interfaces.vocabulary import SIDES, STATES
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.trading.execute import Execution

LATEST = 10
"""Plans that are shown; all of them are in the audit record."""
_OPEN = ("planned", "sent", "accepted", "partially_filled", "unknown")


def orders(visit: Visit) -> Screen:
    """Show saved plans and orders, and do what is asked of them."""
    if visit.form:
        return _done(visit, visit.form)
    return _page(visit)


def _page(visit: Visit, carried: Execution | None = None) -> Screen:
    portfolio = steelyard.load(visit.file, as_of=visit.as_of)
    report = steelyard.check(portfolio, as_of=visit.as_of)
    state = order_state(visit.file)
    found = state.orders
    paper = paper_accounts(visit.file)
    return Screen(
        "orders.html",
        {
            **about(portfolio, report.as_of),
            "matters": matters_of(report),
            "plans": state.plans[:LATEST],
            "found": found,
            "open": [o for o in found if o.state in _OPEN],
            "halted": state.halted,
            "carried": carried,
            "on_paper": {k.plan.id for k in state.plans[:LATEST] if set(k.plan.accounts) <= paper},
            "done": visit.query.get("done", "")
            if visit.query.get("done") in ("approved", "cancelled")
            else "",
            "sides": SIDES,
            "states": STATES,
        },
    )


def _done(visit: Visit, form: Mapping[str, str]) -> Screen:
    """Do one thing. To stop is always allowed; whatever lets orders out needs `--allow-orders`."""
    what = form.get("what", "")
    if what == "halt":
        why = visit.asked("why")
        if why:
            steelyard.halt(visit.file, why[:200])
        else:
            steelyard.halt(visit.file)
        return Screen(goto="/orders")
    if what == "cancel":
        steelyard.cancel(visit.file, form.get("order", "") or "?")
        return Screen(goto="/orders?done=cancelled")
    if what == "paper":
        return _on_paper(visit, form)
    if what in ("approve", "resume") and not visit.orders:
        raise InputError(
            "orders-off",
            say("orders are off: nothing is approved here"),
            say("run: {command}", command="steelyard serve --allow-orders"),
        )
    if what == "resume":
        steelyard.resume(visit.file)
        return Screen(goto="/orders")
    plan = kept_plan(visit.file, form.get("plan", ""))
    if what != "approve" or plan is None:
        raise InputError(
            "unknown-plan", say("there is no such plan"), say("save one on the page of the plan")
        )
    steelyard.approve(visit.file, plan.plan.id)
    return Screen(goto="/orders?done=approved")


def _on_paper(visit: Visit, form: Mapping[str, str]) -> Screen:
    """Carry a plan out whose accounts are all on paper, where no leave is needed."""
    found = kept_plan(visit.file, form.get("plan", ""))
    if found is None or not set(found.plan.accounts) <= paper_accounts(visit.file):
        raise InputError(
            "unknown-plan",
            say("there is no such plan on paper"),
            say("run: {command}", command="steelyard execute --live"),
        )
    return _page(visit, steelyard.execute(visit.file, found.plan.id, live=True))
