"""Results that need no simulation: closed forms, one ODE, and the dynamic programmes."""

from __future__ import annotations

import math

import numpy as np

from steelyard.app.lab.literature.findings import Finding, found
from steelyard.engines.arrays import Floats
from steelyard.engines.lab import closed_forms, programme, programme_three, spread_costs
from steelyard.engines.lab.closed_forms import Band
from steelyard.engines.lab.spread_costs import Spread
from steelyard.words import say

_GERHOLD = say("Gerhold, Guasoni, Muhle-Karbe, Schachermayer 2014 (arXiv 1108.1167); targets from its ODE")
_CASES = (
    (Spread(0.08, 0.16, 5.0, 0.01), "1", 0.58194, 0.66806, 1.901, 2.59),
    (Spread(0.08, 0.16, 5.0, 0.001), "2", 0.60485, 0.64515, 0.416, 5.57),
    (Spread(0.08, 0.16, 5.0, 0.02), "3", 0.57105, 0.67895, 2.986, 2.05),
    (Spread(0.03, 0.16, 2.0, 0.01), "4", 0.52603, 0.64585, 1.572, 2.13),
)


def leland() -> list[Finding]:
    """Return how much turnover a band walked along its edge saves at equal deviation."""
    drift = closed_forms.drift_of(0.6, 0.15, 4.0)
    calendar = closed_forms.periodic_cost(drift, closed_forms.affine(0.0, 0.0), 0.25)
    edge = math.sqrt(3.0) * calendar.deviation
    band = closed_forms.band_cost(drift, closed_forms.affine(0.0, 0.0), Band(edge, edge))
    return [
        found(
            "leland",
            say("turnover saved by a band at equal deviation, %: 'almost 50 %', exactly 1 - sqrt(pi/12)"),
            say("Leland 1999 (econwpa 9610004); the exact number is derived"),
            48.83,
            100.0 * (1.0 - band.turnover / calendar.turnover),
            within=0.005,
        )
    ]


def gerhold() -> list[Finding]:
    """Return four exact no-trade regions with their liquidity premium and turnover."""
    rows = []
    for market, case, buy, sell, premium, turnover in _CASES:
        exact, first = spread_costs.no_trade(market), spread_costs.asymptotic(market)
        said = say(
            "excess return {mean:.0%}, volatility {volatility:.0%}, aversion {aversion:g}, "
            "spread {spread:.1%}",
            mean=market.mean,
            volatility=market.volatility,
            aversion=market.aversion,
            spread=market.spread,
        )
        rows += [
            found(
                f"gerhold-{case}-buy",
                say("buy below; {said}", said=said),
                _GERHOLD,
                buy,
                exact.buy,
                within=6e-6,
            ),
            found(
                f"gerhold-{case}-sell",
                say("sell above; {said}", said=said),
                _GERHOLD,
                sell,
                exact.sell,
                within=6e-6,
            ),
            found(
                f"gerhold-{case}-premium",
                say("liquidity premium, bp; {said}", said=said),
                _GERHOLD,
                premium,
                exact.liquidity_premium * 1e4,
                within=6e-4,
            ),
            found(
                f"gerhold-{case}-turnover",
                say("share turnover a year to first order, %; {said}", said=said),
                _GERHOLD,
                turnover,
                first.share_turnover * 100.0,
                within=0.006,
            ),
        ]
    return rows


def _two(move: float, fixed: float, looks: float = 2016.0) -> programme.TwoFunds:
    return programme.TwoFunds(0.6, 0.15, 4.0, move, fixed, looks)


def dybvig_pezzo() -> list[Finding]:
    """Return how deep a trade goes with and without a fixed cost, by a programme that assumes no form."""
    rows: list[Finding] = []
    cases = (
        (0.0, 1.0, say("nothing fixed: to the edge")),
        (2e-5, 0.259, say("a dollar on 50,000: inside the band")),
    )
    for fixed, theirs, said in cases:
        rule = programme.solve(programme.chain(_two(0.001, fixed), 0.1, points=301))
        ours = (rule.high_to - rule.low_to) / (rule.high - rule.low)
        rows.append(
            found(
                f"dybvig-pezzo-{len(rows) + 1}",
                say("destination as a part of the trigger, {said}", said=said),
                say(
                    "Dybvig and Pezzo 2019 (interior destination if and only if a cost is fixed); "
                    "number derived"
                ),
                theirs,
                ours,
                within=0.05,
                why=say("the programme looks eight times a day, on a grid"),
            )
        )
    return rows


def cube_root() -> list[Finding]:
    """Return the slope of the band in the cost on a scale of logarithms, by the programme."""
    costs = (0.002, 0.016)
    widths = []
    for move in costs:
        rule = programme.solve(programme.chain(_two(move, 0.0, 1008.0), 0.16, points=301))
        widths.append(rule.high - rule.low)
    return [
        found(
            "cube-root",
            say("the band grows as the cost to the power of"),
            "Whalley and Wilmott 1997; Kallsen and Muhle-Karbe 2015",
            1.0 / 3.0,
            math.log(widths[1] / widths[0]) / math.log(costs[1] / costs[0]),
            within=0.02,
            why=say("by the programme, between 20 and 160 bp: looks make narrow bands narrower"),
        )
    ]


