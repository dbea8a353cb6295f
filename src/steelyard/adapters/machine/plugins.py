"""Brokers and price sources that other packages bring along, found by their entry points.

Nothing is looked for until a settings file names something that is not built in: listing what is
installed takes longer than the rest of a command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from steelyard.errors import InputError
from steelyard.words import say

BROKERS = "steelyard.brokers"
PRICE_SOURCES = "steelyard.price_sources"


def allowed(name: object, built_in: tuple[str, ...], group: str) -> tuple[str, ...]:
    """Return the names a setting may have: what is built in, and what is installed if that does not do."""
    if name in built_in:
        return built_in
    from importlib.metadata import entry_points

    return (*built_in, *sorted({one.name for one in entry_points(group=group)} - set(built_in)))


def factory(group: str, name: str) -> Callable[..., Any]:
    """Return what opens an installed broker (from a `ports.BrokerOpening`) or price source (folder, seconds).

    Raises:
        InputError: Nothing of that name is installed, or it cannot be imported (`plugin`).
    """
    from importlib.metadata import entry_points

    found = tuple(entry_points(group=group, name=name))
    if len(found) != 1:
        packages = ", ".join(sorted(one.dist.name for one in found if one.dist)) or "none"
        raise InputError(
            "plugin",
            say(
                "{found} installed packages bring {name!r} along ({packages})",
                found=len(found),
                name=name,
                packages=packages,
            ),
            say("install the one package that does, with an entry point in {group}", group=group),
        )
    try:
        opener: Callable[..., Any] = found[0].load()
    except (ImportError, AttributeError) as error:
        raise InputError(
            "plugin",
            say(
                "{name!r} ({value}) cannot be imported: {error}", name=name, value=found[0].value, error=error
            ),
            say("install what it needs, or correct its entry point"),
        ) from None
    return opener
