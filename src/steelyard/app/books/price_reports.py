"""What is known of a portfolio's prices, as reports: fetched just now, kept, or judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from steelyard.app.books.prices import wanted_by
from steelyard.app.market.prices import Fetched
from steelyard.domain.market.prices import PriceLimits, Wanted, is_stale
from steelyard.domain.portfolio import Portfolio
from steelyard.ports.market import PriceRecords

Kind = Literal["kept", "fetched", "judged"]
_SCHEMAS = {
    "kept": "steelyard/prices/1",
    "fetched": "steelyard/prices-fetch/1",
    "judged": "steelyard/prices-check/1",
}


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One instrument or rate.

    Attributes:
        symbol: Of the instrument, or a pair (`USDKRW`).
        currency: Of the price, as the source or the instrument says.
        source, day, price: Of the newest good close; None where there is none.
        state: good | stale | missing | in the portfolio file | not needed; None where it was not judged.
        findings: What is wrong with it; `text`, and after a fetch `code` and `refused`.
    """

    symbol: str
    currency: str | None
    source: str | None = None
    day: date | None = None
    price: Decimal | None = None
    state: str | None = None
    findings: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of its report."""
        return {
            "symbol": self.symbol,
            "source": self.source,
            "day": str(self.day) if self.day else None,
            "price": None if self.price is None else f"{self.price:f}",
            "currency": self.currency,
            **({} if self.state is None else {"state": self.state}),
            "findings": [dict(finding) for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class PriceReport:
    """Prices of a portfolio's instruments and rates, in its order."""

    kind: Kind
    rows: tuple[PriceRow, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing or too old."""
        if self.kind == "judged":
            return all(row.state not in ("missing", "stale") for row in self.rows)
        return all(row.price is not None for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `prices show`, `prices fetch` or `prices check` with `--json`."""
        return {"schema": _SCHEMAS[self.kind], "prices": [row.to_dict() for row in self.rows]}


Mask = Callable[[str], str]
"""Makes every secret in a text unreadable."""


def fetched(results: Iterable[Fetched], mask: Mask) -> PriceReport:
    """Return what came of a fetch."""
    return PriceReport(
        "fetched",
        tuple(
            PriceRow(
                one.wanted.symbol,
                one.wanted.currency,
                one.source,
                one.newest.day if one.newest else None,
                one.newest.price if one.newest else None,
                findings=tuple(
                    {"code": f.code, "refused": f.refused, "text": mask(f.text)} for f in one.findings
                ),
            )
            for one in results
        ),
    )


def kept(outline: Portfolio, records: PriceRecords, last: int) -> PriceReport:
    """Return the newest closes that are kept, `last` of each instrument."""
    rows = [
        PriceRow(wanted.symbol, close.currency, source, close.day, close.price)
        for wanted in wanted_by(outline)
        for source, close in records.history(wanted.symbol, last)
    ]
    return PriceReport("kept", tuple(rows))


def judged(
    outline: Portfolio,
    missing: frozenset[str],
    records: PriceRecords,
    limits: PriceLimits,
    mask: Mask,
    *,
    as_of: date,
) -> PriceReport:
    """Return which prices are missing, stale or were refused; fetches nothing.

    Args:
        outline: The portfolio, with made-up prices for what is `missing` in its file.
        missing: Symbols and pairs without a price of the file.
        records: What was fetched.
        limits: The owner's.
        mask: Secrets out of findings.
        as_of: Today.
    """
    rows = []
    for wanted in wanted_by(outline):
        newest = records.newest(wanted.symbol)
        rows.append(
            PriceRow(
                wanted.symbol,
                wanted.currency,
                newest[0] if newest else None,
                newest[1].day if newest else None,
                newest[1].price if newest else None,
                _state(wanted, outline, missing, records, limits, as_of),
                tuple({"text": mask(text)} for text in records.last_findings(wanted.symbol)),
            )
        )
    return PriceReport("judged", tuple(rows))


def _state(
    wanted: Wanted,
    outline: Portfolio,
    missing: frozenset[str],
    records: PriceRecords,
    limits: PriceLimits,
    as_of: date,
) -> str:
    if wanted.symbol not in missing:
        # Without a rate in the file, every price and amount of it is in base currency already.
        needless = wanted.is_rate and wanted.symbol[:3] not in outline.fx
        return "not needed" if needless else "in the portfolio file"
    newest = records.newest(wanted.symbol)
    if newest is None:
        return "missing"
    return "stale" if is_stale(newest[1], newest[0], limits, as_of) else "good"
