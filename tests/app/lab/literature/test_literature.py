"""Published and exact results, each a test: the target is written here again, apart from the code's."""

import pytest

import steelyard
from steelyard.errors import DataError, InputError

EXACT = {
    "leland": (48.83, 0.005),
    "gerhold-1-buy": (0.58194, 6e-6), "gerhold-1-sell": (0.66806, 6e-6), "gerhold-1-premium": (1.901, 6e-4),
    "gerhold-2-buy": (0.60485, 6e-6), "gerhold-2-sell": (0.64515, 6e-6), "gerhold-2-premium": (0.416, 6e-4),
    "gerhold-3-buy": (0.57105, 6e-6), "gerhold-3-sell": (0.67895, 6e-6), "gerhold-3-premium": (2.986, 6e-4),
    "gerhold-4-buy": (0.52603, 6e-6), "gerhold-4-sell": (0.64585, 6e-6), "gerhold-4-premium": (1.572, 6e-4),
    "gerhold-1-turnover": (2.59, 0.006), "gerhold-2-turnover": (5.57, 0.006),
    "gerhold-3-turnover": (2.05, 0.006), "gerhold-4-turnover": (2.13, 0.006),
    "mei": (100, 0), "daryanani": (300, 1), "vanguard-costs": (3.0, 0.05),
}  # fmt: skip
SLOW = {
    "dybvig-pezzo-1": (1, 0.05), "dybvig-pezzo-2": (0.259, 0.05), "cube-root": (1 / 3, 0.02),
    "sun": (0, 0), "kritzman": (0, 8), "leland-simulated": (50, 3),
    "vanguard-monthly": (43, 15), "vanguard-quarterly": (135, 10), "vanguard-counts-3": (210, 31),
    "vanguard-counts-4": (50, 7.5), "vanguard-counts-6": (72, 11), "vanguard-counts-7": (28, 4.2),
    "timing-luck": (0.25, 0.03), "booth-fama": (55.584, 0.3), "growth-optimum": (5.4602, 0.01),
    "premium": (0, 50),
}  # fmt: skip
ON_PRICES = {
    "rattray": (7.1, 0.05), "harvey": (-13.0, 2.5), "timing-luck-prices": (52.4, 3),
    "booth-fama-prices": (57.27, 0.05),
}  # fmt: skip


def ours(review):
    return {one.name: one for one in review.findings}


def held(review, targets):
    found = ours(review)
    for name, (target, within) in targets.items():
        assert found[name].ours == pytest.approx(target, abs=within), name
    return found


def test_what_is_exact_comes_out_to_the_printed_digits():
    names = ["leland", "gerhold", "mei", "daryanani", "vanguard-costs"]
    found = held(steelyard.literature(only=names), EXACT)
    assert all(one.verdict == "agrees" for one in found.values() if one.name in EXACT)


@pytest.mark.long("programmes of two and three funds, and seven simulations")
def test_what_takes_a_programme_or_a_simulation_comes_out_too():
    review = steelyard.literature()
    found = held(review, {**EXACT, **SLOW})
    assert len({one.source for one in found.values() if one.verdict == "agrees"}) >= 12
    # What does not agree says why.
    assert all(one.why for one in found.values() if one.verdict != "agrees")
    assert review.count("not run") == 5


@pytest.mark.parametrize("case", ["1", "4"])
def test_as_the_spread_vanishes_the_region_is_that_of_the_expansion(case):
    """The exact region and its first term differ by less than the next power of the spread."""
    from steelyard.engines.lab.spread_costs import Spread, asymptotic, no_trade

    mean, aversion = {"1": (0.08, 5.0), "4": (0.03, 2.0)}[case]
    gaps = []
    for spread in (0.01, 0.001, 0.0001):
        market = Spread(mean, 0.16, aversion, spread)
        gaps.append(abs(no_trade(market).sell - asymptotic(market).sell))
    assert gaps[0] > 5 * gaps[1] > 25 * gaps[2]


@pytest.mark.long("twenty years of daily prices")
def test_results_on_past_prices_come_out_on_spy_and_ief(shared):
    """Measured apart with other code: -32.6 against -25.5; -13.0 bp (t -4.0); 52.4 bp; 57.27 bp."""
    names = ["rattray", "harvey", "timing-luck-prices", "booth-fama-prices"]
    found = held(steelyard.literature(str(shared / "data" / "etf_daily.csv"), only=names), ON_PRICES)
    assert "-32.6 against -25.5" in found["rattray"].why


def test_on_korean_funds_no_usual_rule_is_evidently_cheaper_than_the_programme(shared):
    """What the source finds; that the programme also beats the worst of them by far says that it is one."""
    found = ours(steelyard.literature(str(shared / "data" / "kr_etf_daily.csv"), only=["sun-korea"]))
    assert found["sun-korea"].verdict == "agrees"
    assert found["sun-korea"].ours == 0.0
    assert found["sun-korea"].seed == 7


def test_prices_of_neither_market_are_refused(tmp_path):
    (tmp_path / "prices.csv").write_text("date,VOO\n2020-01-02,1\n2020-01-03,2\n")
    with pytest.raises(DataError) as refused:
        steelyard.literature(str(tmp_path / "prices.csv"), only=["sun-korea"])
    assert refused.value.code == "price-missing"


def test_a_name_that_no_result_has_is_refused():
    with pytest.raises(InputError) as refused:
        steelyard.literature(only=["nobody"])
    assert refused.value.code == "no-finding"
