"""Two accounts of what somebody holds, put side by side: file, journal and broker may each be wrong.

Nothing is decided here. What differs is named with both figures, and what agrees is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from steelyard.domain.caveats import HoldingDifference
from steelyard.domain.money import ZERO
from steelyard.words import Text, join, say

if TYPE_CHECKING:
    from steelyard.domain.portfolio import Account

Amounts = Mapping[str, Decimal]
"""Symbol to shares, or currency to money."""


def compare(
    ours: tuple[Amounts, Amounts], theirs: tuple[Amounts, Amounts]
) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Yield what two sides say different amounts of, with both amounts: shares first, then cash.

    What a side does not name it has none of.

    Args:
        ours, theirs: Shares by symbol and cash by currency.
    """
    for first, second in zip(ours, theirs, strict=True):
        for what in dict.fromkeys((*first, *second)):
            one, two = first.get(what, ZERO), second.get(what, ZERO)
            if one != two:
                yield what, one, two


def amounts(account: Account) -> tuple[Amounts, Amounts]:
    """Return the shares and the cash of an account, as `compare` takes them."""
    return {p.symbol: p.shares for p in account.positions}, account.cash


def undecided(differences: Iterable[HoldingDifference]) -> dict[str, list[HoldingDifference]]:
    """Return the differences nobody has decided, by account."""
    found: dict[str, list[HoldingDifference]] = {}
    for one in differences:
        if not one.decided:
            found.setdefault(one.account, []).append(one)
    return found


def told(account: str, differences: Sequence[HoldingDifference], source: str) -> tuple[Text, Text]:
    """Return what differs in one account as a sentence, and what its owner may write to decide it."""
    parts = [
        say(
            "{what} {file} in the file and {journal} in the journal",
            what=d.what,
            file=d.file,
            journal=d.journal,
        )
        for d in differences
    ]
    if differences[0].counts == "journal":
        text = say(
            "account {account!r} differs: {parts}; the journal counts",
            account=account,
            parts=join("; ", parts),
        )
    else:
        text = say(
            "account {account!r} differs: {parts}; the file counts", account=account, parts=join("; ", parts)
        )
    hint = say(
        'write kept = "journal" (or kept = "file") under the account {account!r} of {file}',
        account=account,
        file=source,
    )
    return text, hint
