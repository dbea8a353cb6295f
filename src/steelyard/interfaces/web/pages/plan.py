"""What to trade: asked by a form, answered with the trades, what they do, and the other ways there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import steelyard
from steelyard.app.check import CheckReport
from steelyard.app.planning.ways import FURTHER, Way
from steelyard.domain.money import ZERO, figure
from steelyard.domain.policy.drift import misplaced
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.shown import cell
from steelyard.domain.trades import Conversion, Plan, Trade, Untraded, settle
from steelyard.errors import InputError, SteelyardError
from steelyard.interfaces.vocabulary import SIDES, WAYS
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.display import Display
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.interfaces.web.weights import weights_after
from steelyard.records import dataclass
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.api.tables import PlanOptions

KINDS = ("full", "invest", "withdraw")
FIELDS = ("kind", "cash", "account", "sell", "accept", "max_tax")
SAVED = 12
"""Characters of a plan's id that people are shown."""
MANY = 5
"""More trades than that are counted in the headline, not listed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for, as it was typed.

    Attributes:
        kind: full | invest | withdraw.
        cash: New money, or money to take out; empty for none.
        account: Where it goes to or comes from.
        sell: none | over, what may be sold; empty for anything.
        accept: Points further from target than the nearest plan; empty for the usual.
        max_tax: Most tax; empty for no limit.
    """

    kind: str = "full"
    cash: str = ""
    account: str = ""
    sell: str = ""
    accept: str = ""
    max_tax: str = ""

    @classmethod
    def by(cls, visit: Visit) -> Asked:
        """Return what a visit asks for."""
        given = {name: visit.asked(name) for name in FIELDS}
        return cls(**{**given, "kind": given["kind"] if given["kind"] in KINDS else "full"})

    @property
    def address(self) -> str:
        """The same as the query of an address."""
        given = {name: getattr(self, name) for name in FIELDS}
        return urlencode({name: value for name, value in given.items() if value and value != "full"})

    def but(self, **changes: str) -> Asked:
        """Return the same with something else asked."""
        return Asked(**({name: getattr(self, name) for name in FIELDS} | changes))

    def plan(self, portfolio: Portfolio, visit: Visit) -> Plan:
        """Return the plan.

        Raises:
            SteelyardError: As `plan`, `invest` and `withdraw` do.
        """
        account = self.account or None
        if self.kind == "invest":
            return steelyard.invest(portfolio, self.cash or None, as_of=visit.as_of, account=account)
        if self.kind == "withdraw":
            if not self.cash:
                said = say("no amount to take out is given")
                raise InputError("amount", said, say("write an amount such as 1000000"))
            return steelyard.withdraw(portfolio, self.cash, as_of=visit.as_of, account=account)
        return steelyard.plan(portfolio, **self.options(visit))

    def options(self, visit: Visit) -> PlanOptions:
        """Return what a full rebalance is asked with."""
        return {
            "cash": self.cash or 0,
            "as_of": visit.as_of,
            "account": (self.account or None) if self.cash else None,
            "sell": "none" if self.sell == "none" else "over" if self.sell == "over" else "any",
            "accept_drift": f"{self.accept}%" if self.accept else None,
            "max_tax": self.max_tax or None,
        }


def plan(visit: Visit) -> Screen:
    """Show a plan, keep it where that is asked for, or hand it out as text."""
    portfolio = steelyard.load(visit.file, as_of=visit.as_of)
    asked = Asked.by(visit)
    report = steelyard.check(portfolio, as_of=visit.as_of)
    facts: dict[str, Any] = {
        **about(portfolio, report.as_of),
        "asked": asked,
        "account_names": [account.name for account in portfolio.accounts],
        "matters": matters_of(report),
        "taxed": portfolio.tax is not None,
        "plan": None,
        "problems": (),
        "changed": False,
        "saved": visit.query.get("saved", "")[:SAVED],
    }
    try:
        found = asked.plan(portfolio, visit)
    except SteelyardError as error:
        status = 200 if visit.form else 422
        return Screen("plan.html", {**facts, "problems": error.problems}, status)
    if visit.form:
        if visit.form.get("seen") == mark_of(found):
            saved = steelyard.save_plan(visit.file, portfolio, found)
            query = "&".join(filter(None, (asked.address, f"saved={saved.id[:SAVED]}")))
            return Screen(goto=f"/plan?{query}")
        facts["changed"] = True
    if visit.query.get("as") == "csv" and not visit.display.private:
        return Screen(content=_csv(found), kind="text/csv; charset=utf-8", name="plan.csv")
    ways = _ways(asked, portfolio, visit) if visit.query.get("ways") and asked.kind == "full" else ()
    return Screen(
        "plan.html", {**facts, **_shown(found, report, visit.display), "ways": ways, "way_names": WAYS}
    )


