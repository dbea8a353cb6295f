"""What targets aim at: a single fund, or a class that several funds meet, each wholly or in part.

A portfolio file names targets; `goals` turns each into a `Goal`: which instruments count for it, with what
fraction of their value, and which of them may be bought. Drift, bands and plans speak of goals; where a
target is a plain symbol its goal has that one part, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class AssetClass:
    """One entry of `[classes]`, classes inside it already replaced by their members.

    Attributes:
        name: As `[targets]` may name it.
        members: Symbols that count for it with all of their value, in the order of the file.
        buy: Those that may be bought, best first; in each account the first that it may hold.
    """

    name: str
    members: tuple[str, ...]
    buy: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """One target over all accounts and owners.

    Attributes:
        name: The entry of `[targets]`: a symbol or a class.
        weight: Wanted fraction of the managed value, 0..1.
        parts: Symbol to the fraction of its value that counts here, 0 < part <= 1: 1 for the symbol itself
            or a member, less for a fund that is only exposed to it in part.
        buy: What may be bought for it, best first.
    """

    name: str
    weight: Decimal
    parts: Mapping[str, Decimal]
    buy: tuple[str, ...]

    @property
    def is_class(self) -> bool:
        """Whether anything else than its own symbol counts for it."""
        return tuple(self.parts) != (self.name,)


def worth_by_goal(goals: Iterable[Goal], values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the value of every goal from the values of the instruments that count for it.

    >>> worth_by_goal(goals({"VOO": ONE}, {}, {}), {"VOO": Decimal(5)})
    {'VOO': Decimal('5')}
    """
    return {
        goal.name: exact_sum(
            EXACT.multiply(part, values[s]) if part != ONE else values[s]
            for s, part in goal.parts.items()
            if s in values
        )
        if goal.is_class
        else values.get(goal.name, ZERO)
        for goal in goals
    }


def goals(
    targets: Mapping[str, Decimal],
    classes: Mapping[str, AssetClass],
    exposures: Mapping[str, Mapping[str, Decimal]],
) -> tuple[Goal, ...]:
    """Return the goals of some targets, in their order.

    Args:
        targets: Name to weight.
        classes: By name; a target that is none of them is a symbol.
        exposures: Symbol to class to fraction, of funds that count in parts. Such a fund is no member.

    >>> goals({"VOO": ONE}, {}, {})[0].parts
    {'VOO': Decimal('1')}
    """
    found = []
    for name, weight in targets.items():
        known = classes.get(name)
        members = (name,) if known is None else known.members
        parts = dict.fromkeys(members, ONE)
        parts |= {s: row[name] for s, row in exposures.items() if row.get(name)}
        found.append(Goal(name, weight, parts, (name,) if known is None else known.buy))
    return tuple(found)
