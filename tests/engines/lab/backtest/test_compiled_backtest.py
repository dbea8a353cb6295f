"""The compiled backtest does what the plain loop says, to the last bit."""

import itertools
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from lanes import sizes
from small_backtests import happened, small_backtest
from steelyard.engines.lab.backtest import compiled_backtest, plain_backtest, resample
from steelyard.engines.lab.backtest.records import (
    TERMS,
    UNTAXED,
    WITHHELD,
    YEARLY,
    Backtest,
    Market,
    PolicyRules,
    TaxRules,
    TradingTerms,
    WholeShares,
    on_ticks,
)

RANDOM = "settings at random, walked by the plain loop too"
LONG = pytest.mark.long("books of a hundred random markets")
TICK = 2.0**-12


def random_market(rng, sessions, instruments):
    steps = rng.normal(0.0003, rng.choice([0.005, 0.02, 0.06]), (sessions, instruments))
    prices = rng.uniform(5, 500, instruments) * np.exp(np.cumsum(steps, axis=0))
    days = 700_000 + np.cumsum(rng.integers(1, 5, sessions))
    paying = rng.random((sessions, instruments)) < 0.05
    flows = np.where(rng.random(sessions) < 0.1, rng.choice([300.0, -250.0, -4000.0], sessions), 0.0)
    flows[0] = 0.0
    return Market(
        prices=prices,
        days=days.astype(np.int64),
        distributions=prices * paying * 0.01 if rng.random() < 0.5 else np.empty((0, instruments)),
        interest=rng.uniform(0, 2e-4, sessions) if rng.random() < 0.5 else np.empty(0),
        flows=flows if rng.random() < 0.5 else np.empty(0),
    )


def random_rules(rng, sessions, instruments, policies):
    weights = rng.choice([0.0, 1.0, 2.0, 5.0], instruments)
    weights[rng.integers(instruments)] += 1.0
    targets = weights / weights.sum()
    bands = rng.choice([0.003, 0.02, 0.05, np.inf], (policies, 1)) * np.ones((policies, instruments))
    relative = rng.choice([0.1, 0.25, np.inf], (policies, 1))
    bands = np.where(targets > 0, np.minimum(bands, relative * np.maximum(targets, 1e-9)), bands)
    boxed = (rng.random(policies) < 0.6) & np.isfinite(bands).all(axis=1)
    half = np.where(np.isfinite(bands), bands, 1.0) * rng.choice([0.5, 0.875, 1.0], (policies, 1))
    return PolicyRules(
        targets=targets,
        looks=np.stack([np.ones(sessions, bool), rng.random(sessions) < 0.1, np.zeros(sessions, bool)]),
        schedule=rng.integers(0, 3, policies),
        always=rng.random(policies) < 0.3,
        bands=bands,
        max_interval=rng.choice([-1, 30, 180], policies),
        cooldown=rng.choice([0, 0, 20], policies),
        boxed=boxed,
        low=np.maximum(targets - half, 0.0),
        high=np.minimum(targets + half, 1.0),
    )


def random_problem(seed):
    rng = np.random.default_rng(seed)
    sessions, instruments, policies = int(rng.integers(2, 150)), int(rng.integers(1, 8)), 4
    terms = TradingTerms(
        initial=float(rng.choice([900.0, 10_000.0])),
        rate=float(rng.choice([0.0, 0.001, 0.03])),
        floor=float(rng.choice([0.0, 2.0, 40.0])),
        conversion=rng.choice([0.0, 0.0025], instruments),
        reserve_amount=float(rng.choice([0.0, 0.0, 500.0])),
        reserve_weight=float(rng.choice([0.0, 0.0, 0.02])),
        buy_with_flows=bool(rng.random() < 0.7),
    )
    rules = random_rules(rng, sessions, instruments, policies)
    return Backtest(random_market(rng, sessions, instruments), rules, terms)


def seeds(count):
    """The first seeds. Of few, those whose market has every kind of income or none.

    Every other mixture of incomes is compiled on its own, for seconds, and left to the long lane.
    """
    if count >= 40:
        return range(count)
    return list(itertools.islice((seed for seed in range(1000) if is_plain(seed)), count))


@cache
def is_plain(seed):
    market = random_problem(seed).market
    return len({len(x) > 0 for x in (market.distributions, market.interest, market.flows)}) == 1


