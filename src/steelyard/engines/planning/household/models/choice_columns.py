"""What a model of a household's choices is about, and where its columns stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from steelyard.engines.planning.household.household import Side
from steelyard.engines.planning.household.models.linear_model import Terms


@dataclass(frozen=True, slots=True)
class Scope:
    """What a model is about.

    Attributes:
        ranges: By goal: least and most ticks it may be worth.
        sides: The only positions and sides that may trade; None for all.
        whole: Counts are whole numbers.
        switches: Every side gets an on/off column.
        restful: Nothing is sold in one account and bought in another.
        paying: Accounts whose sales are no relocation.
        cases: By tax: the alternative that holds; None lets the model choose, which takes whole numbers.
        every_case: The rows of every alternative are written, held or not (`ChoiceModel.case_rows`).
    """

    ranges: tuple[tuple[Fraction, Fraction], ...]
    sides: frozenset[Side] | None = None
    whole: bool = False
    switches: bool = False
    restful: bool = False
    paying: frozenset[int] = frozenset()
    cases: tuple[int, ...] | None = None
    every_case: bool = False


@dataclass(slots=True)
class Columns:
    """Where everything stands in the model.

    Attributes:
        moved: Steps bought or sold, by side.
        most: Most steps of each side.
        gone: Odd fraction that left, by position.
        switch: On/off, by side.
        parts: Sold of each lot, by position.
        taxes: One a tax.
        away: Signed distance from target, by goal, in units.
        square: Its square, by goal, in units squared.
        size: Its size, by goal, in units, where the objective sums sizes.
        costs: Terms of commissions and conversion, in units.
    """

    moved: dict[Side, int] = field(default_factory=dict)
    most: dict[Side, int] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    switch: dict[Side, int] = field(default_factory=dict)
    parts: list[list[int]] = field(default_factory=list)
    taxes: list[int] = field(default_factory=list)
    away: list[int] = field(default_factory=list)
    square: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    costs: Terms = field(default_factory=dict)
