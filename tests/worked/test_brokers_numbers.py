"""One booking told twice, otherwise, or taken back: by the broker's number, across files and inside one."""

import json

import pytest

from whole_commands import run

FILE = """
base_currency = "KRW"
priced_on = 2026-11-23
[targets]
069500 = "100%"
[prices]
069500 = "36000"
[[accounts]]
name = "main"
kept = "journal"
""".replace("\n069500", '\n"069500"')
MAP = """
[columns]
date = "거래일"
type = "구분"
symbol = "종목"
shares = "수량"
price = "단가"
fees = "수수료"
reference = "번호"
original = "원번호"
[types]
"매수" = "buy"
"입금" = "deposit"
"취소" = "cancel"
[constants]
currency = "KRW"
"""
HEAD = "거래일,구분,종목,수량,단가,수수료,번호,원번호\n"
PAID = "2026-03-02,입금,,10000000,,,1,\n"
BOUGHT = "2026-03-03,매수,069500,50,35000,100,2,\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    (tmp_path / "broker.toml").write_text(MAP)
    return tmp_path


def take(folder, *rows, flags=()):
    (folder / "t.csv").write_text(HEAD + "".join(rows))
    return run("import", "t.csv", "--map", "broker.toml", *flags)


def held():
    found = json.loads(run("holdings", "--json", "--as-of", "2026-11-23").stdout)
    return [h["shares"] for h in found["holdings"]], [c["amount"] for c in found["cash"]]


def test_a_cancellation_in_a_later_file_takes_back_what_an_earlier_one_entered(folder):
    """10,000,000 less 50 x 35,000 + 100 = 8,249,900; cancelled 10,000,000; bought again at 35,100."""
    assert take(folder, PAID, BOUGHT).exit_code == 0
    assert held() == (["50"], ["8249900"])
    again = BOUGHT.replace("35000", "35100").replace(",2,", ",4,")
    done = take(folder, "2026-03-03,취소,069500,50,35000,100,3,2\n", again)
    assert (done.exit_code, "1 entry taken back" in done.stderr) == (0, True)
    assert held() == (["50"], [str(10000000 - 50 * 35100 - 100)])
    # Both files again, in either order, change nothing: what was taken back stays so.
    for rows in ((PAID, BOUGHT), ("2026-03-03,취소,069500,50,35000,100,3,2\n", again)):
        assert "0 entries added" in take(folder, *rows).stderr
        assert held() == (["50"], [str(10000000 - 50 * 35100 - 100)])


def test_inside_one_file_a_purchase_its_cancellation_and_the_purchase_again_are_one(folder):
    again = BOUGHT.replace(",2,", ",4,")
    done = take(folder, PAID, BOUGHT, "2026-03-03,취소,069500,50,35000,100,3,2\n", again)
    assert done.exit_code == 0, done.stderr
    assert held() == (["50"], ["8249900"])


def test_a_cancellation_of_what_nobody_has_is_refused(folder):
    done = take(folder, PAID, "2026-03-03,취소,069500,50,35000,100,3,77\n")
    assert done.exit_code == 2
    assert (
        "it takes back map:main:77, which is neither in the file nor in the journal (t.csv:3)" in done.stderr
    )
    assert held() == ([], [])
    assert (
        take(folder, PAID, "2026-03-03,취소,069500,50,35000,100,3,77\n", flags=("--leave", "3")).exit_code
        == 0
    )
    assert held() == ([], ["10000000"])


def test_a_known_number_with_other_figures_is_asked_about_and_then_stands_in_its_place(folder):
    """The fee of 100 was 120."""
    assert take(folder, PAID, BOUGHT).exit_code == 0
    corrected = BOUGHT.replace(",100,", ",120,")
    refused = take(folder, PAID, corrected)
    assert refused.exit_code == 2
    assert "error[entry-corrected]" in refused.stderr
    assert "is entry 2 already, which says fees 100; the file says fees 120 (t.csv:3)" in refused.stderr
    seen = take(folder, corrected, flags=("--corrected", "--preview"))
    assert "8249900 -> 8249880" in seen.stdout
    done = take(folder, PAID, corrected, flags=("--corrected",))
    assert "1 entry corrected" in done.stderr
    assert held() == (["50"], ["8249880"])
    assert "0 entries added" in take(folder, PAID, corrected).stderr
    assert "entry-corrected" in take(folder, PAID, BOUGHT.replace(",100,", ",130,")).stderr


