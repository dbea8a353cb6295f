"""Price files: what is read, what is mended and said, what is refused."""

from datetime import date

import pytest

from steelyard.adapters.prices_file import load
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


def test_parquet_reads_as_csv_does(tmp_path):
    polars = pytest.importorskip("polars")
    path = tmp_path / "prices.parquet"
    polars.DataFrame({"date": [date(2026, 1, 2), date(2026, 1, 5)], "A": [1.0, 2.0]}).write_parquet(path)
    assert load(path, ["A"]).prices.tolist() == [[1.0], [2.0]]
