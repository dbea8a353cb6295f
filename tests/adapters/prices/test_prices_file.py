"""Price files: what is read, what is mended and said, what is refused."""

from datetime import date

import pandas
import polars
import pytest

from steelyard.adapters.prices.file import load
from steelyard.errors import DataError, InputError


def write(folder, text):
    path = folder / "prices.csv"
    path.write_text(text)
    return path


def test_a_wide_and_a_long_file_with_the_same_prices_read_the_same(tmp_path):
    wide = load(write(tmp_path, "date,VOO,tlt\n2026-01-02,10,20\n2026-01-05,11,19\n"), ["VOO", "TLT"])
    rows = "2026-01-02,VOO,10\n2026-01-02,TLT,20\n2026-01-05,VOO,11\n2026-01-05,TLT,19\n"
    long = load(write(tmp_path, f"date,symbol,close\n{rows}"), ["VOO", "TLT"])
    assert wide.prices.tolist() == long.prices.tolist() == [[10.0, 20.0], [11.0, 19.0]]
    assert wide.dates == long.dates == (date(2026, 1, 2), date(2026, 1, 5))


def test_what_was_sorted_filled_or_cut_is_said(tmp_path):
    text = "date,A,B\n2026-01-01,1,\n2026-01-05,3,30\n2026-01-02,2,20\n2026-01-06,,31\n2026-01-07,5,32\n"
    history = load(write(tmp_path, text), ["A", "B"])
    assert history.prices[:, 0].tolist() == [2.0, 3.0, 3.0, 5.0]
    said = "\n".join(history.notes)
    assert "not in order" in said
    assert "cut to start on 2026-01-02: B" in said
    assert "A: 1 missing closes filled" in said
    assert "is it a split?" in said


def test_a_repeated_equal_row_is_dropped_and_a_contradicting_one_refused(tmp_path):
    history = load(write(tmp_path, "date,A\n2026-01-02,1\n2026-01-02,1\n2026-01-05,1.1\n"), ["A"])
    assert len(history.dates) == 2
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, "date,A\n2026-01-02,1\n2026-01-02,2\n"), ["A"])
    assert caught.value.code == "price-duplicate"
    assert ":3:" in caught.value.message


def test_dates_asked_for_are_included_at_both_ends(tmp_path):
    text = "date,A\n" + "".join(f"2026-01-{d:02},{d}\n" for d in range(1, 20))
    history = load(write(tmp_path, text), ["A"], start=date(2026, 1, 5), end=date(2026, 1, 9))
    assert history.prices[:, 0].tolist() == [5.0, 6.0, 7.0, 8.0, 9.0]


def test_a_currency_pair_is_read_where_the_file_has_it(tmp_path):
    text = "date,A,USDKRW\n2026-01-02,1,1400\n2026-01-05,2,1410\n"
    history = load(write(tmp_path, text), ["A"], pairs=["USDKRW", "EURKRW"])
    assert history.rates["USDKRW"].tolist() == [1400.0, 1410.0]
    assert list(history.rates) == ["USDKRW"]


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("day,A\n1,2\n", InputError, "price-header"),
        ("date,A\nsoon,2\n", InputError, "price-date"),
        ("date,A\n2026-01-02,0\n", InputError, "price-value"),
        ("date,A\n2026-01-02,-3\n", InputError, "price-value"),
        ("date,A\n2026-01-02,inf\n", InputError, "price-value"),
        ("date,A\n2026-01-02,ten\n", InputError, "price-value"),
        ("date,B\n2026-01-02,1\n", DataError, "price-missing"),
        ("date,A\n2026-01-02,1\n2026-01-05,nan\n", DataError, "price-short"),
        ("date,x,A\n2026-01-02\n", InputError, "price-row"),
        ("", InputError, "price-header"),
    ],
)
def test_a_wrong_file_is_refused_with_its_code(tmp_path, text, error, code):
    with pytest.raises(error) as caught:
        load(write(tmp_path, text), ["A"])
    assert caught.value.code == code
    assert caught.value.hint


def test_a_long_gap_is_not_filled(tmp_path):
    rows = "".join(f"2026-01-{d:02},{d if d in (1, 19) else ''},5\n" for d in range(1, 20))
    with pytest.raises(DataError) as caught:
        load(write(tmp_path, f"date,A,B\n{rows}"), ["A", "B"])
    assert caught.value.code == "price-gap"


