"""Which rules a figure rests on: a figure is a path into the summary, its basis the ids of the rules.

A country states a table of what its figures rest on, and a report says it of exactly the figures it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

Path = tuple[str, ...]
"""Keys from the summary down to a figure, such as ("overseas_listed", "tax")."""

Basis = Mapping[Path, tuple[str, ...]]


def figures(summary: Mapping[str, object], above: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every figure of a summary with its path, in order."""
    for key, value in summary.items():
        path = (*above, key)
        if isinstance(value, Mapping):
            yield from figures(value, path)
        else:
            yield path, value


def basis_of(summary: Mapping[str, object], table: Mapping[str, tuple[str, ...]]) -> Basis:
    """Return the rules behind each figure of a summary.

    The table is asked for `section.key` first, then for a part inside the section, then for the section:
    of ("isa", "mine", "room") for `isa.room`, then `isa.mine`, then `isa`.

    Args:
        summary: As `YearTax` has it.
        table: Rule ids by figure or section.

    Raises:
        KeyError: A figure the country's table does not know: every figure rests on a rule.

    >>> basis_of({"isa": {"mine": {"room": 1, "net": 2}}}, {"isa": ("a",), "isa.room": ("b",)})
    {('isa', 'mine', 'room'): ('b',), ('isa', 'mine', 'net'): ('a',)}
    """
    found = {}
    for path, _ in figures(summary):
        names = (f"{path[0]}.{path[-1]}", ".".join(path[:2]), path[0])
        found[path] = table[next((n for n in names if n in table), path[0])]
    return found


def amounts(summary: Mapping[str, object]) -> Iterator[Path]:
    """Yield the paths of the figures that are amounts."""
    return (path for path, value in figures(summary) if isinstance(value, Decimal))


def together(*parts: Iterable[str]) -> tuple[str, ...]:
    """Return ids once each, in the order they come first.

    >>> together(("a", "b"), ("b", "c"))
    ('a', 'b', 'c')
    """
    return tuple(dict.fromkeys(name for part in parts for name in part))
