"""`steelyard.backtest`: the same study from frames, columns, arrays and files, and its own mistakes."""

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import steelyard
from steelyard.errors import InputError

DATES = [date(2025, 1, 2), date(2025, 1, 31), date(2025, 2, 3), date(2025, 3, 3), date(2025, 3, 4)]
VOO = [100.0, 100.0, 200.0, 200.0, 100.0]
AGG = [50.0, 50.0, 50.0, 50.0, 50.0]
TARGETS = {"VOO": "60%", "AGG": "40%"}
WEALTH = [10_000.0, 10_000.0, 16_000.0, 16_000.0, 11_200.0]
"""By hand, monthly: 6,000 and 4,000; VOO doubles; back to 9,600 and 6,400; half of 9,600 is lost."""


def values(study):
    (result,) = study.results
    return result.values.tolist()


def test_columns_give_the_hand_worked_wealth():
    """WEALTH above."""
    study = steelyard.backtest({"date": DATES, "VOO": VOO, "AGG": AGG}, TARGETS, "calendar monthly")
    assert values(study) == pytest.approx(WEALTH)
    assert study.dates == tuple(DATES)


def test_an_array_has_the_order_of_the_targets_and_dates_beside_it():
    """WEALTH above."""
    rows = np.column_stack([VOO, AGG])
    assert values(steelyard.backtest(rows, TARGETS, "calendar monthly", dates=DATES)) == pytest.approx(WEALTH)
    assert values(
        steelyard.backtest(rows.tolist(), TARGETS, "calendar monthly", dates=[str(d) for d in DATES])
    ) == pytest.approx(WEALTH)


@pytest.mark.parametrize("unit", ["D", "h", "m", "s", "ms", "us", "ns", "15m"])
def test_dates_in_an_array_are_the_days_they_fall_on_in_every_unit(unit):
    """Closes at 15:30, before and after 1970, in NumPy's own steps."""
    stamps = np.array(["1969-12-31T15:30", "1970-01-01T15:30", "2024-02-29T15:30"], dtype="M8[m]")
    study = steelyard.backtest(np.ones((3, 1)), {"VOO": 1}, "hold", dates=stamps.astype(f"M8[{unit}]"))
    assert list(study.dates) == [date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29)]


def test_a_time_that_is_none_is_no_date():
    stamps = np.array(["2024-01-02", "NaT", "2024-01-04"], dtype="M8[ns]")
    with pytest.raises(InputError) as refused:
        steelyard.backtest(np.ones((3, 1)), {"VOO": 1}, "hold", dates=stamps)
    assert refused.value.code == "price-date"


@pytest.mark.parametrize("wrong", [True, 1.0, float("nan"), [1], "one"])
def test_a_number_that_equals_one_is_not_taken_for_it_because_it_was_read_before(wrong):
    steelyard.backtest(np.ones((2, 1)), {"VOO": 1}, "hold", dates=DATES[:2], initial=1)
    for mistake in ({"targets": {"VOO": wrong}}, {"targets": {"VOO": 1}, "initial": wrong}):
        with pytest.raises(InputError, match="is not a number"):
            steelyard.backtest(np.ones((2, 1)), policies="hold", dates=DATES[:2], **mistake)


def test_long_columns_and_a_file_are_read_as_well(tmp_path):
    """WEALTH above; the rows are those of the columns, one under the other."""
    long = {"date": DATES * 2, "symbol": ["VOO"] * 5 + ["AGG"] * 5, "close": VOO + AGG}
    assert values(steelyard.backtest(long, TARGETS, "calendar monthly")) == pytest.approx(WEALTH)
    lines = [f"{d},{v},{a}" for d, v, a in zip(DATES, VOO, AGG, strict=True)]
    (tmp_path / "p.csv").write_text("date,VOO,AGG\n" + "\n".join(lines) + "\n")
    assert values(steelyard.backtest(tmp_path / "p.csv", TARGETS, "calendar monthly")) == pytest.approx(
        WEALTH
    )


def test_a_pandas_frame_may_have_its_dates_as_index_and_gets_frames_back():
    """WEALTH above."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"AGG": AGG, "VOO": VOO}, index=pandas.to_datetime(DATES))
    study = steelyard.backtest(frame, TARGETS, ["calendar monthly", "hold"])
    daily = study.daily(pandas.DataFrame)
    assert list(daily.columns) == ["date", "calendar monthly", "hold"]
    assert daily["calendar monthly"].tolist() == pytest.approx(WEALTH)
    summary = study.summary(pandas.DataFrame)
    assert summary["policy"].tolist() == ["calendar monthly", "hold"]
    assert summary["final_value"].tolist() == pytest.approx([11_200.0, 10_000.0])
    holed = frame.astype("float64")
    holed.iloc[3, 1] = float("nan")
    assert any("filled" in note for note in steelyard.backtest(holed, TARGETS, "hold").notes)


def test_a_polars_frame_is_read_and_given_back():
    """WEALTH above."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"date": DATES, "VOO": VOO, "AGG": AGG})
    study = steelyard.backtest(frame, TARGETS, "calendar monthly")
    assert study.daily(polars.DataFrame)["calendar monthly"].to_list() == pytest.approx(WEALTH)
    assert study.summary(polars.DataFrame)["rebalances"].to_list() == [1]


