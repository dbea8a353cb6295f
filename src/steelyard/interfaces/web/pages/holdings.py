"""What is held: per account, at what cost and gain, with the lots."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import steelyard
from steelyard.domain.shown import cell
from steelyard.interfaces.rounding import adds_up
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit

if TYPE_CHECKING:
    from decimal import Decimal

    from steelyard.app.books.holdings_report import Cash, Holding, HoldingsReport
    from steelyard.domain.portfolio import Lot, Portfolio

    _Table = tuple[str, list[Holding], list[Cash], Decimal]

_COLUMNS = (
    "account", "symbol", "name", "shares", "price", "currency", "priced_on", "value", "weight",
    "average_cost", "cost", "cost_currency", "gain", "price_gain", "currency_gain", "gain_share",
)  # fmt: skip


def holdings(visit: Visit) -> Screen:
    """Show what is held, an account after the other."""
    portfolio = steelyard.load(visit.file, as_of=visit.as_of)
    report = steelyard.holdings(portfolio, as_of=visit.as_of)
    if visit.query.get("as") == "csv" and not visit.display.private:
        return Screen(content=_csv(report), kind="text/csv; charset=utf-8", name="holdings.csv")
    names = [account.name for account in portfolio.accounts]
    tables = [
        (
            name,
            [h for h in report.holdings if h.account == name],
            [c for c in report.cash if c.account == name],
            sum((h.value for h in report.holdings if h.account == name), start=report.total * 0)
            + sum((c.value for c in report.cash if c.account == name), start=report.total * 0),
        )
        for name in names
    ]
    return Screen(
        "holdings.html",
        {
            **about(portfolio, report.as_of),
            "matters": matters_of(steelyard.check(portfolio, as_of=visit.as_of)),
            "report": report,
            "rounded": not _adds_up(report, tables),
            "tables": tables,
            "lots": _lots(portfolio),
            "unknown": sorted({h.symbol for h in report.holdings if h.gain is None}),
        },
    )


def _adds_up(report: HoldingsReport, tables: list[_Table]) -> bool:
    """Say whether the sums on the page are those of the figures it shows."""
    base, sums = report.base_currency, [total for *_, total in tables]
    inside = [
        ([*(h.value for h in rows), *(c.value for c in cash)], total) for _, rows, cash, total in tables
    ]
    return all(adds_up(p, s, base) for p, s in (*inside, (sums, report.total))) and adds_up(
        (h.gain for h in report.holdings), report.gain, base
    )


def _lots(portfolio: Portfolio) -> list[tuple[str, str, Lot]]:
    return [
        (account.name, position.symbol, lot)
        for account in portfolio.accounts
        for position in account.positions
        for lot in position.lots
        if lot.shares
    ]


def _csv(report: HoldingsReport) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for holding in report.holdings:
        table.writerow({key: cell(value) for key, value in holding.to_dict().items()})
    return out.getvalue()
