"""The order in which an account's lots of an instrument are sold: the law's, the broker's or the owner's."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.app.tax.situation import TaxSituation
from steelyard.domain.books.lots import TaxLot, averaged, queue
from steelyard.domain.money import EXACT


def method_of(situation: TaxSituation, account: str, symbol: str) -> str:
    """Return the method that sells an account's lots of an instrument: the law's, the owner's, or fifo."""
    tax_class = situation.facts.classes[symbol]
    return situation.country.law_method(tax_class) or situation.facts.methods.get(
        (account, tax_class), "fifo"
    )


def is_free_choice(method: str) -> bool:
    """Say whether the owner chooses the lots of a sale."""
    return method in ("specific", "least_tax")


def selling_order(lots: Sequence[TaxLot], method: str) -> list[TaxLot]:
    """Return lots in the order a method sells them.

    Under `average` each stands at the average cost of all, oldest first; where the owner chooses, the dearest
    share comes first.

    Args:
        lots: Of one instrument in one account.
        method: See `method_of`.
    """
    if method == "average":
        return averaged(lots)
    if is_free_choice(method):
        return sorted(queue(lots, "fifo"), key=lambda x: -EXACT.divide(x.cost, x.shares))
    return queue(lots, method)
