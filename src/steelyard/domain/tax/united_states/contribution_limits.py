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

_SHARED = (("ira", ("ira", "roth"), "us.ira-contribution"), ("401k", ("401k",), "us.401k-deferral"))
"""Wrapper, the kinds of account that share its limit, and the rule."""


def contribution_room(
    owner: str,
    kinds: Mapping[str, str],
    entries: Sequence[Entry],
    figures: tuple[Mapping[str, Any], Sequence[Rule]],
    as_of: date,
) -> tuple[ContributionRoom, ...]:
    """Return the room left in one person's IRAs and 401(k) plans, dollars; none for a year without figures.

    Args:
        owner: Whose limits they are.
        kinds: Kinds of this person's accounts by name.
        entries: Of the journal, none later than `as_of`.
        figures: The US data file and its rules.
        as_of: A deposit counts for the calendar year it is dated in.

    Source: rules us.ira-contribution and us.401k-deferral.
    """
    limits = figures[0].get("contribution_limits", {}).get(str(as_of.year))
    if limits is None:
        return ()
    rules = {rule.id: rule for rule in figures[1]}
    found = []
    for wrapper, shared, rule_id in _SHARED:
        names = tuple(sorted(n for n, kind in kinds.items() if kind in shared))
        if not names:
            continue
        own = [e for e in entries if e.account in names]
        this_year = [e for e in own if e.traded_on.year == as_of.year]
        rule = rules[rule_id]
        opened = [e.traded_on for e in this_year if e.note == OPENING_NOTE]
        note = say("from age 50 on more may be paid in")
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
