"""Lots, gains and taxes as columns and rows of the household's model."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import inf

from steelyard.engines.planning.household.household import BUY, SELL, Household
from steelyard.engines.planning.household.models.choice_columns import Scope
from steelyard.engines.planning.household.models.choice_model import ChoiceModel
from steelyard.engines.planning.household.models.linear_model import Terms
from steelyard.engines.planning.household.taxation import Alternative, LotSteps, Piece, Taxation


def written(problem: Household, taxation: Taxation | None, scope: Scope, unit: float) -> ChoiceModel:
    """Return the model of a household with its taxes; arguments as for `ChoiceModel`."""
    model = ChoiceModel(problem, taxation, scope, unit)
    if taxation is not None:
        _add_tax(model, taxation)
    return model


def _add_tax(model: ChoiceModel, taxation: Taxation) -> None:
    """Add to a model what is sold of every lot, the gains by bucket, the taxes and their limits."""
    linear, whole = model.linear, model.scope.whole
    gains = [linear.column(-inf, inf) for _ in range(taxation.buckets)]
    rows: list[Terms] = [{g: -1.0} for g in gains]
    for k, lots in enumerate(taxation.lots):
        model.at.parts.append([])
        moved = model.at.moved.get((k, SELL))
        if not lots or moved is None:
            continue
        size = model.size(k)
        columns: list[int] = []
        left = Fraction(model.at.most[k, SELL]) + (
            sum((x.steps for x in lots), Fraction(0)) - model.problem.positions[k].held
            if k in model.at.gone
            else 0
        )
        for place, lot in enumerate(lots):
            if taxation.ordered[k] and left <= 0:
                break
            most = float(min(lot.steps, left) if taxation.ordered[k] else lot.steps) / size
            left -= lot.steps
            free = not taxation.ordered[k] and not model.problem.positions[k].continuous
            column = linear.column(0.0, most, whole=whole and free and lot.steps.denominator == 1)
            rows[lot.bucket][column] = float(lot.gain) * size / model.unit
            if place and taxation.ordered[k] and not _rising(lots):
                opened = linear.column(0.0, 1.0, whole=whole)
                model.either.append(opened)
                linear.row({column: 1.0, opened: -most}, upper=0.0)
                linear.row({columns[-1]: 1.0, opened: -linear.upper[columns[-1]]}, lower=0.0)
            columns.append(column)
        terms = dict.fromkeys(columns, 1.0) | {moved: -1.0}
        if k in model.at.gone:
            odd = float(sum((x.steps for x in lots), Fraction(0)) - model.problem.positions[k].held)
            terms[model.at.gone[k]] = -max(odd, 0.0) / size
        linear.row(terms, 0.0, 0.0)
        model.at.parts[k] = columns
        if (k, BUY) in model.at.moved:
            _one_way(model, k)
    for row in rows:
        linear.row(row, 0.0, 0.0)
    for group in taxation.wash:
        _keep_apart(model, taxation, group)
    model.at.taxes = [
        _formula(
            model, taxation, gains, alternatives, None if model.scope.cases is None else model.scope.cases[n]
        )
        for n, alternatives in enumerate(taxation.taxes)
    ]
    if taxation.most_tax is not None and model.at.taxes:
        linear.row(dict.fromkeys(model.at.taxes, 1.0), upper=float(taxation.most_tax) / model.unit + 1e-9)
    if taxation.most_gain is not None and gains:
        linear.row(dict.fromkeys(gains, 1.0), upper=float(taxation.most_gain) / model.unit + 1e-9)


def _rising(lots: Sequence[LotSteps]) -> bool:
    """Say whether every lot gains more than the one before, in one bucket: no tax asks for another order."""
    return len({lot.bucket for lot in lots}) == 1 and all(a.gain <= b.gain for a, b in pairwise(lots))


def _one_way(model: ChoiceModel, k: int) -> None:
    """A position buys or sells: doing both would realise a loss that nobody realises."""
    selling = model.linear.column(0.0, 1.0, whole=model.scope.whole)
    model.either.append(selling)
    sold, bought = model.at.moved[k, SELL], model.at.moved[k, BUY]
    model.linear.row({sold: 1.0, selling: -model.linear.upper[sold]}, upper=0.0)
    model.linear.row({bought: 1.0, selling: model.linear.upper[bought]}, upper=model.linear.upper[bought])


def _keep_apart(model: ChoiceModel, taxation: Taxation, group: Sequence[int]) -> None:
    """Either nothing of a group is bought, or no lot of it is sold at a loss."""
    linear = model.linear
    losing = [
        column
        for k in group
        for lot, column in zip(taxation.lots[k], model.at.parts[k], strict=False)
        if lot.gain < 0
    ]
    bought = [model.at.moved[k, BUY] for k in group if (k, BUY) in model.at.moved]
    if not losing or not bought:
        return
    selling = linear.column(0.0, 1.0, whole=model.scope.whole)
    model.either.append(selling)
    for column in losing:
        linear.row({column: 1.0, selling: -linear.upper[column]}, upper=0.0)
    for column in bought:
        linear.row({column: 1.0, selling: linear.upper[column]}, upper=linear.upper[column])


def _formula(
    model: ChoiceModel,
    taxation: Taxation,
    gains: list[int],
    alternatives: Sequence[Alternative],
    case: int | None,
) -> int:
    """Add one tax; return its column. It may be negative: a loss can save tax already due."""
    linear, unit = model.linear, model.unit
    tax = linear.column(-inf, inf)
    if model.scope.every_case:
        _each_case(model, gains, alternatives, tax)
        return tax
    if case is not None:
        alternatives = [alternatives[case]]
    chosen = [linear.column(0.0, 1.0, whole=True) for _ in alternatives] if len(alternatives) > 1 else []
    if chosen:
        linear.row(dict.fromkeys(chosen, 1.0), 1.0, 1.0)
    big = 2 * _reach(taxation, alternatives) / unit + 1.0 if chosen else 0.0
    for place, alternative in enumerate(alternatives):
        for piece in alternative.pieces:
            terms = {tax: 1.0} | {gains[b]: -float(s) for b, s in piece.slopes.items()}
            constant = float(piece.constant) / unit
            if chosen:
                terms[chosen[place]] = -big
                constant -= big
            linear.row(terms, lower=constant)
        for limit in alternative.limits:
            terms = {gains[b]: float(s) for b, s in limit.slopes.items()}
            constant = -float(limit.constant) / unit
            if chosen:
                terms[chosen[place]] = big
                constant += big
            linear.row(terms, upper=constant)
    return tax


def _each_case(model: ChoiceModel, gains: list[int], alternatives: Sequence[Alternative], tax: int) -> None:
    """Add the rows of every alternative, for the search to hold those of one and let go of the others."""
    linear, unit = model.linear, model.unit
    rows = []
    for alternative in alternatives:
        own = []
        for piece in alternative.pieces:
            terms = {tax: 1.0} | {gains[b]: -float(s) for b, s in piece.slopes.items()}
            own.append((linear.row(terms), float(piece.constant) / unit, inf))
        for limit in alternative.limits:
            terms = {gains[b]: float(s) for b, s in limit.slopes.items()}
            own.append((linear.row(terms), -inf, -float(limit.constant) / unit))
        rows.append(own)
    model.case_rows.append(rows)


def possible_cases(model: ChoiceModel, taxation: Taxation) -> list[list[int]]:
    """Return by tax the alternatives that the gains in reach allow."""
    low, high = [0.0] * taxation.buckets, [0.0] * taxation.buckets
    for k, columns in enumerate(model.at.parts):
        for lot, column in zip(taxation.lots[k], columns, strict=False):
            gain = float(lot.gain) * model.size(k) * model.linear.upper[column]
            low[lot.bucket] += min(gain, 0.0)
            high[lot.bucket] += max(gain, 0.0)

    def least(limit: Piece) -> float:
        return float(limit.constant) + sum(
            float(s) * (low[b] if s > 0 else high[b]) for b, s in limit.slopes.items()
        )

    return [
        [n for n, a in enumerate(alternatives) if all(least(x) <= 1e-6 for x in a.limits)]
        for alternatives in taxation.taxes
    ]


def _reach(taxation: Taxation, alternatives: Sequence[Alternative]) -> float:
    pieces = [p for a in alternatives for p in (*a.pieces, *a.limits)]
    slopes = sum(
        abs(lot.gain) * lot.steps * (1 + abs(p.slopes.get(lot.bucket, Fraction(0))))
        for lots in taxation.lots
        for lot in lots
        for p in pieces
    )
    return float(slopes + sum(abs(p.constant) for p in pieces))
