"""The sales of a tax year as CSV, for the return."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from steelyard.domain.shown import cell
from steelyard.domain.tax.country import YearTax
from steelyard.domain.tax.forms import Cell, Form

CSV_COLUMNS = (
    "account", "symbol", "class", "sold_on", "settles_on", "term", "shares", "proceeds", "cost", "gain",
    "disallowed", "bought", "rules", "sources", "verified",
)  # fmt: skip


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
        row = d.to_dict()
        rules = [known[name] for name in d.rules if name in known]
        writer.writerow(
            [
                *(cell(row[c] or "") for c in CSV_COLUMNS[:11]),
                " ".join(lot["bought"] for lot in row["lots"]),
                " ".join(rule.id for rule in rules),
                " | ".join(rule.source for rule in rules),
                min((rule.verified.isoformat() for rule in rules), default=""),
            ]
        )
    return out.getvalue()


def _written(value: Cell) -> str:
    if isinstance(value, Decimal):
        # Never with an exponent, as the text of a number may be.
        return f"{value:f}"
    return str(cell(None if value is None else str(value)))


def form_csv(form: Form) -> str:
    """Return a form as CSV, a row a line of the form."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(form.columns)
    writer.writerows([_written(value) for value in row] for row in form.rows)
    return out.getvalue()