def test_fills_of_one_number_are_several_also_when_a_file_has_only_the_later_ones(folder):
    """10, 20 and 30 shares under one number; the second file begins with the second fill."""
    fills = [BOUGHT.replace(",50,", f",{n},") for n in (10, 20, 30)]
    assert take(folder, PAID, *fills[:2]).exit_code == 0
    assert take(folder, *fills[1:]).exit_code == 2  # 30 may be a correction of the 10, or another fill
    assert take(folder, *fills).exit_code == 0
    assert held()[0] == ["60"]
    assert "0 entries added, 2 were there already" in take(folder, *fills[1:]).stderr


def test_what_was_typed_before_it_was_imported_counts_once(folder):
    run("record", "deposit", "10000000", "date=2026-03-02", "currency=KRW")
    run("record", "buy", "069500", "50", "@35000", "date=2026-03-03", "fees=100")
    done = take(folder, PAID, BOUGHT)
    assert "0 entries added, 2 were there already" in done.stderr
    assert "2 of these were recorded by hand" in done.stderr
    assert held() == (["50"], ["8249900"])


def test_what_was_typed_without_its_fee_is_asked_about(folder):
    """3 shares twice would be the worse mistake."""
    run("record", "deposit", "10000000", "date=2026-03-02", "currency=KRW")
    run("record", "buy", "069500", "50", "@35000", "date=2026-03-03")
    refused = take(folder, PAID, BOUGHT)
    assert refused.exit_code == 2
    assert "looks like entry 2, which was recorded by hand and says fees 0; the file says fees 100" in (
        refused.stderr
    )
    assert "steelyard undo 2" in refused.stderr
    run("undo", "2")
    assert take(folder, PAID, BOUGHT).exit_code == 0
    assert held() == (["50"], ["8249900"])


def test_two_equal_trades_of_which_one_was_typed_are_two(folder):
    run("record", "deposit", "10000000", "date=2026-03-02", "currency=KRW")
    run("record", "buy", "069500", "50", "@35000", "date=2026-03-03", "fees=100")
    assert take(folder, PAID, BOUGHT, BOUGHT.replace(",2,", ",3,")).exit_code == 0
    assert held() == (["100"], [str(10000000 - 2 * 1750100)])


def test_a_preview_names_what_the_journal_has_and_the_file_has_not(folder):
    later = BOUGHT.replace("2026-03-03", "2026-03-05").replace(",2,", ",5,")
    assert take(folder, PAID, BOUGHT, later).exit_code == 0
    seen = take(folder, PAID, later, flags=("--preview",))
    assert "in the journal and not in the file: 2 2026-03-03 main buy 069500 50 at 35000 KRW" in seen.stdout
    assert "not in the file" not in take(folder, PAID, BOUGHT, later, flags=("--preview",)).stdout


def test_a_file_whose_rows_are_all_in_another_account_is_not_entered_twice(folder):
    text = FILE + '[[accounts]]\nname = "isa"\nkept = "journal"\n'
    (folder / "portfolio.toml").write_text(text)
    assert take(folder, PAID, BOUGHT, flags=("--account", "isa")).exit_code == 0
    refused = take(folder, PAID, BOUGHT)
    assert refused.exit_code == 2
    assert "error[import-elsewhere]: all 2 new rows are in account 'isa' already" in refused.stderr
    assert held() == (["50"], ["8249900"])
    assert take(folder, PAID, BOUGHT, flags=("--again",)).exit_code == 0
    assert held() == (["50", "50"], ["8249900", "8249900"])


def test_what_the_catalogue_lacks_is_said_when_it_is_recorded(folder):
    take(folder, PAID, BOUGHT)
    done = run("record", "spin_off", "069500", "other=NEW", "shares=3", "part=10%", "date=2026-04-01")
    assert done.exit_code == 0
    assert "warning[unknown-symbol]: the journal has NEW, which is not in the catalogue" in done.stderr
