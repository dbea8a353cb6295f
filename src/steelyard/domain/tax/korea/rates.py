"""Korean tax numbers of one year, and how won amounts are cut.

The numbers come from the country's data file, dated and with their rule; nothing here knows a rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.tax.rules import Rule
from steelyard.errors import DataError
from steelyard.records import dataclass
from steelyard.words import say

_DUST = Decimal("1E-10")
_MOST = Decimal("1E+28")
_TEN = Decimal(10)


@dataclass(frozen=True, slots=True)
class Bracket:
    """A rate on the part of an amount from `above` up to the next bracket."""

    above: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class TaxRates:
    """The numbers of one year.

    Attributes:
        year: The year they hold for.
        values: TaxRates and thresholds by id, such as `overseas.deduction`.
        brackets: Progressive scales by id.
        rules: Rules by id.
    """

    year: int
    values: Mapping[str, Decimal]
    brackets: Mapping[str, tuple[Bracket, ...]]
    rules: Mapping[str, Rule]

    def __getitem__(self, name: str) -> Decimal:
        if name not in self.values:
            raise _unknown(name, self.year)
        return self.values[name]

    def progressive(self, name: str, amount: Decimal) -> Decimal:
        """Return the tax on an amount under a progressive scale, to the won; zero for a negative one."""
        if name not in self.brackets:
            raise _unknown(name, self.year)
        scale = self.brackets[name]
        tops = [b.above for b in scale[1:]] + [max(amount, scale[-1].above)]
        tax = ZERO
        for bracket, top in zip(scale, tops, strict=True):
            part = EXACT.subtract(min(amount, top), bracket.above)
            if part > ZERO:
                tax = EXACT.add(tax, EXACT.multiply(part, bracket.rate))
        return whole_won(tax)


def _unknown(name: str, year: int) -> DataError:
    return DataError(
        "tax-rate-unknown",
        say("no Korean tax figures are on record for {year} ({name})", year=year, name=name),
        say("ask for a year the rate file covers, or add the number with its source to it"),
    )


def rates_of(data: Mapping[str, Any], rules: Iterable[Rule], year: int) -> TaxRates:
    """Return the numbers that hold in a year: of each id the row with the latest first year.

    Args:
        data: The Korean data file, numbers as text.
        rules: The rules of that file.
        year: Tax year. One before the file's first leaves numbers out; reading them is an error.
    """
    rows: dict[str, Mapping[str, Any]] = {}
    for row in sorted(data["parameters"], key=lambda r: int(r["from"])):
        if row["from"] <= year <= row.get("to", year):
            rows[row["id"]] = row
    return TaxRates(
        year,
        {name: Decimal(row["value"]) for name, row in rows.items() if "value" in row},
        {
            name: tuple(Bracket(Decimal(above), Decimal(rate)) for above, rate in row["brackets"])
            for name, row in rows.items()
            if "brackets" in row
        },
        {rule.id: rule for rule in rules},
    )


def without_dust(amount: Decimal) -> Decimal:
    """Round an amount to ten decimals of a won, which takes off what a division left at the last digit.

    >>> without_dust(Decimal("4999.99999999999999999999"))
    Decimal('5000')
    """
    if abs(amount) >= _MOST:
        return amount
    rounded = amount.quantize(_DUST, ROUND_HALF_EVEN, EXACT)
    whole = rounded.to_integral_value()
    return whole if whole == rounded else rounded.normalize(EXACT)


def tens_of_won(amount: Decimal) -> Decimal:
    """Cut a tax to tens of won, towards zero: what is below ten won is neither collected nor paid.

    >>> tens_of_won(Decimal("259")), tens_of_won(Decimal("9.9"))
    (Decimal('250'), Decimal('0'))

    Source: rule kr.ten-won.
    """
    return EXACT.multiply(EXACT.divide(whole_won(amount), _TEN).quantize(ONE, ROUND_DOWN, EXACT), _TEN)


def whole_won(amount: Decimal) -> Decimal:
    """Cut an amount to whole won, towards zero, dust taken off first.

    >>> whole_won(Decimal("897.12")), whole_won(Decimal("4999.99999999999999999999"))
    (Decimal('897'), Decimal('5000'))
    """
    return without_dust(amount).quantize(ONE, ROUND_DOWN, EXACT)
