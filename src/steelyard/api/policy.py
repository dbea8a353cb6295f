"""Is a rebalance due, and why; and the targets it is measured by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from steelyard import bootstrap
from steelyard.api import reading
from steelyard.app import check as checking
from steelyard.app.check import CheckReport
from steelyard.domain.portfolio import Portfolio

if TYPE_CHECKING:
    from steelyard.bootstrap.folder import Place
    from steelyard.domain.policy.targets_edit import TargetsEdit


def check(portfolio: Portfolio, *, as_of: date | None = None) -> CheckReport:
    """Value a portfolio and say whether a rebalance is due, and why.

    Args:
        portfolio: From `load`.
        as_of: The date to evaluate the policy for; today unless given.
    """
    return checking.check(portfolio, bootstrap.sessions(), as_of=reading.day(as_of, portfolio))


def new_targets(path: Place, targets: Mapping[str, reading.Money]) -> TargetsEdit:
    """Return a portfolio file with some targets changed, to be looked at; `write_targets` writes it.

    Weights change where they stand, and comments stay. The others keep theirs, so that all must add up to
    100 %.

    Args:
        path: The portfolio file.
        targets: By symbol, catalogue name or class: `"35%"`, or a fraction; a new name becomes a target.

    Raises:
        PortfolioProblems: The file would have problems, such as targets that do not add up (`target-sum`).
        InputError: A weight is no number (`fraction`), or the targets stand in the file in a way that is not
            understood (`targets-layout`).
    """
    wanted = {name: reading.fraction(raw) for name, raw in targets.items()}
    return bootstrap.edited_targets(bootstrap.Folder.of(path), wanted)


def targets_from_holdings(path: Place, *, everything: bool = False, as_of: date | None = None) -> TargetsEdit:
    """Return a portfolio file whose targets are today's weights, in tenths of a percent; cash is left out.

    Args:
        path: The portfolio file.
        everything: What is held without a target becomes one, too.
        as_of: No fetched price later than this day is taken.

    Raises:
        PortfolioProblems, DataError: The file cannot be valued.
        InputError: Nothing is held (`nothing-held`), or as for `new_targets`.
    """
    folder = bootstrap.Folder.of(path)
    portfolio = bootstrap.portfolio(folder, as_of=as_of)
    return bootstrap.edited_targets(folder, checking.weights_held(portfolio, everything=everything))


def write_targets(path: Place, edit: TargetsEdit) -> None:
    """Write the targets of a portfolio file as they were edited.

    Args:
        path: The same file.
        edit: From `new_targets` or `targets_from_holdings`.

    Raises:
        InputError: The file was changed meanwhile (`file-changed`), or cannot be written (`unwritable`).
    """
    bootstrap.write_edited(bootstrap.Folder.of(path), edit)
