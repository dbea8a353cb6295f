"""Purchases of the last weeks that make a sale at a loss a wash sale."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal

from steelyard.app.tax.situation import TaxSituation
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.codes import TAXED_KINDS

Purchase = tuple[date, str, str]
"""Day, symbol and account: what one lot is known by."""


def recent_purchases(
    situation: TaxSituation, symbols: Collection[str], as_of: date
) -> Mapping[Purchase, Decimal]:
    """Return the shares still held of what was bought inside the window before a day.

    Args:
        situation: The journal and the country.
        symbols: What counts as identical.
        as_of: Day of the sale.
    """
    days = situation.country.wash_days
    if days is None:
        return {}
    window = timedelta(days=days)
    held: dict[Purchase, Decimal] = {}
    # What was inherited or given was not bought, and undoes no loss.
    came = {
        (e.lot or e.traded_on, e.symbol, e.account)
        for e in situation.facts.entries
        if e.kind == "inheritance" or e.gift_value is not None
    }
    for lot in situation.so_far.open_lots:
        if (lot.bought, lot.symbol, lot.account) in came:
            continue
        if lot.symbol in symbols and as_of - lot.bought <= window:
            key = lot.bought, lot.symbol, lot.account
            held[key] = EXACT.add(held.get(key, ZERO), lot.shares)
    # The return lists no lots of a sheltered account or of a spouse, but a purchase there is a replacement
    # as well.
    for entry in situation.facts.entries:
        day = entry.lot if entry.kind == "transfer_in" and entry.lot else entry.traded_on
        unlisted = situation.facts.account_kinds.get(entry.account, "taxable") not in TAXED_KINDS
        unlisted = unlisted or not situation.facts.reports(entry.account)
        inside = as_of - day <= window
        if unlisted and inside and entry.symbol in symbols and entry.kind in ("buy", "transfer_in"):
            held[day, entry.symbol, entry.account] = entry.shares
    return held