def in_whole_shares(problem, rng):
    """The same problem with prices on ticks and trades in whole shares."""
    market = problem.market._replace(prices=on_ticks(problem.market.prices, TICK))
    n = problem.shape[2]
    whole = WholeShares(
        tick=TICK,
        unit=10_000,
        rate=round(problem.terms.rate * 10_000),
        extra=np.round(problem.terms.conversion * 10_000).astype(np.int64),
        floor=int(problem.terms.floor / TICK),
        least=int(rng.choice([0, 0, 60])) * int(1 / TICK),
        ranks=rng.permutation(n).astype(np.int64),
    )
    return replace(problem, market=market, whole=whole)


def taxed(problem, rng):
    """The same problem with random rules of tax: years of some sixty sessions, due some time later."""
    _, sessions, n = problem.shape
    kinds = rng.choice([UNTAXED, YEARLY, WITHHELD, TERMS], n)
    length, late = int(rng.integers(20, 70)), int(rng.integers(1, 30))
    year = np.arange(sessions) // length
    due = np.clip((np.arange(sessions) - late) // length, 0, year[-1])
    rules = TaxRules(
        kinds=kinds,
        averaged=(rng.random(n) < 0.5) | (kinds == WITHHELD),
        year=year,
        due=due,
        long_since=np.arange(sessions) - int(rng.integers(5, 60)),
        harvest=(np.arange(sessions) % length == length - 1) & (rng.random() < 0.6),
        distributed=rng.choice([0.0, 0.154], n),
        whole=bool(rng.random() < 0.5),
        allowance=float(rng.choice([0.0, 40.0, 300.0])),
        national=0.2,
        local=0.02,
        withheld=0.14,
        withheld_local=0.1,
        waived_below=float(rng.choice([0.0, 3.0])),
        short=0.24,
        long=0.15,
        ordinary=0.24,
        offset=float(rng.choice([30.0, 3000.0])),
    )
    return replace(problem, tax=rules)


def staged(problem, rng):
    """The same problem with other targets, bands and boxes between two sessions."""
    policies, sessions, n = problem.shape
    sets = [problem.rules, random_rules(rng, sessions, n, policies)]
    joined = {
        name: np.concatenate([getattr(r, name) for r in sets])
        for name in problem.rules._fields
        if name != "looks"
    }
    at = np.zeros(sessions, np.int64)
    first, stop = sorted(rng.integers(0, sessions + 1, 2))
    at[first:stop] = 1
    looks = problem.rules.looks.copy()
    looks[:, 1:] |= np.diff(at) != 0
    return replace(problem, rules=PolicyRules(looks=looks, **joined), stages=at)


def bits(array):
    return array.tobytes()


@pytest.mark.parametrize("count", sizes(30, 400, RANDOM))
def test_the_kernel_equals_the_reference_bit_for_bit_on_random_settings(count):
    """The expectation is the plain loop, a second implementation; equality of bytes, no tolerance."""
    rebalances = ruins = 0
    for seed in seeds(count):
        problem = random_problem(seed)
        plain, fast = plain_backtest.run(problem), compiled_backtest.run(problem)
        for name, one, other in zip(plain._fields, plain, fast, strict=True):
            assert bits(one) == bits(other), (seed, name)
        rebalances += int(plain.rebalanced.sum())
        ruins += int((plain.ruined >= 0).sum())
    assert rebalances > 12 * count
    assert ruins > count / 20


@pytest.mark.long("kernels of a walk whose targets change, for each kind of market")
@pytest.mark.parametrize(("whole", "tax"), [(False, False), (True, True)])
def test_the_kernel_equals_the_reference_bit_for_bit_where_instruments_join_or_leave(whole, tax):
    """The expectation is the plain loop; where all is plain also for wealth alone and the tallies."""
    moved = 0
    for seed in seeds(16 if whole else 25):
        rng = np.random.default_rng(seed)
        problem = random_problem(seed)
        plainest = not len(problem.market.flows)
        if whole and not plainest:
            continue
        problem = in_whole_shares(problem, rng) if whole else problem
        problem = staged(taxed(problem, rng) if tax else problem, rng)
        plain, fast = plain_backtest.run(problem), compiled_backtest.run(problem)
        for name, one, other in zip(plain._fields, plain, fast, strict=True):
            assert bits(one) == bits(other), (seed, name)
        if plainest and not whole:
            short = compiled_backtest.run(problem, holdings=False, details=False)
            assert bits(short.values) == bits(plain.values), seed
            rows = range(problem.shape[0])
            expected = np.array([plain_backtest.tally(plain, row, problem.terms.initial) for row in rows])
            assert bits(compiled_backtest.history_tallies(problem)) == bits(expected), seed
        moved += int((np.diff(problem.stages) != 0).any())
    assert moved > 1


@pytest.mark.parametrize("count", sizes(30, 200, RANDOM))
def test_wealth_recorded_without_details_is_that_recorded_with_them_and_of_the_plain_loop(count):
    """Half of the settings have neither flows nor income: there quiet stretches have a loop of their own."""
    for seed in seeds(count):
        problem = random_problem(seed)
        if seed % 2:
            none = np.empty(0)
            paying = np.empty((0, problem.shape[2]))
            market = problem.market._replace(distributions=paying, interest=none, flows=none)
            problem = replace(problem, market=market)
        plain = plain_backtest.run(problem, holdings=False)
        short = compiled_backtest.run(problem, holdings=False, details=False)
        for name in ("values", "rebalanced", "ruined", "ending"):
            assert bits(getattr(plain, name)) == bits(getattr(short, name)), (seed, name)


@pytest.mark.parametrize("share", sizes(10, 100, RANDOM))
@pytest.mark.parametrize(
    ("whole", "tax"),
    [
        (True, True),
        pytest.param(False, True, marks=pytest.mark.long(RANDOM)),
        pytest.param(True, False, marks=pytest.mark.long(RANDOM)),
    ],
)
def test_the_kernel_equals_the_reference_bit_for_bit_with_whole_shares_and_after_tax(whole, tax, share):
    """The expectation is the plain loop, which plans whole shares by the plain exact search."""
    rebalances = taxes = harvests = 0
    for seed in seeds((60 if whole else 400) * share // 100):
        rng = np.random.default_rng(seed)
        problem = random_problem(seed)
        problem = in_whole_shares(problem, rng) if whole else problem
        problem = taxed(problem, rng) if tax else problem
        plain, fast = plain_backtest.run(problem), compiled_backtest.run(problem)
        for name, one, other in zip(plain._fields, plain, fast, strict=True):
            assert bits(one) == bits(other), (seed, name)
        assert not plain.ending[:, 1].any(), "every plan is proven"
        rows = range(problem.shape[0])
        expected = np.array([plain_backtest.tally(plain, row, problem.terms.initial) for row in rows])
        assert bits(compiled_backtest.history_tallies(problem)) == bits(expected), seed
        rebalances += int(plain.rebalanced.sum())
        taxes += int((plain.taxes != 0.0).sum())
        harvests += int(problem.tax.harvest.any()) if tax else 0
    assert rebalances > 4 * share
    assert not tax or (taxes > 4 * share and harvests > share / 10)


@pytest.mark.parametrize("count", sizes(20, 200, RANDOM))
def test_the_tallies_of_the_kernel_are_those_of_the_recorded_series(count):
    for seed in seeds(count):
        problem = random_problem(seed)
        runs = plain_backtest.run(problem, holdings=False)
        rows = range(problem.shape[0])
        expected = np.array([plain_backtest.tally(runs, row, problem.terms.initial) for row in rows])
        assert bits(compiled_backtest.history_tallies(problem)) == bits(expected), seed


@pytest.mark.parametrize("count", sizes(2, 20, RANDOM))
def test_policies_side_by_side_are_each_what_the_plain_loop_says_of_it_alone(count):
    """Where no money flows the kernel walks all policies in vector lanes; expected: the plain loop."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        one = random_problem(seed)
        empty = {"distributions": np.empty((0, one.shape[2])), "interest": np.empty(0), "flows": np.empty(0)}
        rules = random_rules(rng, one.shape[1], one.shape[2], 300)
        problem = Backtest(one.market._replace(**empty), rules, one.terms)
        runs = plain_backtest.run(problem, holdings=False)
        expected = np.array([plain_backtest.tally(runs, row, one.terms.initial) for row in range(300)])
        assert bits(compiled_backtest.history_tallies(problem)) == bits(expected), seed


@pytest.mark.parametrize("count", sizes(5, 40, RANDOM))
@pytest.mark.parametrize("circular", [False, True])
def test_a_resampled_path_of_the_kernel_is_the_reference_run_on_the_plain_resampled_market(circular, count):
    drawn = {"block": 10.0, "circular": circular}
    for seed in seeds(count):
        problem = random_problem(seed)
        found = compiled_backtest.tallies(problem, seed=seed, first=3, count=2, **drawn)
        for k in range(2):
            market = resample.market(problem.market, seed=seed, path=3 + k, **drawn)
            runs = plain_backtest.run(Backtest(market, problem.rules, problem.terms), holdings=False)
            for row in range(problem.shape[0]):
                expected = np.array(plain_backtest.tally(runs, row, problem.terms.initial))
                assert bits(found[k, row]) == bits(expected), (seed, k, row)


def test_circular_blocks_have_one_length_wrap_around_and_begin_anywhere():
    sessions, length = 50, 7
    begun = set()
    for path in range(400):
        chosen = resample.draws(sessions, seed=5, path=path, block=float(length), circular=True)[1:]
        for first in range(0, sessions - 1, length):
            piece = chosen[first : first + length]
            begun.add(int(piece[0]))
            steps = (np.diff(piece) - 1) % (sessions - 1)
            assert (steps == 0).all(), "a piece of history in its own order, the first session after the last"
    assert begun == set(range(1, sessions))


def test_one_circular_block_as_long_as_history_only_turns_it():
    """Every move comes once, so a share ends where it ended: hand-made from the definition."""
    for path in range(30):
        chosen = resample.draws(40, seed=9, path=path, block=39.0, circular=True)[1:]
        assert sorted(chosen) == list(range(1, 40))


def test_path_k_is_the_same_alone_or_in_a_batch():
    problem = random_problem(7)
    batch = compiled_backtest.tallies(problem, seed=11, first=0, count=20, block=21.0)
    for k in (0, 1, 13, 19):
        assert bits(compiled_backtest.tallies(problem, seed=11, first=k, count=1, block=21.0)[0]) == bits(
            batch[k]
        )
    assert bits(batch[0]) != bits(batch[1])


def test_a_stop_keeps_every_path_that_was_told_done_and_they_are_what_a_whole_run_gives():
    problem = random_problem(3)
    whole = resample.resampled(problem, paths=400, seed=5, block=7.0)
    for _ in range(50):
        told = []

        def stop(done, told=told):
            told.append(done)
            raise KeyboardInterrupt

        kept = resample.resampled(problem, paths=400, seed=5, block=7.0, progress=stop)
        assert told[0] <= len(kept)
        assert bits(kept) == bits(whole[: len(kept)])


@pytest.mark.parametrize(
    "seed",
    [
        seed if seed % 4 in (0, 3) and seed < 60 and is_plain(seed) else pytest.param(seed, marks=LONG)
        for seed in range(120)
    ],
)
def test_wealth_changes_only_by_markets_flows_costs_and_taxes(seed):
    """Books balance: value before the trades less costs and tax is the value of shares and cash after."""
    problem, rng = random_problem(seed), np.random.default_rng(seed)
    if seed % 4 >= 2:
        problem = in_whole_shares(problem, rng)
    if seed % 2:
        problem = taxed(problem, rng)
    runs = compiled_backtest.run(problem)
    market = problem.market
    for p in range(problem.shape[0]):
        worth = (runs.shares[p] * market.prices).sum(axis=1) + runs.cash[p]
        assert worth == pytest.approx(runs.values[p], rel=1e-12, abs=1e-7)
        cash, shares = problem.terms.initial, np.zeros(problem.shape[2])
        for t in range(problem.shape[1]):
            if t and len(market.interest):
                cash *= 1 + market.interest[t]
            if t and len(market.distributions):
                cash += shares @ market.distributions[t]
            before = cash + shares @ market.prices[t] + runs.paid[p, t]
            gone = runs.costs[p, t] + runs.taxes[p, t]
            if runs.ruined[p] != t or not problem.tax:
                assert before - gone == pytest.approx(runs.values[p, t], rel=1e-11, abs=1e-7)
            assert (runs.shares[p, t] >= -1e-12).all()
            if problem.whole:
                assert (runs.shares[p, t] == np.round(runs.shares[p, t])).all()
            cash, shares = runs.cash[p, t], runs.shares[p, t]
            if runs.ruined[p] == t:
                break


@pytest.mark.parametrize("whole", [pytest.param(False, marks=LONG), True])
def test_a_rebalance_never_spends_the_reserve_or_what_its_sales_owe(whole):
    """Cash stays at the reserve or above when nothing but rebalances happens."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        problem = random_problem(seed)
        empty = {
            "distributions": np.empty((0, problem.shape[2])),
            "interest": np.empty(0),
            "flows": np.empty(0),
        }
        problem = replace(problem, market=problem.market._replace(**empty))
        problem = taxed(in_whole_shares(problem, rng) if whole else problem, rng)
        runs, terms = compiled_backtest.run(problem), problem.terms
        dealt = runs.rebalanced & (runs.values > 0)
        least = terms.reserve_amount + terms.reserve_weight * runs.values[dealt]
        assert (runs.cash[dealt] >= least - 1e-6 * terms.initial).all(), seed


def test_weights_hold_exactly_after_costs():
    """By hand: 1 % cost, 500 and 1500 to halves. V = 2000 - 0.01 (1500 - 500), so 1990, halves of 995."""
    market = happened([[10, 10], [10, 30]])
    problem = small_backtest(market, [0.5, 0.5], [False, True], rate=0.01, initial=1010.0)
    runs = compiled_backtest.run(problem)
    assert runs.costs[0, 0] == pytest.approx(10.0, rel=1e-12)
    assert runs.values[0, 1] == pytest.approx(1990.0, rel=1e-12)
    assert runs.shares[0, 1] * market.prices[1] == pytest.approx([995.0, 995.0], rel=1e-12)


def test_a_deposit_is_spent_on_what_is_short_and_nothing_is_sold():
    """By hand: 500 and 700 with 200 new want 700 each; all of the 200 goes to the first."""
    market = happened([[10, 10], [10, 14]], flows=np.array([0.0, 200.0]))
    runs = compiled_backtest.run(small_backtest(market, [0.5, 0.5], [False, False]))
    assert runs.shares[0, 1] == pytest.approx([70.0, 50.0], rel=1e-12)
    assert not runs.rebalanced.any()


def test_a_withdrawal_sells_what_is_over_target():
    """By hand: 500 and 700 less 200 want 500 each; all of the 200 comes from the second."""
    market = happened([[10, 10], [10, 14]], flows=np.array([0.0, -200.0]))
    runs = compiled_backtest.run(small_backtest(market, [0.5, 0.5], [False, False]))
    assert runs.shares[0, 1] * market.prices[1] == pytest.approx([500.0, 500.0], rel=1e-12)


def test_distributions_wait_in_cash_for_the_next_rebalance():
    """By hand: 50 shares of each; 1 a share on the first gives 50, spent at the third session."""
    market = happened([[10, 10], [10, 10], [10, 10]], distributions=np.array([[0, 0], [1, 0], [0, 0]], float))
    runs = compiled_backtest.run(small_backtest(market, [0.5, 0.5], [False, False, True]))
    assert runs.cash[0].tolist() == pytest.approx([0.0, 50.0, 0.0], abs=1e-9)
    assert runs.shares[0, 2] == pytest.approx([52.5, 52.5], rel=1e-12)


def test_with_one_instrument_and_no_cost_everything_is_buy_and_hold():
    rng = np.random.default_rng(3)
    prices = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, (300, 1)), axis=0))
    runs = compiled_backtest.run(small_backtest(happened(prices), [1.0], [True] * 300))
    assert runs.values[0] == pytest.approx(1000.0 * prices[:, 0] / prices[0, 0], rel=1e-13)
    assert not runs.rebalanced.any()


def test_a_wider_band_never_trades_more_often_on_the_same_path():
    """A path that only drifts apart, where the statement is a theorem: more room, fewer crossings."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        up = np.cumsum(np.abs(rng.normal(0.002, 0.002, 400)))
        market = happened(np.column_stack([100 * np.exp(up), np.full(400, 100.0)]))
        widths = np.array([0.01, 0.02, 0.03, 0.05, 0.1, 0.2])
        one = small_backtest(market, [0.5, 0.5], [True] * 400)
        rules = PolicyRules(
            targets=one.rules.targets,
            looks=one.rules.looks,
            schedule=np.zeros(6, np.int64),
            always=np.zeros(6, bool),
            bands=np.repeat(widths[:, None], 2, axis=1),
            max_interval=np.full(6, -1),
            cooldown=np.zeros(6, np.int64),
            boxed=np.zeros(6, bool),
            low=np.zeros((6, 2)),
            high=np.ones((6, 2)),
        )
        counts = compiled_backtest.run(Backtest(market, rules, one.terms)).rebalanced.sum(axis=1)
        assert all(narrow >= wide for narrow, wide in pairwise(counts.tolist()))
