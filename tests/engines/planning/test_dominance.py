"""Who may do more never gets a worse plan: nearest first, then tax and cost among the near enough.

Households are larger than enumeration reaches. Whatever one of them may do, a looser one may do too, so
its nearest plan is as near; and where more drift is accepted, or fewer rules say which near plans count,
the least tax and cost are as low. That needs no other search to compare with.
"""

from dataclasses import replace
from fractions import Fraction

from hypothesis import assume
from hypothesis import strategies as st

from lanes import given_in_lanes
from steelyard.engines.planning.household.household import Cap, Goal, Household, Position
from steelyard.engines.planning.household.household_plan import plan_household
from steelyard.engines.planning.household.ranks import SAME_EFFORT, Leeway
from steelyard.engines.planning.household.taxation import Alternative, LotSteps, Piece, Taxation
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import Infeasible

F = Fraction
LANES = {"few": 3, "many": 60, "reason": "households planned twice, whole-number models among them"}


@st.composite
def households(draw):
    """Two or three accounts, two to five funds, some of which are members of the first one's class."""
    accounts, funds = draw(st.integers(2, 3)), draw(st.integers(2, 5))
    goals = draw(st.integers(2, funds))
    prices = [draw(st.integers(300, 9_000)) for _ in range(funds)]
    positions = []
    for account in range(accounts):
        for fund in range(funds):
            goal = fund if fund < goals else 0
            held = draw(st.integers(0, 12))
            buys, sells = draw(st.sampled_from([(True, True)] * 5 + [(False, True), (False, False)]))
            buys = buys and fund < goals
            if held or buys:
                positions.append(
                    Position(
                        account, goal, 0, prices[fund], held, can_buy=buys, can_sell=sells, symbol=f"I{fund}"
                    )
                )
    assume(positions)
    cash = [draw(st.integers(0, 20_000)) for _ in range(accounts)]
    total = sum(cash) + sum(s.price * s.held for s in positions)
    assume(total)
    shares = [draw(st.integers(1, 6)) for _ in range(goals)]
    problem = Household(
        tuple(Goal(f"G{g}", F(total * s // sum(shares))) for g, s in enumerate(shares)),
        tuple(positions),
        tuple((c,) for c in cash),
        reserve=draw(st.sampled_from([0, 0, min(cash)])),
        rate=F(draw(st.sampled_from([0, 1, 5])), 1000),
        floor=draw(st.sampled_from([0, 0, 0, 50])),
        min_trade=draw(st.sampled_from([0, 0, 0, 2_000])),
        most_trades=draw(st.sampled_from([None, None, None, 2, 4])),
        caps=draw(st.sampled_from([(), (), (Cap(1, _first_in(positions, 1), F(6, 10)),)])),
    )
    taxation = None
    if draw(st.booleans()):
        lots = []
        for s in positions:
            taxed = s.account == 0 and s.held
            gain = draw(st.integers(-4, 6)) * s.price // 12 if taxed else 0
            lots.append((LotSteps(F(s.held), F(gain), 0),) if taxed else ())
        most = draw(st.sampled_from([None, None, F(0), F(300)]))
        taxes = ((Alternative((Piece({}), Piece({0: F(1, 4)}, F(-200)))),),)
        taxation = Taxation(tuple(lots), (True,) * len(lots), 1, taxes, most_tax=most)
    leeway = Leeway(F(total), F(total * draw(st.sampled_from([0, 5, 10, 30])), 1000), relocate=True)
    return problem, taxation, leeway


def _first_in(positions, account):
    return tuple(k for k, s in enumerate(positions) if s.account == account and s.goal == 0)


def loosened(draw, problem, taxation):
    """Return a household and taxes that allow all that these do, and more."""
    rules = {
        "reserve": ("reserve", 0),
        "least trade": ("min_trade", 0),
        "least commission": ("floor", 0),
        "commission": ("rate", F(0)),
        "trades": ("most_trades", None if problem.most_trades is None else problem.most_trades + 1),
        "cap": ("caps", tuple(replace(cap, fraction=F(8, 10)) for cap in problem.caps)),
    }
    what = draw(st.sampled_from([*rules, "no cap", "cash", "menu", "lock", "tax"]))
    if what in rules:
        return replace(problem, **dict([rules[what]])), taxation
    if what == "tax":
        assume(taxation is not None and taxation.most_tax is not None)
        return problem, replace(taxation, most_tax=taxation.most_tax + 200)
    if what == "no cap":
        return replace(problem, caps=()), taxation
    if what == "cash":
        more = [draw(st.sampled_from([0, 1, 700, 9_000])) for _ in problem.balances]
        balances = tuple((b + m,) for (b,), m in zip(problem.balances, more, strict=True))
        return replace(problem, balances=balances), taxation
    k = draw(st.integers(0, len(problem.positions) - 1))
    opened = replace(problem.positions[k], **{"can_buy" if what == "menu" else "can_sell": True})
    positions = (*problem.positions[:k], opened, *problem.positions[k + 1 :])
    return replace(problem, positions=positions), taxation


def planned(problem, taxation, leeway):
    try:
        return plan_household(problem, taxation, leeway, solve)
    except Infeasible:
        return None


@given_in_lanes(households(), st.data(), **LANES)
def test_looser_rules_and_more_cash_never_take_the_nearest_plan_further_away(case, data):
    problem, taxation, leeway = case
    strict = planned(problem, taxation, leeway)
    assume(strict is not None)
    looser = planned(*loosened(data.draw, problem, taxation), leeway)
    assert looser is not None
    assert looser.nearest.bound <= strict.nearest.plan.miss
    if looser.nearest.proven:
        assert looser.nearest.plan.miss <= strict.nearest.plan.miss


@given_in_lanes(households(), st.sampled_from(["drift", "relocation", "bands"]), **LANES)
def test_more_accepted_drift_and_fewer_rules_never_cost_more_tax_and_fees(case, what):
    problem, taxation, leeway = case
    fewer = leeway
    if what == "drift":
        fewer = replace(leeway, accept=leeway.accept + leeway.total / 100)
    elif what == "relocation":
        leeway = replace(leeway, relocate=False)
    else:
        bands = tuple((g.target * F(9, 10), g.target * F(11, 10)) for g in problem.goals)
        leeway = replace(leeway, bands=bands)
    less, more = planned(problem, taxation, leeway), planned(problem, taxation, fewer)
    assume(less is not None)
    assert more is not None
    assert more.effort_bound <= less.plan.effort
    if more.effort_proven:
        assert more.plan.effort <= less.plan.effort + SAME_EFFORT * leeway.total
