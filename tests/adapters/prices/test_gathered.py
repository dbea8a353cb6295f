"""Prices from several files, folders and a database: what is found, joined, left out and said.

The files are written as Korean and American programs write them; what is expected is worked by hand.
"""

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

import steelyard
from steelyard import bootstrap
from steelyard.adapters.database import connection as database
from steelyard.adapters.database.prices import StoredPrices
from steelyard.adapters.prices.gathered import Source, gathered, sources_of
from steelyard.adapters.prices.intake.columns import Names, find, find_in_name
from steelyard.domain.market.prices import Close, Wanted, unsplit
from steelyard.errors import DataError, InputError

NAMED = {"069500": "KODEX 200"}


def history(paths, symbols=("069500", "VOO"), pairs=("USDKRW",), **more):
    return bootstrap.history_of([str(p) for p in paths], symbols, pairs=pairs, called=NAMED, **more)


@pytest.fixture
def files(tmp_path):
    """A Korean export in cp949 with its own headings, a Yahoo file and a rate of the Federal Reserve."""
    korean = (
        '일자,종가,대비,거래량\n2024/02/07,"34,050",10,5\n2024/02/08,34100,50,6\n2024/02/13,34500,400,7\n'
    )
    (tmp_path / "kodex 200 시세.csv").write_bytes(korean.encode("cp949"))
    (tmp_path / "VOO.csv").write_text(
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-02-07,1,1,1,458.0,450.0,9\n2024-02-08,1,1,1,459.0,451.0,9\n"
        "2024-02-09,1,1,1,461.0,453.0,9\n2024-02-12,1,1,1,460.0,452.0,9\n2024-02-13,1,1,1,454.0,446.0,9\n"
    )
    (tmp_path / "h10.csv").write_text(
        "observation_date,DEXKOUS\n2024-02-07,1327.5\n2024-02-08,1331\n2024-02-09,1332\n2024-02-12,1330\n"
        "2024-02-13,1335\n"
    )
    (tmp_path / "readme.txt").write_text("no prices here\n")
    return tmp_path


def test_a_folder_gives_each_instrument_from_the_file_that_has_it(files):
    """By hand: adjusted closes are taken; Seoul was shut on 9 and 12 February 2024, and its close stands."""
    found = history([files])
    assert list(found.dates) == [date(2024, 2, d) for d in (7, 8, 9, 12, 13)]
    assert found.prices[:, 0].tolist() == [34_050, 34_100, 34_100, 34_100, 34_500]
    assert found.prices[:, 1].tolist() == [450, 451, 453, 452, 446]
    assert found.rates["USDKRW"].tolist() == [1327.5, 1331, 1332, 1330, 1335]
    assert found.opened.tolist() == [True, True, False, False, True]
    said = "\n".join(found.mended)
    assert "069500: kodex 200 시세.csv, 3 closes from 2024-02-07 to 2024-02-13" in said
    assert "VOO: VOO.csv, 5 closes" in said
    assert "USDKRW: h10.csv, 5 closes" in said
    assert "069500 2; first 2024-02-09" in said
    assert "passed by, since it is not a table of prices: readme.txt" in said


def test_several_files_may_be_named_and_one_given_to_an_instrument(files):
    (files / "kodex 200 시세.csv").rename(files / "data_1234.csv")
    names = [f"069500={files / 'data_1234.csv'}", files / "VOO.csv", files / "h10.csv"]
    assert history(names).prices[:, 0].tolist() == [34_050, 34_100, 34_100, 34_100, 34_500]
    with pytest.raises(DataError, match="069500") as caught:
        history([files / "data_1234.csv", files / "VOO.csv"])
    assert caught.value.code == "price-missing"


def test_a_named_file_that_is_none_is_refused_and_one_of_a_folder_is_passed_by(files):
    with pytest.raises(InputError):
        history([files / "readme.txt", files / "VOO.csv"])
    (files / "empty").mkdir()
    with pytest.raises(InputError, match="no file of prices"):
        sources_of([files / "empty"])


