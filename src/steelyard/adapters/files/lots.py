"""The lots of a position in a portfolio file: what was bought when, and for how much."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from steelyard.adapters.files.toml_places import Path
from steelyard.adapters.files.toml_reader import Reader
from steelyard.domain.money import ZERO, exact_sum, parse_number, plain
from steelyard.domain.portfolio import Lot
from steelyard.words import join, say

LOT_KEYS = ("bought", "shares", "unit_cost", "fx", "currency")


def read_lots(
    reader: Reader, symbol: str, shares: Decimal, row: Mapping[str, Any], path: Path, currency: str
) -> tuple[Lot, ...]:
    """Return the lots of a position, noting what is wrong with them.

    Args:
        reader: Of the file.
        symbol, shares: Of the position.
        row, path: The position as the file says it, and where.
        currency: What a lot was paid in that does not say it.
    """
    raw = row.get("lots", [])
    at = (*path, "lots")
    if not isinstance(raw, list) or not all(isinstance(lot, dict) for lot in raw):
        hint = say('write lots = [ {{ bought = 2024-03-04, shares = 5, unit_cost = "480.10" }} ]')
        reader.problem("not-a-table", say("lots must be a list of tables"), hint, at)
        return ()
    lots = []
    for index, lot in enumerate(raw):
        here = (*at, index)
        reader.unknown_keys(lot, LOT_KEYS, here)
        missing = [key for key in ("bought", "shares", "unit_cost") if key not in lot]
        if missing:
            hint = say('write {{ bought = 2024-03-04, shares = 5, unit_cost = "480.10" }}')
            reader.problem(
                "key-missing",
                say("a lot has no {missing}", missing=join(say(" and no "), missing)),
                hint,
                here,
            )
            continue
        bought = reader.day(lot["bought"], (*here, "bought"))
        count = reader.number(lot["shares"], (*here, "shares"), above=ZERO, example="5")
        cost = reader.amount(lot["unit_cost"], (*here, "unit_cost"), example='"480.10"')
        fx = None
        if "fx" in lot:
            fx = reader.number(lot["fx"], (*here, "fx"), above=ZERO, example='"1331.5"')
        if bought is None or count is None or cost is None:
            continue
        paid_in = lot.get("currency") or cost.currency or currency
        lots.append(Lot(bought, count, cost.value, str(paid_in), fx))
    total = sum((lot.shares for lot in lots), ZERO)
    if lots and len(lots) == len(raw) and total != shares:
        text = say(
            "{symbol}: lots add up to {total} shares, not {shares}",
            symbol=symbol,
            total=plain(total),
            shares=plain(shares),
        )
        hint = say('write shares = "{total}", or correct the lots', total=plain(total))
        reader.problem("lot-sum", text, hint, at)
    return tuple(lots)


def lot_shares(row: Mapping[str, Any]) -> str | None:
    """Return the shares of a position's lots together, for a hint; None where they cannot be added up."""
    lots = row.get("lots")
    try:
        return plain(exact_sum(parse_number(lot["shares"]) for lot in lots)) if lots else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