def mei() -> list[Finding]:
    """Return on how many states the programme trades just where the published inequality says so."""
    covariance = np.array([[0.04, 0.006, 0.0], [0.006, 0.01, 0.002], [0.0, 0.002, 0.0225]])
    targets = np.array([0.5, 0.3, 0.2])
    looks, move, aversion = 24, 0.004, 4.0
    funds = programme_three.ThreeFunds(targets, covariance, aversion, move, 0.0, looks=12.0, still=True)
    plan = programme_three.solve(funds, looks)
    # Years that what is left off is borne for: the first look trades, and the cost runs from then on.
    borne = looks / 12.0
    pull = aversion * borne * (funds.weights - targets) @ covariance
    gap = pull.max(axis=1) - pull.min(axis=1)
    # A step of the grid may be too long for the last bit of the way: those are left out.
    step = aversion * borne * np.abs(covariance[:, None] - covariance[None]).max() / funds.steps
    clear = (np.abs(gap - move) > step) & (funds.weights.min(axis=1) > 0.0)
    same = plan.trades[clear] == (gap[clear] > move)
    return [
        found(
            "mei",
            say("states, %, traded exactly where the span of gamma A Sigma (x - x*) exceeds the cost"),
            say("Mei, DeMiguel and Nogales 2016, proposition 1, with a budget; form derived"),
            100.0,
            100.0 * float(same.mean()),
            within=0.0,
            why=say("of three funds on a grid of a point, states within a step of the edge left out"),
        )
    ]


def sun() -> list[Finding]:
    """Return what the programme leaves to usual rules and to a heuristic: three funds, 20 bp, log utility."""
    covariance = np.array([[0.0324, 0.003, 0.002], [0.003, 0.0049, 0.0], [0.002, 0.0, 0.0225]])
    targets = np.array([0.5, 0.3, 0.2])
    funds = programme_three.ThreeFunds(targets, covariance, 1.0, 0.004, 0.0)
    start = programme_three._target_state(funds)
    looks = 120
    best = programme_three.solve(funds, looks).value[start]
    rules = [(0.0, 0.0), (0.02, 0.02), (0.05, 0.0), (0.05, 0.02), (0.05, 0.05), (0.1, 0.0), (0.1, 0.1)]
    costs = [
        programme_three.rule_value(funds, programme_three.band_rule(funds, b, d), looks)[start]
        for b, d in rules
    ]

    def heuristic(weights: Floats) -> float:
        to = programme_three.quadratic_rule(funds, weights)
        return float(programme_three.rule_value(funds, to, looks)[start])

    # Tuned one weight after the other, as the source tunes them by simulation.
    risks = np.sqrt(np.diag(covariance))
    weights = 0.0155 * risks / risks.mean()
    quadratic = heuristic(weights)
    for fund in range(3):
        for factor in (0.85, 1.2):
            tried = weights.copy()
            tried[fund] *= factor
            cost = heuristic(tried)
            if cost < quadratic:
                weights, quadratic = tried, cost
    return [
        found(
            "sun",
            say("rules of seven (monthly, bands of 2, 5, 10 points) that cost less than the programme"),
            say(
                "Sun, Fan, Chen, Schouwenaars, Albota 2006: none; "
                "parameters ours, since theirs cannot be read"
            ),
            0.0,
            float(sum(cost < best - 1e-12 for cost in costs)),
            within=0.0,
            why=say("the best of them costs {more:.0f} % more", more=100 * (min(costs) / best - 1)),
        ),
        found(
            "kritzman",
            say("what the tuned Markowitz-van Dijk heuristic costs more than the programme, three funds, %"),
            say("Kritzman, Myrgren and Page 2007: 'remarkably close'; bound of 5 % ours"),
            0.0,
            100.0 * (quadratic / float(best) - 1.0),
            within=5.0,
            why=say("three weights tuned one after the other, usual rules cost 16 % more and up"),
        ),
    ]


def daryanani() -> list[Finding]:
    """Return the cost that makes Daryanani's rule right."""
    drift = closed_forms.drift_of(0.6, 0.15, 4.0)
    move, _ = closed_forms.costs_that_make_right(drift, Band(0.12, 0.06))
    return [
        found(
            "daryanani",
            say("cost, bp, for which '20 % of the target, back to half' is right at 60/40"),
            say("Daryanani 2008 gives the rule, no cost; the number is derived"),
            300.0,
            move * 1e4,
            within=1.0,
            why=say("no commission is that large: it is a rule for taxes"),
        )
    ]


def vanguard_costs() -> list[Finding]:
    """Return the costs for which 200/175 is right."""
    drift = closed_forms.drift_of(0.6, 0.15, 4.0)
    move, fixed = closed_forms.costs_that_make_right(drift, Band(0.02, 0.0175))
    return [
        found(
            "vanguard-costs",
            say("cost of what moves, bp, for which 200/175 is right"),
            say("Vanguard 2024 gives the rule; the number is derived"),
            3.0,
            move * 1e4,
            within=0.05,
            why=say(
                "and {fixed:.1f} dollars a rebalance on a billion: the costs of an institution",
                fixed=fixed * 1e9,
            ),
        )
    ]