def mark_of(found: Plan) -> str:
    """Return a mark by which a plan that was seen is known again: the hash of its document."""
    document = json.dumps(found.to_dict(), sort_keys=True, ensure_ascii=True)
    return sha256(document.encode()).hexdigest()


def misplaced_after(found: Plan) -> Decimal:
    """Return the share of the money that is in the wrong place after a plan."""
    return misplaced([h.drift for h in found.after])


def _shown(found: Plan, report: CheckReport, display: Display) -> dict[str, Any]:
    portfolio = report.portfolio
    weights = weights_after(found, report)
    return {
        "plan": found,
        "weights": weights,
        "mark": mark_of(found),
        "accounts_of": _accounts(found, portfolio),
        "idle": [u for u in found.untraded if not u.symbol and u.account == ""],
        "sold": [t for t in found.trades if t.side == "sell"],
        "bought": [t for t in found.trades if t.side == "buy"],
        "listed": len(found.trades) <= MANY,
        "before": report.misplaced,
        "after": misplaced_after(found),
        "misplaced": misplaced_after,
        "names": {s: i.name for s, i in portfolio.instruments.items()},
        "by_value": {s for s, q in portfolio.quotes.items() if q.by_value},
        "text": _text(found, display),
    }


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """What a plan does in one account: its trades, what is changed, what is left and why, and its cash."""

    name: str
    trades: tuple[Trade, ...]
    conversions: tuple[Conversion, ...]
    left: tuple[Untraded, ...]
    cash_before: Decimal
    cash_after: Decimal


def _accounts(found: Plan, portfolio: Portfolio) -> list[AccountPlan]:
    flow = (found.asked or {}).get("account")
    before = settle(portfolio, (), (), ZERO, flow).money
    after = settle(portfolio, found.trades, found.conversions, found.cash_flow, flow).money
    return [
        AccountPlan(
            account.name,
            tuple(t for t in found.trades if t.account == account.name),
            tuple(c for c in found.conversions if c.account == account.name),
            tuple(u for u in found.untraded if u.account == account.name),
            before[account.name],
            after[account.name],
        )
        for account in portfolio.accounts
    ]


def _ways(asked: Asked, portfolio: Portfolio, visit: Visit) -> list[tuple[Way, str]]:
    """Return the other ways of a full rebalance, each with the address of its plan."""
    found = steelyard.ways(portfolio, **asked.options(visit))
    further = figure((found.plan.accepted + FURTHER) * 100)
    changed = {
        "asked": asked,
        "strict": asked.but(accept="0"),
        "further": asked.but(accept=further),
        "no_tax": asked.but(max_tax="0"),
        "new_money": asked.but(sell="none"),
    }
    return [(way, changed[way.name].address) for way in found.ways]


def _text(found: Plan, display: Display) -> str:
    return "\n".join(_lines(found, display))


def _lines(found: Plan, display: Display) -> Iterator[str]:
    tell = display.tell
    yield tell(say("Plan for {day}", day=display.day(found.as_of)))
    for t in found.trades:
        yield tell(
            say(
                "{account}: {side} {shares} {symbol} at {price}",
                account=t.account,
                side=SIDES[t.side],
                shares=display.shares(t.shares),
                symbol=t.symbol,
                price=display.price(t.price, t.currency),
            )
        )
    if not found.trades:
        yield tell(say("Nothing to trade."))
    yield tell(say("Costs {amount}", amount=display.money(found.costs, found.base_currency)))


def _csv(found: Plan) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["account", "side", "symbol", "shares", "price", "currency", "amount", "cost"])
    for t in found.trades:
        money = [figure(t.shares), figure(t.price), t.currency, figure(t.amount), figure(t.cost)]
        table.writerow([cell(value) for value in (t.account, t.side, t.symbol, *money)])
    return out.getvalue()
