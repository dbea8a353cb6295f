"""What portfolios are like: the documents of the commands that only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import steelyard
from steelyard.domain.portfolio import Portfolio
from steelyard.interfaces.http.rebalancing import account_id
from steelyard.interfaces.http.replies import Call, Reply
from steelyard.interfaces.http.service import Service

Answer = Callable[[Service, Call, Mapping[str, str]], Reply]


def portfolios(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """List what is served."""
    found = [
        _summary(name, steelyard.load(file, as_of=service.as_of)) for name, file in service.files.items()
    ]
    return Reply(200, {"schema": "steelyard/portfolios/1", "portfolios": found})


def _summary(name: str, portfolio: Portfolio) -> Mapping[str, Any]:
    return {
        "id": name,
        "account_id": account_id(name),
        "base_currency": portfolio.base_currency,
        "accounts": [{"name": a.name, "kind": a.kind, "owner": a.owner} for a in portfolio.accounts],
        "targets": dict(portfolio.targets),
    }


def report(make: Callable[[Portfolio, date | None], Any]) -> Answer:
    """Return what answers with a report of one portfolio."""

    def answer(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
        day = service.day(call.query.get("as_of"))
        return Reply(200, make(service.portfolio(names["portfolio"], day), day).to_dict())

    return answer


def models(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """List the model portfolios."""
    return Reply(200, steelyard.models(None).to_dict())


def orders(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """List every order of a portfolio, as it was last heard of."""
    _, file = service.file(call.query.get("portfolio"))
    return Reply(200, steelyard.orders(file).to_dict())
