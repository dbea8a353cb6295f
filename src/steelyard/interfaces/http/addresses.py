"""The addresses of the API, and its published contract."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import steelyard
from steelyard.interfaces.http import backtests, events, plans, rebalancing, reports
from steelyard.interfaces.http.service import Route

CONTRACT = Path(__file__).with_name("openapi.json.gz")
_PORTFOLIO = r"/v1/portfolios/(?P<portfolio>[^/]{1,100})"
_PLAN = r"/v1/plans/(?P<plan>[^/]{1,100})"
_JOB = r"/v1/jobs/(?P<job>[^/]{1,100})"
_REPORTS: Mapping[str, reports.Answer] = {
    "check": reports.report(lambda p, d: steelyard.check(p, as_of=d)),
    "holdings": reports.report(lambda p, d: steelyard.holdings(p, as_of=d)),
    "tax": reports.report(lambda p, d: steelyard.tax(p, as_of=d)),
    "harvest": reports.report(lambda p, d: steelyard.harvest(p, as_of=d)),
}
_FACE: tuple[tuple[str, str, rebalancing.Answer, tuple[str, ...]], ...] = (
    (
        "GET",
        "portfolios",
        rebalancing.portfolios,
        ("name", "description", "symbol", "portfolio_id", "status"),
    ),
    ("POST", "portfolios", rebalancing.create_portfolio, ()),
    ("GET", "portfolios/{id}", rebalancing.portfolio, ()),
    ("PATCH", "portfolios/{id}", rebalancing.change_portfolio, ()),
    ("DELETE", "portfolios/{id}", rebalancing.retire_portfolio, ()),
    ("GET", "subscriptions", rebalancing.subscriptions, ("account_id", "portfolio_id", "limit")),
    ("POST", "subscriptions", rebalancing.subscribe, ()),
    ("GET", "subscriptions/{id}", rebalancing.subscription, ()),
    ("DELETE", "subscriptions/{id}", rebalancing.unsubscribe, ()),
    ("GET", "runs", rebalancing.runs, ("account_id", "type", "limit")),
    ("POST", "runs", rebalancing.create_run, ()),
    ("GET", "runs/{id}", rebalancing.run, ()),
    ("DELETE", "runs/{id}", rebalancing.cancel_run, ()),
)
ROUTES = (
    Route("GET", re.compile(r"/v1/portfolios"), reports.portfolios),
    *(
        Route("GET", re.compile(f"{_PORTFOLIO}/{name}"), answer, ("as_of",))
        for name, answer in _REPORTS.items()
    ),
    Route("GET", re.compile(r"/v1/events"), events.events, ("since_id",)),
    Route("GET", re.compile(r"/v1/models"), reports.models),
    Route("GET", re.compile(r"/v1/orders"), reports.orders, ("portfolio",)),
    Route("POST", re.compile(r"/v1/plans"), plans.make, writes=True, heavy=True),
    Route("POST", re.compile(r"/v1/plans/batch"), plans.make_many, writes=True, heavy=True),
    Route("GET", re.compile(_PLAN), plans.look),
    Route("POST", re.compile(_PLAN + "/approval"), plans.approve, writes=True),
    Route("POST", re.compile(r"/v1/backtests"), backtests.start, writes=True),
    Route("GET", re.compile(r"/v1/jobs"), backtests.jobs),
    Route("GET", re.compile(_JOB), backtests.job),
    Route("POST", re.compile(_JOB + "/cancellation"), backtests.cancel, writes=True),
    *(
        Route(
            method,
            re.compile("/v1/rebalancing/" + path.replace("{id}", "(?P<id>[^/]{1,100})")),
            rebalancing.with_message(answer),
            query,
            heavy=path == "runs",
        )
        for method, path, answer, query in _FACE
    ),
)
LARGE = ("/v1/plans/batch", "/v1/backtests")
"""Addresses that take more than the usual body."""


@cache
def contract() -> bytes:
    """Return the published contract, OpenAPI 3.1."""
    return gzip.decompress(CONTRACT.read_bytes())
