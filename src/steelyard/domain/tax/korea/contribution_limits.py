"""What may still be paid into Korean tax-sheltered accounts this year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from steelyard.domain.accounts import ContributionRoom
from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.tax.korea.isa_room import deposits_of, isa_room
from steelyard.domain.tax.korea.rates import TaxRates, rates_of
from steelyard.domain.tax.rules import Rule
from steelyard.words import say


def contribution_room(
    owner: str,
    kinds: Mapping[str, str],
    entries: Sequence[Entry],
    figures: tuple[Mapping[str, Any], Sequence[Rule]],
    as_of: date,
    settings: Mapping[str, object],
) -> tuple[ContributionRoom, ...]:
    """Return the room left in one person's ISA and pension accounts, won.

    Args:
        owner: Whose limits they are.
        kinds: Kinds of this person's accounts by name.
        entries: Of the journal, none later than `as_of`.
        figures: The Korean data file and its rules.
        as_of: The year's limits are those of this day.
        settings: Not needed: the limits stand in the law, not in figures of each year.

    Source: rules kr.isa (20,000,000 a year, unused room kept, 100,000,000 in all) and kr.pension-contribution
    (18,000,000 a year into pension savings and IRPs together).
    """
    rates = rates_of(figures[0], figures[1], as_of.year)
    found = []
    for name in sorted(n for n, kind in kinds.items() if kind == "isa"):
        own = [e for e in entries if e.account == name]
        found.append(_isa(owner, name, own, rates, as_of))
    pensions = sorted(n for n, kind in kinds.items() if kind in ("pension", "irp"))
    if pensions and "pension.contribution_limit" in rates.values:
        own = [e for e in entries if e.account in pensions]
        found.append(_pension(owner, tuple(pensions), own, rates, as_of))
    return tuple(found)


def _isa(owner: str, name: str, own: Sequence[Entry], rates: TaxRates, as_of: date) -> ContributionRoom:
    room = isa_room(own, as_of.year, rates)
    rule = rates.rules["kr.isa"]
    return ContributionRoom(
        wrapper="isa",
        owner=owner,
        accounts=(name,),
        year=as_of.year,
        currency="KRW",
        limit=room.limit,
        paid=room.paid if own else None,
        source=rule.source,
        verified=rule.verified,
        note=room.note,
    )


def _pension(
    owner: str, names: tuple[str, ...], own: Sequence[Entry], rates: TaxRates, as_of: date
) -> ContributionRoom:
    rule = rates.rules["kr.pension-contribution"]
    return ContributionRoom(
        wrapper="pension",
        owner=owner,
        accounts=names,
        year=as_of.year,
        currency="KRW",
        limit=rates["pension.contribution_limit"],
        paid=deposits_of(e for e in own if e.traded_on.year == as_of.year) if own else None,
        source=rule.source,
        verified=rule.verified,
        note=_unknown([e for e in own if e.traded_on.year == as_of.year]),
    )


def _unknown(own: Sequence[Entry]) -> str:
    """Say what a journal that begins with what was held cannot know."""
    opened = [e.traded_on for e in own if e.note == OPENING_NOTE]
    if not opened:
        return ""
    return say("what was paid in before {day} is not in the journal: at most this much", day=min(opened))