def test_rows_of_all_stocks_by_code_in_korean_are_read(tmp_path):
    """As the exchange's own table has them: codes with and without A, thousands, another fund."""
    text = "날짜\t종목코드\t종목명\t종가\n" + "".join(
        f"2024.02.{day:02d}\t{code}\tx\t{price}\n"
        for day in (7, 8)
        for code, price in (("A069500", f"34,{day:03d}"), ("152380", "110,000"), ("305080", "9,000"))
    )
    (tmp_path / "all.csv").write_bytes(text.encode("cp949"))
    found = bootstrap.history_of(tmp_path / "all.csv", ("069500", "152380"))
    assert found.prices.tolist() == [[34_007, 110_000], [34_008, 110_000]]


def test_a_year_a_file_is_joined_and_what_disagrees_is_left_out(tmp_path):
    (tmp_path / "2023.csv").write_text("date,VOO\n2023-12-28,438\n2023-12-29,437\n2024-01-02,434\n")
    (tmp_path / "2024.csv").write_text(
        "date,VOO\n2024-01-02,434\n2024-01-03,430\n2024-01-04,429\n2024-01-05,430\n"
    )
    (tmp_path / "other.csv").write_text("date,VOO\n2024-01-03,440\n2024-01-08,450\n")
    found = gathered(sources_of([tmp_path]), ("VOO",))
    assert found.prices[:, 0].tolist() == [438, 437, 434, 430, 429, 430]
    said = "\n".join(found.mended)
    assert "VOO: 2024.csv, 2023.csv, 6 closes" in said
    assert "VOO: other.csv has 440 on 2024-01-03, not 430, and is left out" in said


def test_of_adjusted_and_plain_closes_the_adjusted_are_taken(tmp_path):
    """By construction: the same last close, and before a distribution of 3 % lower ones."""
    days = [date(2024, 1, d) for d in range(2, 13)]
    plain = "".join(f"{d},100\n" for d in days)
    adjusted = "".join(f"{d},{97 if d.day < 9 else 100}\n" for d in days)
    (tmp_path / "a.csv").write_text(f"date,VOO\n{plain}")
    (tmp_path / "b.csv").write_text(f"date,VOO\n{adjusted}")
    found = gathered(sources_of([tmp_path]), ("VOO",))
    assert found.prices[0, 0] == 97
    assert any("a.csv has 100 on 2024-01-02" in note for note in found.mended)


def test_a_database_gives_what_was_fetched_with_splits_taken_out(tmp_path):
    """By hand: four for one on the 4th, 400 before and 101 after; the closes before become a quarter."""
    path = tmp_path / "steelyard.db"
    connection = database.connect(path)
    kept = StoredPrices(connection, path)
    wanted = Wanted("VOO", "USD", "XNYS")
    closes = [
        Close(date(2024, 1, 2), Decimal(396), "USD"),
        Close(date(2024, 1, 3), Decimal(400), "USD"),
        Close(date(2024, 1, 4), Decimal(101), "USD", Decimal(4)),
    ]
    number = kept.keep_answer(wanted, "yahoo", datetime(2024, 1, 5, tzinfo=UTC), "", None)
    kept.keep_judgement(number, wanted, "yahoo", closes, ())
    connection.close()
    found = bootstrap.history_of([path], ("VOO",))
    assert found.prices[:, 0].tolist() == [99, 100, 101]
    assert sqlite3.connect(path).execute("SELECT count(*) FROM closes").fetchone() == (3,)