def test_a_missing_file_is_an_error_of_ours(tmp_path):
    with pytest.raises(InputError) as caught:
        load(tmp_path / "none.csv", ["A"])
    assert caught.value.code == "price-file"


def test_all_problems_of_a_file_are_told_at_once(tmp_path):
    """By hand: a zero in line 2, a word for a date in line 3, a row cut short in line 4; line 5 is fine."""
    path = write(tmp_path, "date,A,B\n2026-01-02,0,1\nsoon,1,1\n2026-01-05\n2026-01-06,1,1\n")
    with pytest.raises(InputError) as caught:
        load(path, ["A", "B"])
    assert [p.code for p in caught.value.problems] == ["price-value", "price-date", "price-row"]
    assert [p.message.split(":")[1].split()[0] for p in caught.value.problems] == ["2", "3", "4"]


def test_a_file_of_another_kind_is_not_read_to_its_end(tmp_path):
    """Weeks instead of dates: the same problem in each of a thousand lines is told twenty times."""
    path = write(tmp_path, "date,A\n" + "".join(f"2026-W{n % 52 + 1:02},1\n" for n in range(1000)))
    with pytest.raises(InputError) as caught:
        load(path, ["A"])
    assert len(caught.value.problems) == 20


def test_two_columns_of_one_symbol_are_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, "date,A,a\n2026-01-02,1,2\n2026-01-05,1,2\n"), ["A"])
    assert caught.value.code == "price-header"
    assert "more than one column of A" in caught.value.message


def test_the_hint_of_a_long_gap_is_a_start_that_works(tmp_path):
    """By hand: seven sessions without A; the first with it again is 2026-01-12."""
    rows = [f"2026-01-{d:02},{'' if 4 < d < 12 else d},1" for d in range(1, 21)]
    path = write(tmp_path, "date,A,B\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError) as caught:
        load(path, ["A", "B"])
    assert caught.value.hint == "fill the gap, or start after it with --from 2026-01-12"
    assert load(path, ["A", "B"], start=date(2026, 1, 12)).prices[0].tolist() == [12.0, 1.0]


def test_repeats_and_closes_that_stand_still_are_pointed_out(tmp_path):
    """By hand: one price twice; the closes of the 6th to the 17th are the same twelve."""
    rows = [f"2026-01-{d:02},{6 if 6 <= d <= 17 else d}" for d in range(1, 21)]
    notes = "\n".join(load(write(tmp_path, "date,A\n" + "\n".join([*rows, rows[-1]]) + "\n"), ["A"]).notes)
    assert "1 repeated equal prices dropped, the first in prices.csv:22" in notes
    assert "A: the same close on 12 sessions in a row up to 2026-01-17" in notes


def test_parquet_reads_as_csv_does(tmp_path):
    path = tmp_path / "prices.parquet"
    polars.DataFrame({"date": [date(2026, 1, 2), date(2026, 1, 5)], "A": [1.0, 2.0]}).write_parquet(path)
    assert load(path, ["A"]).prices.tolist() == [[1.0], [2.0]]
    rows = [(date(2026, 1, 2), "A", 1.0), (date(2026, 1, 2), "B", 5.0), (date(2026, 1, 5), "A", 2.0)]
    rows.append((date(2026, 1, 5), "B", 6.0))
    polars.DataFrame(rows, schema=["date", "symbol", "close"], orient="row").write_parquet(path)
    assert load(path, ["A", "B"]).prices.tolist() == [[1.0, 5.0], [2.0, 6.0]]


def test_a_frame_saved_with_its_unnamed_index_of_dates_is_read(tmp_path):
    """As pandas writes it: no name over the first column of the CSV, a made-up one in Parquet."""
    frame = pandas.DataFrame({"A": [1.0, 2.0]}, index=pandas.to_datetime(["2026-01-02", "2026-01-05"]))
    frame.to_csv(tmp_path / "p.csv")
    frame.to_parquet(tmp_path / "p.parquet")
    for name in ("p.csv", "p.parquet"):
        history = load(tmp_path / name, ["A"])
        assert history.prices.tolist() == [[1.0], [2.0]]
        assert history.dates == (date(2026, 1, 2), date(2026, 1, 5))


def test_a_parquet_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "p.parquet").write_text("date,A\n2026-01-02,1\n")
    with pytest.raises(InputError) as caught:
        load(tmp_path / "p.parquet", ["A"])
    assert caught.value.code == "price-file"


