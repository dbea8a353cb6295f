"""What may still be paid into US retirement accounts this year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.accounts import ContributionRoom
from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.money import exact_sum
from steelyard.domain.tax.rules import Rule
from steelyard.words import say

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
) -> tuple[ContributionRoom, ...]:
    """Return the room left in one person's sheltered accounts, dollars; none for a year without figures.

    A 529 plan has no limit of its own a year: what is paid in is a gift, and each state sets a total.

    Args:
        owner: Whose limits they are.
        kinds: Kinds of this person's accounts by name.
        entries: Of the journal, none later than `as_of`.
        figures: The US data file and its rules.
        as_of: A deposit counts for the calendar year it is dated in.

    Source: rules us.ira-contribution, us.401k-deferral, us.sep-contribution, us.simple-deferral and
    us.hsa-contribution.
    """
    limits = figures[0].get("contribution_limits", {}).get(str(as_of.year))
    if limits is None:
        return ()
    rules = {rule.id: rule for rule in figures[1]}
    found = []
    for wrapper, shared, rule_id, left_out in _SHARED:
        names = tuple(sorted(n for n, kind in kinds.items() if kind in shared))
        if not names or wrapper not in limits:
            continue
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
                limit=Decimal(limits[wrapper]),
                paid=paid if own else None,
                source=rule.source,
                verified=rule.verified,
                note=note,
            )
        )
    return tuple(found)
