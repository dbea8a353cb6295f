"""Which funds a wash-sale rule takes for the same: a setting, since no ruling says it for index funds.

The law speaks of "substantially identical" securities. Practice takes two funds on one index for that, so
these count as identical unless the owner says otherwise; `tax`, `plan` and `harvest` all read it here.

Source: 26 U.S.C. 1091(a); that one index is a risk is practice (`Replacement.caution`), not a ruling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from steelyard.domain.market.instruments import Instrument
from steelyard.errors import InputError
from steelyard.words import say

SAME_INDEX, SAME_SYMBOL = "same_index", "same_symbol"
CHOICES = (SAME_INDEX, SAME_SYMBOL)


def same_index(instruments: Iterable[Instrument]) -> dict[str, str]:
    """Return symbol to group of the funds whose replacements say `avoid`, read both ways and onwards.

    A group is named by its first symbol; what nothing is said about is in no group.
    """
    return _joined((one.symbol, other.symbol) for one in instruments for other in one.replacements
                   if other.caution == "avoid")  # fmt: skip


def chosen(
    settings: Mapping[str, object], catalogued: Mapping[str, str], always: Iterable[Sequence[str]] = ()
) -> dict[str, str]:
    """Return symbol to group as the owner wants it.

    Args:
        settings: Keys under [tax]: `identical`, `same_index` (the default) or `same_symbol`; and
            `identical_groups`, lists of symbols that count as identical besides.
        catalogued: See `same_index`.
        always: Groups of symbols that are one thing whatever is set, such as share classes of a fund.

    Raises:
        InputError: Neither word, or no list of lists of symbols (`tax-setting`).
    """
    word = settings.get("identical", SAME_INDEX)
    if word not in CHOICES:
        raise InputError(
            "tax-setting",
            say("tax.identical is {word!r}", word=word),
            say(
                'write identical = "{same_index}" or "{same_symbol}" under [tax]',
                same_index=SAME_INDEX,
                same_symbol=SAME_SYMBOL,
            ),
        )
    pairs = list(catalogued.items()) if word == SAME_INDEX else []
    groups = settings.get("identical_groups", [])
    if not isinstance(groups, list) or not all(_symbols(group) for group in groups):
        raise InputError(
            "tax-setting",
            say("tax.identical_groups is {groups!r}, not lists of symbols", groups=groups),
            say('write identical_groups = [["VOO", "VTI"]] under [tax]'),
        )
    return _joined([*pairs, *((group[0], symbol) for group in (*groups, *always) for symbol in group)])


def _symbols(group: object) -> bool:
    return isinstance(group, list) and len(group) > 1 and all(isinstance(x, str) and x for x in group)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return every symbol of some pairs with the first symbol of all that pairs connect it to."""
    members: dict[str, set[str]] = {}
    for one, other in pairs:
        joined = members.get(one, {one}) | members.get(other, {other})
        for symbol in joined:
            members[symbol] = joined
    return {symbol: min(group) for symbol, group in sorted(members.items())}
