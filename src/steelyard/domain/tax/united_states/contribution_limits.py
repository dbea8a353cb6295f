"""What may still be paid into US retirement accounts this year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.accounts import ContributionRoom
from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.money import exact_sum, parse_number
from steelyard.domain.tax.rules import Rule
from steelyard.errors import InputError
from steelyard.words import join, say

_MORE_AT_50 = say("from age 50 on more may be paid in")
_SHARED = (
    ("ira", ("ira", "roth"), "us.ira-contribution", _MORE_AT_50),
    ("401k", ("401k", "roth_401k", "403b"), "us.401k-deferral", _MORE_AT_50),
    ("sep_ira", ("sep_ira",), "us.sep-contribution", say("at most a quarter of one's pay")),
    ("simple_ira", ("simple_ira",), "us.simple-deferral", _MORE_AT_50),
    ("hsa", ("hsa",), "us.hsa-contribution", say("of family coverage; of oneself alone about half of it")),
)
"""Wrapper, the kinds of account that share its limit, the rule, and what its figure leaves out."""


def contribution_room(
    owner: str,
    kinds: Mapping[str, str],
    entries: Sequence[Entry],
    figures: tuple[Mapping[str, Any], Sequence[Rule]],
    as_of: date,
    settings: Mapping[str, object],
) -> tuple[ContributionRoom, ...]:
    """Return the room left in one person's sheltered accounts, dollars; none for years before all figures.

    A limit that is not in the data yet is that of the last year that has one, and its note says provisional.

    A 529 plan has no limit of its own a year: what is paid in is a gift, and each state sets a total.

    Args:
        owner: Whose limits they are.
        kinds: Kinds of this person's accounts by name.
        entries: Of the journal, none later than `as_of`.
        figures: The US data file and its rules.
        as_of: A deposit counts for the calendar year it is dated in.
        settings: Of [tax] for that year; `contribution_limits` by wrapper take the place of the data's.

    Raises:
        InputError: A limit that is stated is none (`tax-setting`).

    Source: rules us.ira-contribution, us.401k-deferral, us.sep-contribution, us.simple-deferral and
    us.hsa-contribution.
    """
    known = figures[0].get("contribution_limits", {})
    own_limits = _stated(settings)
    rules = {rule.id: rule for rule in figures[1]}
    found = []
    for wrapper, shared, rule_id, left_out in _SHARED:
        names = tuple(sorted(n for n, kind in kinds.items() if kind in shared))
        if not names:
            continue
        year = max((y for y in map(int, known) if y <= as_of.year and wrapper in known[str(y)]), default=None)
        if wrapper in own_limits:
            limit, provisional = own_limits[wrapper], ""
        elif year is None:
            continue
        else:
            limit = Decimal(known[str(year)][wrapper])
            provisional = "" if year == as_of.year else _provisional(wrapper, as_of.year, year)
        own = [e for e in entries if e.account in names]
        this_year = [e for e in own if e.traded_on.year == as_of.year]
        rule = rules[rule_id]
        opened = [e.traded_on for e in this_year if e.note == OPENING_NOTE]
        note = left_out
        if opened:
            note = say(
                "what was paid in before {day} is not in the journal: at most this much", day=min(opened)
            )
        paid = exact_sum(
            e.shares
            for e in this_year
            if e.kind == "deposit" and e.currency == "USD" and e.note != OPENING_NOTE
        )
        found.append(
            ContributionRoom(
                wrapper=wrapper,
                owner=owner,
                accounts=names,
                year=as_of.year,
                currency="USD",
                limit=limit,
                paid=paid if own else None,
                source=rule.source,
                verified=rule.verified,
                note=join("; ", (provisional, note)) if provisional else note,
            )
        )
    return tuple(found)


def _provisional(wrapper: str, year: int, known: int) -> str:
    return say(
        "provisional: the limit of {year} is not in the tax data, that of {known} is used; write "
        "contribution_limits = {{ {wrapper} = AMOUNT }} under [tax.{year}] once it is published",
        year=year,
        known=known,
        wrapper=wrapper,
    )


def _stated(settings: Mapping[str, object]) -> dict[str, Decimal]:
    """Return the limits that the owner states for a year, by wrapper.

    Raises:
        InputError: One is no amount, or of what has none (`tax-setting`).
    """
    stated = settings.get("contribution_limits", {})
    wrappers = [wrapper for wrapper, *_ in _SHARED]
    try:
        if isinstance(stated, Mapping) and set(stated) <= set(wrappers):
            limits = {str(wrapper): parse_number(amount) for wrapper, amount in stated.items()}
            if all(limit >= 0 for limit in limits.values()):
                return limits
    except ValueError:
        pass
    raise InputError(
        "tax-setting",
        say("tax.contribution_limits is {raw!r}, no table of limits", raw=str(stated)),
        say(
            "write contribution_limits = {{ ira = 7500 }} with {wrappers} and amounts",
            wrappers=", ".join(wrappers),
        ),
    )