def test_a_split_that_a_source_has_taken_out_already_is_left():
    """By hand: 99 and 100 before, 101 with a split of 4 on its day: nothing is left to take out."""
    restated = [
        Close(date(2024, 1, 3), Decimal(100)),
        Close(date(2024, 1, 4), Decimal(101), None, Decimal(4)),
    ]
    assert unsplit(restated) == [(date(2024, 1, 3), Decimal(100)), (date(2024, 1, 4), Decimal(101))]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("069500", "069500"),
        ("A069500", "069500"),
        ("69500", "069500"),
        ("069500.KS", "069500"),
        ("KRX:069500", "069500"),
        ("Kodex200", "069500"),
        ("KODEX 200 종가", "069500"),
        ("voo", "VOO"),
        ("VOO US", "VOO"),
        ("VOO_close", "VOO"),
        ("VOO Adj Close", "VOO"),
        ("USD/KRW", "USDKRW"),
        ("USDKRW=X", "USDKRW"),
        ("원/달러", "USDKRW"),
        ("VOOG", None),
        ("Volume", None),
        ("거래량", None),
    ],
)
def test_an_instrument_goes_by_many_names(text, meant):
    assert find(text, Names(("069500", "VOO", "USDKRW"), NAMED).keys()) == meant


def test_the_name_of_a_file_tells_when_it_tells_one(tmp_path):
    keys = Names(("069500", "VOO"), NAMED).keys()
    assert find_in_name(tmp_path / "069500_20240213.csv", keys) == "069500"
    assert find_in_name(tmp_path / "VOO-069500.csv", keys) is None
    assert find_in_name(tmp_path / "data_1234.csv", keys) is None


def test_seoul_shut_for_a_week_is_no_gap(tmp_path):
    """Source: the calendar of the exchange, shut from 30 September to 9 October 2017: six sessions abroad.

    A close that is missing while the exchange was open still is.
    """
    new_york = [date(2017, 9, d) for d in (27, 28, 29)] + [
        date(2017, 10, d) for d in (2, 3, 4, 5, 6, 9, 10, 11)
    ]
    seoul = {d for d in new_york if d.month == 9 or d.day >= 10}
    lines = [f"{d},{100 + n},{30_000 if d in seoul else ''}" for n, d in enumerate(new_york)]
    (tmp_path / "both.csv").write_text("date,VOO,069500\n" + "\n".join(lines) + "\n")
    found = bootstrap.history_of(tmp_path / "both.csv", ("VOO", "069500"))
    assert found.opened.tolist() == [d in seoul for d in new_york]
    study = steelyard.backtest(tmp_path / "both.csv", {"VOO": "50%", "069500": "50%"}, "calendar monthly")
    # The first session of October on which both trade is the 10th.
    assert [str(d) for d, traded in zip(study.dates, study.results[0].rebalanced, strict=True) if traded] == [
        "2017-10-10"
    ]
    assert any(
        "1 looks fall on a session on which a market is shut, the first on 2017-10-02" in n
        for n in study.notes
    )
    lines = [f"{d},{100 + n},{30_000 if d in seoul and d.day != 28 else ''}" for n, d in enumerate(new_york)]
    (tmp_path / "gap.csv").write_text("date,VOO,069500\n" + "\n".join(lines) + "\n")
    gap = bootstrap.history_of(tmp_path / "gap.csv", ("VOO", "069500"))
    assert any("069500: 1 missing closes filled" in note for note in gap.mended)


def test_a_moment_belongs_to_the_day_of_each_exchange(tmp_path):
    """By hand: 21:00 UTC on the 7th is the 7th in New York and the 8th in Seoul."""
    lines = ["date,VOO,069500", "2024-02-05T21:00:00Z,448,", "2024-02-06T06:30:00Z,,34000"]
    lines += ["2024-02-06T21:00:00Z,450,", "2024-02-07T06:30:00Z,,34050", "2024-02-07T21:00:00Z,451,"]
    (tmp_path / "stamps.csv").write_text("\n".join(lines) + "\n")
    found = bootstrap.history_of(tmp_path / "stamps.csv", ("VOO", "069500"))
    assert list(found.dates) == [date(2024, 2, 6), date(2024, 2, 7)]
    assert found.prices.tolist() == [[450, 34_000], [451, 34_050]]


