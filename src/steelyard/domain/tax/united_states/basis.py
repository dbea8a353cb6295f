"""Which federal rule each figure of a United States year rests on."""

from __future__ import annotations

from steelyard.domain.money import ZERO
from steelyard.domain.tax.basis import together
from steelyard.domain.tax.country import Disposal
from steelyard.domain.tax.united_states.capital_gains import LONG
from steelyard.domain.tax.united_states.positions import COLLECTIBLE

_GAINS = ("us.term", "us.lots", "us.year", "us.wash-sale")
_WASHED = ("us.wash-sale", "us.wash-sale-same-lot")

FIGURES = {
    "short_term": _GAINS,
    "long_term": _GAINS,
    "collectibles": ("us.collectibles", *_GAINS),
    "disallowed": _WASHED,
    "disallowed_permanently": ("us.wash-sale", "us.wash-sale-ira"),
    "ordinary_offset": ("us.netting",),
    "carried_in": ("us.netting",),
    "carry_forward": ("us.netting",),
    "interest": ("us.ordinary", "us.niit"),
    "distributions": ("us.distribution",),
    "dividends": ("us.qualified-dividend",),
    "tax": ("us.netting",),
    "tax.short_term": ("us.ordinary", "us.netting"),
    "tax.long_term": ("us.brackets", "us.netting"),
    "tax.long_term_by_rate": ("us.brackets",),
    "tax.collectibles": ("us.collectibles",),
    "tax.dividends_and_interest": ("us.ordinary",),
    "tax.distributions": ("us.ordinary", "us.distribution"),
    "tax.early_distributions": ("us.distribution",),
    "tax.net_investment_income_tax": ("us.niit",),
}
"""Rule ids by section and figure, as `basis_of` looks them up."""

TOTAL = ("us.ordinary", "us.brackets", "us.collectibles", "us.niit", "us.netting")
"""What the tax of the year adds up."""

LOTS = ("us.lots", "us.came-by", *_WASHED)
"""Which lots are left, at what cost and held from when."""


def rules_of(disposal: Disposal) -> tuple[str, ...]:
    """Return the ids of the rules that the figures of a sale rest on."""
    washed = _WASHED if disposal.disallowed > ZERO else ()
    metal = disposal.tax_class == COLLECTIBLE and disposal.term == LONG
    return together(("us.term", "us.lots", "us.year"), washed, ("us.collectibles",) if metal else ())