NUMBERS = ("412,35", "1.412,35", "9,5")


@pytest.mark.parametrize(("delimiter", "quote"), [(";", ""), ("\t", ""), (",", '"')])
def test_a_decimal_comma_is_told_by_the_numbers_of_the_file(tmp_path, delimiter, quote):
    """`"412,35"` was read as 41,235. By hand: 412.35, 1412.35 and 9.5."""
    rows = (f"2026-01-{5 + n:02}{delimiter}{quote}{x}{quote}" for n, x in enumerate(NUMBERS))
    path = write(tmp_path, f"date{delimiter}A\n" + "".join(f"{row}\n" for row in rows))
    assert load(path, ["A"]).prices[:, 0].tolist() == [412.35, 1412.35, 9.5]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("2026-01-05;1,250\n2026-01-06;1,260\n", "numbers-undecided"),
        ("2026-01-05;1,25\n2026-01-06;1.26\n", "numbers-undecided"),
        ("01/05/2026;1.2\n01/06/2026;1.3\n", "days-undecided"),
    ],
)
def test_what_reads_two_ways_is_refused_once_with_both_readings(tmp_path, rows, code):
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, "date;A\n" + rows), ["A"])
    assert [p.code for p in caught.value.problems] == [code]


def test_days_with_the_month_first_are_read_where_one_day_tells(tmp_path):
    path = write(tmp_path, "date,A\n01/05/2026,1\n01/13/2026,2\n")
    assert load(path, ["A"]).dates == (date(2026, 1, 5), date(2026, 1, 13))


@pytest.mark.parametrize("price", ["1_0", "٤١٢", "４１２"])
def test_what_only_a_program_takes_for_a_number_is_none(tmp_path, price):
    with pytest.raises(InputError, match="not a price above zero"):
        load(write(tmp_path, f"date,A\n2026-01-05,{price}\n2026-01-06,2\n"), ["A"])


def test_a_moment_counts_on_the_day_of_the_exchange(tmp_path):
    """15:00 UTC is midnight in Seoul, of the day after; in New York it is the morning of the same day."""
    text = "date,{}\n2025-03-30 15:00+00:00,1\n2025-03-31 15:00+00:00,2\n"
    seoul = load(write(tmp_path, text.format("069500")), ["069500"])
    assert seoul.dates[0] == date(2025, 3, 31)
    assert load(write(tmp_path, text.format("VOO")), ["VOO"]).dates[0] == date(2025, 3, 30)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp949"])
def test_encodings_and_line_ends_of_spreadsheets_are_met(tmp_path, encoding):
    path = tmp_path / "prices.csv"
    path.write_bytes("date,메모,A\r2026-01-05,가격이다,1\r\r2026-01-06,가격이다,2\r".encode(encoding))
    assert load(path, ["A"]).prices[:, 0].tolist() == [1, 2]


def frames():
    """The same prices as every kind of frame; 412.35 and 9.5 in single precision."""
    import numpy as np
    import pyarrow

    days = [date(2026, 1, 5), date(2026, 1, 6)]
    table = pyarrow.table({"date": days, "A": pyarrow.array([412.35, 9.5], pyarrow.float32())})
    frame = polars.DataFrame({"date": days, "A": [412.35, 9.5]}, schema_overrides={"A": polars.Float32})
    return {
        "arrow table": table,
        "arrow batch": table.to_batches()[0],
        "polars": frame,
        "polars lazy": frame.lazy(),
        "pandas": pandas.DataFrame({"date": days, "A": np.array([412.35, 9.5], dtype=np.float32)}),
        "columns": {"date": days, "A": np.array([412.35, 9.5], dtype=np.float32)},
    }


@pytest.mark.parametrize("kind", ["arrow table", "arrow batch", "polars", "polars lazy", "pandas", "columns"])
def test_a_frame_of_any_kind_and_precision_gives_the_prices_that_were_written(kind):
    from steelyard.adapters.prices import frame

    assert frame.load(frames()[kind], ["A"]).prices[:, 0].tolist() == [412.35, 9.5]


def test_single_precision_in_a_parquet_file_is_its_shortest_number(tmp_path):
    frames()["polars"].write_parquet(tmp_path / "p.parquet")
    assert load(tmp_path / "p.parquet", ["A"]).prices[:, 0].tolist() == [412.35, 9.5]
