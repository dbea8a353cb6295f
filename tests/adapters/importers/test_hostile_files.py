"""Files that are none, that never end, or that are small and become large: refused at once, clearly."""

import io
import os
import zipfile

import pytest

import steelyard
from steelyard.adapters.importers import column_map
from steelyard.adapters.importers.presets import sheets
from steelyard.adapters.prices import parquet
from steelyard.adapters.prices.table import table_of
from steelyard.domain.days import read_day
from steelyard.domain.numerals import decimal_sign, read_numeral
from steelyard.errors import InputError, PortfolioProblems

MAP = '[columns]\ndate = "d"\ntype = "t"\n'


def code(call):
    with pytest.raises((InputError, PortfolioProblems)) as caught:
        call()
    return [p.code for p in caught.value.problems]


def never_ending(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    return [tmp_path / "pipe.csv", "/dev/zero", tmp_path]


def test_a_pipe_a_device_and_a_folder_are_no_files_to_import(tmp_path):
    for place in never_ending(tmp_path):
        assert code(lambda p=place: steelyard.import_(tmp_path / "p.toml", p)) == ["unreadable"]
        rows = tmp_path / "rows.csv"
        rows.write_text("d,t\n")
        assert code(lambda p=place, r=rows: steelyard.import_(tmp_path / "p.toml", r, columns=p)) == [
            "unreadable"
        ]


def test_a_pipe_a_device_and_a_folder_are_no_prices(tmp_path):
    for place in never_ending(tmp_path):
        assert code(lambda p=place: table_of(type(tmp_path)(p))) == ["price-file"]


@pytest.mark.parametrize(
    "name", ["undefined", "punycode", "idna", "zip", "rot13", "hex", "unicode_escape", "x"]
)
def test_an_encoding_in_which_no_program_writes_files_is_a_fault_of_the_map(name):
    """`punycode` takes time in the square of the file; `undefined` raises whatever it is given."""
    assert code(lambda: column_map.load(f'encoding = "{name}"\n{MAP}'.encode(), "map.toml")) == ["import-map"]


@pytest.mark.parametrize(
    "name", ["cp949", "euc-kr", "UTF-8", "utf_16", "latin1", "cp1252", "shift_jis", "gbk"]
)
def test_encodings_of_programs_are_known(name):
    assert column_map.load(f'encoding = "{name}"\n{MAP}'.encode(), "map.toml").encoding == name


@pytest.mark.parametrize("form", ["%d%d%d%d", "%Y", "%Q", "%", "", "%Y-%m", "no form"])
def test_a_form_that_does_not_give_a_day_back_is_a_fault_of_the_map(form):
    assert code(lambda: column_map.load(f'date_format = "{form}"\n{MAP}'.encode(), "map.toml")) == [
        "import-map"
    ]


@pytest.mark.parametrize("text", ["a = [" + "[" * 5000, "a." * 200_000 + "b = 1", "= 1", "a = 1\na = 2"])
def test_a_map_that_is_no_toml_or_lies_too_deep_is_refused(text):
    assert code(lambda: column_map.load(text.encode(), "map.toml")) == ["import-map"]


@pytest.mark.parametrize(
    "text",
    [
        "1" * 60 + "만!",
        "1 " * 80 + "억!",
        "1" + " " * 200_000 + "x",
        "1 111" * 50_000 + "x",
        "9" * 2_000_000 + "x",
        "(" * 100_000,
        "$" * 100_000,
    ],
)
def test_a_number_is_read_or_refused_at_once_however_long_it_is(text):
    """Two to the power of the digits, or the square of the spaces, was what it took."""
    with pytest.raises(ValueError, match="not a number"):
        read_numeral(text)
    assert decimal_sign([text]) == "."


@pytest.mark.parametrize(
    "text", ["2024-01-01" + " " * 200_000 + "x", "2024-01-01T" + "1" * 200_000, "1" * 10**6]
)
def test_a_day_is_read_or_refused_at_once_however_long_it_is(text):
    with pytest.raises(ValueError, match="not a date"):
        read_day(text)


def test_a_small_parquet_file_of_very_many_rows_is_refused_before_it_is_read(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {"date": pa.array(["2024-01-02"]).take(pa.array([0] * 1_000_000)), "VOO": [1.0] * 1_000_000}
    )
    path = tmp_path / "many.parquet"
    with pq.ParquetWriter(path, table.schema) as out:
        for _ in range(6):
            out.write_table(table)
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match="6,000,000 rows and 2 columns"):
        parquet.read(path)


def test_a_parquet_date_out_of_range_is_an_error_and_no_traceback(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    far = pa.array([2**62], pa.int64()).cast(pa.timestamp("us"))
    pq.write_table(pa.table({"date": far, "VOO": [1.0]}), tmp_path / "far.parquet")
    assert code(lambda: table_of(tmp_path / "far.parquet")) == ["price-file"]


def workbook():
    openpyxl = pytest.importorskip("openpyxl")
    book, out = openpyxl.Workbook(), io.BytesIO()
    for _ in range(50):
        book.active.append(["거래일자", "적요"] * 10)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("bound", ["MOST_BYTES", "MOST_CELLS"])
def test_a_workbook_with_more_in_it_than_a_file_of_trades_is_refused(bound, monkeypatch):
    data = workbook()
    monkeypatch.setattr(sheets, bound, 900)
    with pytest.raises(InputError, match="more in it"):
        sheets.Sheets.of(data).rows("xlsx", ",")


def test_a_zip_file_that_is_no_workbook_has_no_rows():
    pytest.importorskip("openpyxl")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.txt", "x")
    for data in (out.getvalue(), out.getvalue()[:30], b"PK\x03\x04"):
        assert sheets.Sheets.of(data).rows("xlsx", ",") == []