def test_without_a_constructor_the_tables_are_plain_columns():
    """Two policies; of the statistics, holding ends where it began because VOO comes back to 100."""
    study = steelyard.backtest(
        {"date": DATES, "VOO": VOO, "AGG": AGG}, TARGETS, ["hold", "threshold 5% look daily"]
    )
    assert study.summary()["policy"] == ["hold", "threshold 5%"]
    assert study.summary()["final_value"][0] == pytest.approx(10_000.0)
    assert study.daily()["date"] == DATES


def test_a_policy_of_a_portfolio_and_a_commission_are_understood():
    """By hand: V + 0.01 V = 10,000 buys everything on the first session."""
    policy = steelyard.load(_sample()).policy
    rows = np.column_stack([[100.0] * 5, AGG])
    study = steelyard.backtest(rows, TARGETS, policy, dates=DATES, commission="1%")
    assert values(study) == pytest.approx([10_000 / 1.01] * 5)


def test_what_a_study_says_later_rests_on_the_prices_it_was_given():
    """Statistics are computed when asked for; by then a caller of many backtests has refilled the array."""
    rows = np.column_stack([VOO, AGG])
    given = (TARGETS, "calendar monthly")
    order = {"dates": DATES, "commission": "1%"}
    studies = [steelyard.backtest(prices, *given, **order) for prices in (rows, rows.copy())]
    rows[:] = np.column_stack([AGG, VOO])
    reused, kept = (study.summary() for study in studies)
    assert reused == kept


def test_what_is_inside_a_flow_is_not_taken_for_what_it_equals():
    flat = np.ones((2, 1))
    steelyard.backtest(flat, {"VOO": 1}, "hold", dates=DATES[:2], flow=(1, "monthly"))
    with pytest.raises(InputError, match="is not a number"):
        steelyard.backtest(flat, {"VOO": 1}, "hold", dates=DATES[:2], flow=(1.0, "monthly"))


def test_money_flows_in_the_rhythm_it_is_given():
    """By hand: 10,000 at prices that stand still; 100 leave in April and July, or 500 come each month."""
    days = [
        date(2025, 1, 2),
        date(2025, 2, 3),
        date(2025, 3, 3),
        date(2025, 4, 2),
        date(2025, 5, 2),
        date(2025, 7, 1),
    ]
    flat = np.ones((6, 1))
    out = steelyard.backtest(flat, {"VOO": 1}, "hold", dates=days, flow=(-100, "quarterly"))
    assert values(out) == pytest.approx([10_000, 10_000, 10_000, 9_900, 9_900, 9_800])
    monthly = steelyard.backtest(flat, {"VOO": 1}, "hold", dates=days, monthly=500)
    assert values(monthly) == pytest.approx([10_000, 10_500, 11_000, 11_500, 12_000, 12_500])
    same = steelyard.backtest(flat, {"VOO": 1}, "hold", dates=days, flow=(500, "monthly"))
    assert values(same) == values(monthly)


@pytest.mark.parametrize("more", [{"flow": (1, "fortnightly")}, {"flow": (1, "monthly"), "monthly": 1}])
def test_two_flows_or_no_rhythm_are_refused(more):
    with pytest.raises(InputError) as refused:
        steelyard.backtest(np.ones((2, 1)), {"VOO": 1}, "hold", dates=DATES[:2], **more)
    assert refused.value.code == "flow"


def test_whole_shares_and_tax_are_asked_for_by_name(read):
    """By hand: 60/40 of 10,000 dollars on 100 and 50, whole; VOO doubles, and the bonds stay.

    60 VOO and 80 AGG; at 200, 12,000 and 4,000: 60 % of 16,000 is 9,600, so 12 VOO are sold with a gain of
    100 each. In the US within a year that is taxed at 24 % in April after. In the end 48 VOO are left, with
    4,800 of gain.
    """
    portfolio = read(
        'base_currency = "USD"\n[targets]\nVOO = "60%"\nAGG = "40%"\n[tax]\njurisdiction = "US"\n'
        'filing = "single"\nordinary_rate = "24%"\nother_income = 60000\n'
        '[[accounts]]\nname = "a"\ncash = { USD = 1 }\npositions = ['
        ' { symbol = "VOO", shares = 1, price = 100 }, { symbol = "AGG", shares = 1, price = 50 } ]\n'
    )
    frame = {"date": DATES[:3], "VOO": [100.0, 200.0, 200.0], "AGG": [50.0, 50.0, 50.0]}
    study = steelyard.backtest(frame, TARGETS, "threshold 5%", initial=10_000, whole=True, taxed_as=portfolio)
    assert (study.whole, study.after_tax) == (True, True)
    assert values(study) == [10_000, 16_000, 16_000]
    # 6,000 of gain in all, at 24 % short-term.
    assert study.results[0].liquidation_value == pytest.approx(16_000 - 0.24 * 6_000)
    with pytest.raises(InputError, match=r"no \[tax\]"):
        steelyard.backtest(frame, TARGETS, "hold", taxed_as=steelyard.load(_sample()))


