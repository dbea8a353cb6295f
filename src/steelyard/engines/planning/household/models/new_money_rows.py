"""That new money is spent, as rows of the household's model, for the positions where a plan left it lying."""

from __future__ import annotations

from steelyard.engines.planning.household.household import BUY, SELL
from steelyard.engines.planning.household.models.choice_model import ChoiceModel, add
from steelyard.engines.planning.household.models.linear_model import Terms


def spend(model: ChoiceModel, k: int) -> None:
    """Add that a step of a position is bought where its account has the money and it brings nearness.

    One of these holds: the account's money does not pay for the step, nor what is above the reserve;
    the step would bring nothing; the position sells.
    """
    problem, linear, unit = model.problem, model.linear, model.unit
    position = problem.positions[k]
    balances: list[tuple[Terms, float]] = []
    for accounts in (
        ((position.account,), range(len(model.flows))) if problem.reserve else ((position.account,),)
    ):
        terms: Terms = {}
        for account in accounts:
            for row in model.flows[account]:
                for c, x in row.items():
                    add(terms, c, x)
        money = sum(sum(problem.balances[a]) for a in accounts) - (problem.reserve if balances else 0)
        balances.append((terms, money / unit))
    total = (
        sum(map(sum, problem.balances)) / unit
        + sum(s.price * s.held + s.odd for s in problem.positions) / unit
    )
    near = linear.column(0.0, 1.0, whole=True)
    options: Terms = {near: 1.0}
    switch = model.at.switch.get((k, BUY))
    fee = float(problem.rate) * position.price
    # Money short of the step by a tick at least; where the position trades already it has paid the least fee.
    for traded in (False, True) if problem.floor and switch is not None else (False,):
        cost = position.price + (max(fee, float(problem.floor)) if not traded else 0.0)
        for terms, have in balances:
            short = linear.column(0.0, 1.0, whole=True)
            options[short] = 1.0
            linear.row(terms | {short: total}, upper=(cost - 1) / unit - have + total)
            if switch is not None and problem.floor:
                linear.row({short: 1.0, switch: -1.0 if traded else 1.0}, upper=0.0 if traded else 1.0)
    if switch is not None and problem.most_trades is not None:
        full = linear.column(0.0, 1.0, whole=True)
        options[full] = 1.0
        linear.row({full: 1.0, switch: 1.0}, upper=1.0)
        trades = dict.fromkeys(model.at.switch.values(), 1.0)
        linear.row(trades | {full: -float(problem.most_trades)}, lower=0.0)
    if switch is not None and position.price < problem.min_trade:
        small = linear.column(0.0, 1.0, whole=True)
        options[small] = 1.0
        linear.row({small: 1.0, switch: 1.0}, upper=1.0)
    gradient: Terms = {}
    constant = 0.0
    for goal, part in position.counts:
        step = float(part) * position.price / unit
        add(gradient, model.at.away[goal], 2 * step / float(problem.goals[goal].divisor))
        constant += step * step / float(problem.goals[goal].divisor)
    big = sum(abs(x) for x in gradient.values()) * 2 * total + constant
    linear.row(gradient | {near: -big}, lower=-constant - big)
    if (k, SELL) in model.at.moved:
        selling = linear.column(0.0, 1.0, whole=True)
        linear.row({model.at.moved[k, SELL]: 1.0, selling: -1.0}, lower=0.0)
        options[selling] = 1.0
    linear.row(options, lower=1.0)