def test_month_ends_of_two_markets_are_one_row_a_month(tmp_path):
    """By hand: Seoul's last session of 2023 was the 28th of December, New York's the 29th."""
    seoul = "date,069500\n" + "".join(f"{d},{p}\n" for d, p in zip(KOREAN_ENDS, range(300, 304), strict=True))
    york = "date,VOO\n" + "".join(f"{d},{p}\n" for d, p in zip(YORK_ENDS, range(400, 404), strict=True))
    (tmp_path / "a.csv").write_text(seoul)
    (tmp_path / "b.csv").write_text(york)
    found = gathered([Source(tmp_path / "a.csv"), Source(tmp_path / "b.csv")], ("069500", "VOO"))
    assert [str(d) for d in found.dates] == ["2023-10-31", "2023-11-30", "2023-12-29", "2024-01-31"]
    assert found.prices.tolist() == [[300, 400], [301, 401], [302, 402], [303, 403]]
    assert found.opened is None


KOREAN_ENDS = ("2023-10-31", "2023-11-30", "2023-12-28", "2024-01-31")
YORK_ENDS = ("2023-10-31", "2023-11-30", "2023-12-29", "2024-01-31")


def test_parquet_and_csv_are_mixed(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    days = [date(2024, 2, 7), date(2024, 2, 8), date(2024, 2, 13)]
    table = pyarrow.table({"종목코드": ["069500"] * 3, "일자": days, "종가": [34_050.0, 34_100.0, 34_500.0]})
    parquet.write_table(table, tmp_path / "korea.parquet")
    (tmp_path / "us.csv").write_text("date,VOO\n2024-02-07,450\n2024-02-08,451\n2024-02-13,446\n")
    found = gathered(sources_of([tmp_path]), ("069500", "VOO"))
    assert found.prices.tolist() == [[34_050, 450], [34_100, 451], [34_500, 446]]


def test_a_split_in_plain_closes_is_proposed_and_pence_are_found(tmp_path):
    """By hand: 100 to 25.5 is four for one less a day's move; 4.02 to 401 is a hundredfold."""
    rows = [
        ("2024-02-05", 100, 4),
        ("2024-02-06", 101, 4.02),
        ("2024-02-07", 25.5, 401),
        ("2024-02-08", 25.6, 402),
    ]
    (tmp_path / "p.csv").write_text("date,VOO,VOD\n" + "".join(f"{d},{a},{b}\n" for d, a, b in rows))
    said = "\n".join(bootstrap.history_of(tmp_path / "p.csv", ("VOO", "VOD")).mended)
    assert (
        "VOO goes from 101 to 25.5 on 2024-02-07, as at a split of 4 for 1: if it is one, divide the closes"
        in said
    )
    assert "VOD goes from 4.02 to 401 on 2024-02-07, as from pounds to pence or back" in said


def test_shared_files_of_three_kinds_are_brought_together(shared):
    """Counted with the csv module: sessions on which both, and only one, of the markets has a close."""
    import csv

    days = {}
    for file, name in (("kr_etf_daily.csv", "069500"), ("etf_daily.csv", "VOO")):
        with (shared / "data" / file).open() as rows:
            days[name] = {date.fromisoformat(r["date"]) for r in csv.DictReader(rows) if r[name]}
    found = history([shared / "data"], start=date(2010, 9, 9), end=date(2026, 3, 20))
    low, high = date(2010, 9, 9), date(2026, 3, 20)
    both = sorted(d for d in days["069500"] & days["VOO"] if low <= d <= high)
    either = sorted(d for d in days["069500"] | days["VOO"] if both[0] <= d <= high)
    assert list(found.dates) == either
    assert [d for d, o in zip(found.dates, found.opened, strict=True) if o] == both
    assert np.isfinite(found.prices).all()
    assert any(note.startswith("VOO: etf_daily.csv") for note in found.mended)
