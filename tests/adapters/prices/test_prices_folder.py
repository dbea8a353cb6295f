"""What a folder of CSV files says is what was written into it, digit for digit."""

from datetime import date
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest

from steelyard.adapters.prices.folder import FolderPrices
from steelyard.domain.market.prices import Close, Wanted
from steelyard.errors import DataError

VOO = Wanted("VOO", "USD", "XNYS")
SPAN = date(2026, 11, 1), date(2026, 11, 30)


def answer(folder, wanted=VOO):
    source = FolderPrices(folder)
    return source.read(wanted, source.ask(wanted, *SPAN))


def refusal(folder, wanted=VOO):
    with pytest.raises(DataError) as caught:
        answer(folder, wanted)
    return caught.value.code


def test_a_file_per_symbol_is_read_exactly(tmp_path):
    (tmp_path / "VOO.csv").write_text("date,close,currency,split\n2026-11-20,412.350000000001,USD,0\n")
    assert answer(tmp_path) == (Close(date(2026, 11, 20), Decimal("412.350000000001"), "USD"),)


def test_one_wide_file_serves_all_symbols_and_rates(tmp_path):
    (tmp_path / "prices.csv").write_text("date,VOO,USDKRW\n2026-11-20,412,1392.10\n2026-11-23,,1390\n")
    assert [str(c.price) for c in answer(tmp_path)] == ["412"]
    assert [str(c.price) for c in answer(tmp_path, Wanted("USDKRW", "KRW"))] == ["1392.10", "1390"]


def test_one_long_file_serves_all_symbols(tmp_path):
    (tmp_path / "prices.csv").write_text("date,symbol,close\n2026-11-20,TLT,90\n2026-11-20,VOO,412\n")
    assert [str(c.price) for c in answer(tmp_path)] == ["412"]


def test_a_file_still_being_written_gives_no_price(tmp_path):
    (tmp_path / "VOO.csv").write_text("date,close\n2026-11-20,412.35\n2026-11-23,41")
    assert refusal(tmp_path) == "price-file-cut"


def test_a_symbol_without_a_price_in_the_span_is_an_error(tmp_path):
    (tmp_path / "VOO.csv").write_text("date,close\n2025-11-20,412.35\n")
    assert refusal(tmp_path) == "price-empty"
    assert refusal(tmp_path, Wanted("TLT", "USD", "XNYS")) == "price-empty"


@pytest.mark.parametrize("row", ["2026-11-20,four", "2026-11-20 junk,412", "2026-11-20,nan!"])
def test_a_row_that_is_no_price_names_its_line(tmp_path, row):
    (tmp_path / "VOO.csv").write_text(f"date,close\n{row}\n")
    with pytest.raises(DataError, match=r"VOO\.csv:2"):
        answer(tmp_path)


def test_a_symbol_does_not_lead_out_of_the_folder(tmp_path):
    (tmp_path / "secret.csv").write_text("date,close\n2026-11-20,1\n")
    (tmp_path / "prices").mkdir()
    assert not FolderPrices(tmp_path / "prices").offers(Wanted("../secret", "USD", "XNYS"))


def written(path, columns):
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def test_a_parquet_file_is_read_as_a_csv_file_would_be(tmp_path):
    days = [date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)]
    written(tmp_path / "VOO.parquet", {"Date": days, "Close": [412.35, None, 0.1], "currency": ["USD"] * 3})
    assert answer(tmp_path) == (
        Close(date(2026, 11, 20), Decimal("412.35"), "USD"),
        Close(date(2026, 11, 24), Decimal("0.1"), "USD"),
    )


def test_one_wide_parquet_file_serves_all_symbols(tmp_path):
    written(tmp_path / "prices.parquet", {"date": ["2026-11-20"], "VOO": ["412.350"], "TLT": [90.5]})
    assert [str(c.price) for c in answer(tmp_path)] == ["412.350"]
    assert [str(c.price) for c in answer(tmp_path, Wanted("TLT", "USD", "XNAS"))] == ["90.5"]


def test_a_parquet_file_that_is_cut_off_is_refused(tmp_path):
    written(tmp_path / "VOO.parquet", {"date": ["2026-11-20"], "close": [412.35]})
    whole = (tmp_path / "VOO.parquet").read_bytes()
    (tmp_path / "VOO.parquet").write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path) == "price-file"
