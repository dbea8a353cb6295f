"""JSON and CSV of the year's tax, as the contract names them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.app.harvest.harvest import HarvestReport
from steelyard.app.harvest.value import Proposal
from steelyard.domain.tax.country import Disposal, YearTax
from steelyard.interfaces.documents.planning import number

CSV_COLUMNS = (
    "account", "symbol", "class", "sold_on", "settles_on", "term", "shares", "proceeds", "cost", "gain",
    "disallowed", "bought", "rules", "sources", "verified",
)  # fmt: skip


def tax(year: YearTax) -> dict[str, Any]:
    """Return the document of `tax` (`steelyard/tax/1`)."""
    return {
        "schema": "steelyard/tax/1",
        "jurisdiction": year.jurisdiction,
        "year": year.year,
        "disposals": [_disposal(d) for d in year.disposals],
        "summary": _plain(year.summary),
        "total_tax": None if year.total_tax is None else number(year.total_tax),
        "open_lots": [
            {
                "account": lot.account,
                "symbol": lot.symbol,
                "bought": lot.bought.isoformat(),
                "holding_from": lot.holding_from.isoformat(),
                "shares": number(lot.shares),
                "cost": number(lot.cost),
            }
            for lot in year.open_lots
        ],
        "filings": [
            {
                "what": f.what,
                "opens": f.opens.isoformat(),
                "due": f.due.isoformat(),
                "amount": number(f.amount),
                "rule": f.rule,
            }
            for f in year.filings
        ],
        "notes": list(year.notes),
        "basis": basis(year),
        "rules": [
            {
                "id": r.id,
                "text": r.text,
                "source": r.source,
                "verified": r.verified.isoformat(),
                "doubtful": r.doubtful,
            }
            for r in year.rules
        ],
    }


def basis(year: YearTax) -> dict[str, list[str]]:
    """Return the rule ids of each figure, by its JSON pointer (RFC 6901) into the document."""
    pointers = {
        "/".join(("/summary", *(key.replace("~", "~0").replace("/", "~1") for key in path))): ids
        for path, ids in year.basis.items()
        if path
    }
    total = {"/total_tax": year.basis[()]} if () in year.basis else {}
    lots = {"/open_lots": year.lot_rules} if year.open_lots else {}
    return {pointer: list(ids) for pointer, ids in (pointers | total | lots).items()}


def _disposal(d: Disposal) -> dict[str, Any]:
    return {
        "account": d.account,
        "symbol": d.symbol,
        "class": d.tax_class,
        "sold_on": d.sold_on.isoformat(),
        "settles_on": d.settles_on.isoformat(),
        "shares": number(d.shares),
        "proceeds": number(d.proceeds),
        "cost": number(d.cost),
        "gain": number(d.gain),
        "disallowed": number(d.disallowed),
        "term": d.term,
        "taxable": None if d.taxable is None else number(d.taxable),
        "lots": [
            {"bought": x.bought.isoformat(), "shares": number(x.shares), "cost": number(x.cost)}
            for x in d.lots
        ],
        "notes": list(d.notes),
        "rules": list(d.rules),
    }


def _plain(value: object) -> Any:
    """Return a summary with every number as a decimal string."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def harvest(report: HarvestReport) -> dict[str, Any]:
    """Return the document of `harvest` (`steelyard/harvest/1`)."""
    return {
        "schema": "steelyard/harvest/1",
        "currency": report.currency,
        "losses": [_proposal(p, "loss") for p in report.losses],
        "gains": [_proposal(p, "gain") for p in report.gains],
        "deadline": report.deadline.isoformat(),
        "gain_room": None if report.gain_room is None else number(report.gain_room),
        "notes": list(report.notes),
    }


def _proposal(p: Proposal, kind: str) -> dict[str, Any]:
    return {
        "account": p.account,
        "symbol": p.symbol,
        "lots": [{"bought": day.isoformat(), "shares": number(count)} for day, count in p.lots],
        "shares": number(p.shares),
        kind: number(-p.gain if kind == "loss" else p.gain),
        "saves": number(p.saves),
        "costs": number(p.costs),
        "worth": number(p.worth),
        "do": p.do,
        "why": p.why,
        "replacement": None
        if p.replacement is None
        else {"symbol": p.replacement[0], "caution": p.replacement[1]},
        "not_before": p.not_before.isoformat() if p.not_before else None,
        "do_not_buy": list(p.do_not_buy),
    }


def disposals_csv(year: YearTax) -> str:
    """Return the disposals as CSV, one row a sale, for the return.

    The last columns say what the row's figures rest on: rule ids, the source of each in the same order, and
    the oldest of the days on which they were verified.
    """
    known = {rule.id: rule for rule in year.rules}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for d in year.disposals:
        row = _disposal(d)
        rules = [known[name] for name in d.rules if name in known]
        writer.writerow(
            [
                *(row[c] or "" for c in CSV_COLUMNS[:11]),
                " ".join(lot["bought"] for lot in row["lots"]),
                " ".join(rule.id for rule in rules),
                " | ".join(rule.source for rule in rules),
                min((rule.verified.isoformat() for rule in rules), default=""),
            ]
        )
    return out.getvalue()