def _sample():
    from importlib.resources import files

    return str(files("steelyard") / "data" / "sample.toml")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"targets": {"VOO": "60%", "AGG": "30%"}}, "target-sum"),
        ({"targets": {"VOO": "160%", "AGG": "-60%"}}, "target-sum"),
        ({"targets": {"VOO": 0.6, "AGG": Decimal("0.4")}}, "fraction"),
        ({"prices": np.ones((5, 3)), "dates": DATES}, "targets"),
        ({"prices": np.ones((5, 2))}, "price-header"),
        ({"prices": np.ones((5, 2)), "dates": DATES[:4]}, "price-row"),
        ({"policies": "quarterly"}, "policy-text"),
        ({"policies": []}, "policy-text"),
        ({"initial": 0}, "initial"),
        ({"initial": "much"}, "amount"),
    ],
)
def test_a_mistake_is_an_input_error_with_its_code(change, code):
    given = {
        "prices": {"date": DATES, "VOO": VOO, "AGG": AGG},
        "targets": TARGETS,
        "policies": "hold",
        **change,
    }
    with pytest.raises(InputError) as caught:
        steelyard.backtest(**given)
    assert caught.value.code == code
    assert caught.value.hint


def test_neither_frame_library_is_imported():
    """Asked of a fresh process after a backtest on an array."""
    code = (
        "import sys, steelyard; from datetime import date as d;"
        "steelyard.backtest([[1., 1.], [2., 1.]], {'A': '50%', 'B': '50%'}, 'hold',"
        "dates=[d(2025, 1, 2), d(2025, 1, 3)]).daily();"
        "print(sorted({'pandas', 'polars', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def clean_and_not(rng):
    """Columns of random prices, of which some have something to mend or to say."""
    sessions = int(rng.integers(20, 400))
    days = [date(2020, 1, 1) + timedelta(days=int(n)) for n in np.sort(rng.choice(900, sessions, False))]
    closes = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, (sessions, 2)), axis=0))
    trouble = int(rng.integers(5))
    if trouble == 1:
        closes[5:7, 1] = np.nan
    if trouble == 2:
        days[3], days[4] = days[4], days[3]
    if trouble == 3:
        closes[10:, 0] *= 3.0
    if trouble == 4:
        closes[2:15, 1] = closes[2, 1]
    return {"date": days, "A": closes[:, 0].tolist(), "B": closes[:, 1].tolist()}


def test_clean_columns_are_read_at_once_and_give_what_reading_row_by_row_gives():
    """A hundred random frames against the road of files: the same prices, dates and notes."""
    from steelyard.adapters.prices import file as prices_file
    from steelyard.adapters.prices import frame as prices_frame
    from steelyard.adapters.prices.table import Table

    rng = np.random.default_rng(11)
    said = 0
    for _ in range(100):
        columns = clean_and_not(rng)
        start = columns["date"][2] if rng.random() < 0.5 else None
        end = columns["date"][-3] if rng.random() < 0.5 else None
        rows = list(enumerate(zip(*columns.values(), strict=True), 1))
        table = Table(list(columns), rows)
        slow = prices_file.arranged(Path("prices"), table, ["B", "A"], start=start, end=end)
        fast = prices_frame.load(columns, ["B", "A"], start=start, end=end)
        assert fast.prices.tolist() == slow.prices.tolist()
        assert (fast.dates, fast.notes, fast.symbols) == (slow.dates, slow.notes, slow.symbols)
        said += bool(slow.notes)
    assert said > 20


def test_a_portfolio_read_for_its_targets_is_refused_where_accounts_are_needed(tmp_path):
    path = tmp_path / "targets.toml"
    path.write_text('base_currency = "USD"\n[targets]\nVOO = 1\n')
    portfolio = steelyard.load(path, need_accounts=False)
    assert portfolio.targets == {"VOO": 1}
    for asked in (
        lambda: steelyard.check(portfolio),
        lambda: steelyard.plan(portfolio),
        lambda: steelyard.invest(portfolio, 100),
        lambda: steelyard.withdraw(portfolio, 100),
    ):
        with pytest.raises(InputError) as refused:
            asked()
        assert refused.value.code == "no-accounts"
