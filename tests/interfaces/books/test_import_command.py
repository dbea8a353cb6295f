"""The options of `import`, each by what it changes. Numbers are those of the files written here."""

import pytest

import steelyard
from processes import run_command

FILE = """\
base_currency = "KRW"
[targets]
069500 = "100%"
[prices]
069500 = "35000"
[[accounts]]
name = "main"
kept = "journal"
[[accounts]]
name = "isa"
kind = "isa"
kept = "journal"
""".replace("069500 =", '"069500" =')
SCHWAB = """\
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"10/01/2026","Buy","VTI","VANGUARD TOTAL STOCK MKT ETF","40","$320.10","","-$12,804.00"
"09/02/2026","MoneyLink Transfer","","Tfr BANK","","","","$20,000.00"
"""
COLUMNS = (
    "Run Date,Account,Account Number,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),"
    "Fees ($),Accrued Interest ($),Amount ($),Settlement Date"
)
RECEIVED = "Electronic Funds Transfer Received (Cash)"
FIDELITY = f"""\
{COLUMNS}
09/02/2026,"Individual",X11111111,"{RECEIVED}", ,"No Description",Cash,0.000,,,,,3000.00,
09/03/2026,"ROTH IRA",222222222,"{RECEIVED}", ,"No Description",Cash,0.000,,,,,500.00,
"""
KOREAN = """\
날짜,구분,종목,수량,단가,금액
2026.11.02,입금,,,,1000000
2026.11.03,매수,타이거 나스닥백,10,20000,
2026.11.04,이상한 거래,,,,5
"""
MAP = """\
date_format = "%Y.%m.%d"
[columns]
date = "날짜"
type = "구분"
symbol = "종목"
shares = "수량"
price = "단가"
total = "금액"
[types]
"입금" = "deposit"
"매수" = "buy"
[constants]
currency = "KRW"
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in {
        "portfolio.toml": FILE, "schwab.csv": SCHWAB, "fidelity.csv": FIDELITY, "korean.csv": KOREAN,
        "map.toml": MAP,
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def held(folder):
    rows = steelyard.history(folder / "portfolio.toml").rows
    return sorted({(r.entry.account, r.entry.kind, r.entry.symbol, str(r.entry.shares)) for r in rows})


def test_a_preview_says_what_would_be_and_writes_nothing(folder):
    said = run_command(folder, "import", "schwab.csv", "--preview")
    assert said.returncode == 0, said.stderr
    assert "read as schwab; nothing is written" in said.stdout + said.stderr
    assert "2 entries to add, 0 there already" in said.stdout + said.stderr
    assert "0 -> 40 shares" in said.stdout
    assert "0 -> 7196" in said.stdout  # 20,000 - 12,804
    assert not (folder / "steelyard.db").exists()


def test_a_preview_beside_a_journal_counts_what_is_there(folder):
    run_command(folder, "import", "schwab.csv")
    before = (folder / "steelyard.db").read_bytes()
    said = run_command(folder, "import", "schwab.csv", "--preview")
    assert "0 entries to add, 2 there already" in said.stdout + said.stderr
    assert (folder / "steelyard.db").read_bytes() == before


def test_an_account_is_that_of_rows_that_name_none(folder):
    assert run_command(folder, "import", "schwab.csv", "--account", "isa").returncode == 0
    assert {account for account, *_ in held(folder)} == {"isa"}


def test_an_accounts_number_takes_a_name(folder):
    names = ("--account", "Individual=main", "--account", "ROTH IRA=isa")
    said = run_command(folder, "import", "fidelity.csv", *names)
    assert said.returncode == 0, said.stderr
    assert held(folder) == [("isa", "deposit", "", "500"), ("main", "deposit", "", "3000")]


def test_two_names_for_one_file_are_a_mistake(folder):
    said = run_command(folder, "import", "schwab.csv", "--account", "a", "--account", "b")
    assert said.returncode == 2
    assert "NUMBER=NAME" in said.stderr


def test_a_name_takes_a_symbol_and_a_line_is_left_out(tmp_path):
    (tmp_path / "portfolio.toml").write_text(FILE, encoding="utf-8")
    rows = SCHWAB.replace('"VTI","VANGUARD TOTAL STOCK MKT ETF"', '"","SOME FUND OF MINE"')
    rows += '"09/01/2026","Something New","","","","","","$5.00"\n'
    (tmp_path / "s.csv").write_text(rows, encoding="utf-8")
    refused = run_command(tmp_path, "import", "s.csv")
    assert refused.returncode == 2
    assert "--symbol 'SOME FUND OF MINE=" in refused.stderr
    assert "--leave 4" in refused.stderr
    assert not (tmp_path / "steelyard.db").exists() or held(tmp_path) == []
    said = run_command(tmp_path, "import", "s.csv", "--symbol", "SOME FUND OF MINE=VTI", "--leave", "4")
    assert said.returncode == 0, said.stderr
    assert ("main", "buy", "VTI", "40") in held(tmp_path)
    assert "left out: line 4" in said.stderr


def test_a_wrong_format_is_refused_and_an_unknown_one_named(folder):
    assert (
        "the file is not one of fidelity"
        in run_command(folder, "import", "schwab.csv", "--format", "fidelity").stderr
    )
    said = run_command(folder, "import", "schwab.csv", "--format", "broker")
    assert said.returncode == 2
    assert "schwab" in said.stderr


def test_a_map_and_a_format_exclude_each_other(folder):
    said = run_command(folder, "import", "korean.csv", "--format", "schwab", "--map", "map.toml")
    assert said.returncode == 2


def test_a_map_reads_a_file_and_says_which_word_it_lacks(folder):
    said = run_command(folder, "import", "korean.csv", "--map", "map.toml")
    assert said.returncode == 2
    assert "korean.csv:4" in said.stderr
    assert '"이상한 거래" = ' in said.stderr
    (folder / "map.toml").write_text(
        MAP.replace("[constants]", '"이상한 거래" = ""\n[constants]'), encoding="utf-8"
    )
    (folder / "korean.csv").write_text(KOREAN.replace("타이거 나스닥백", "133690"), encoding="utf-8")
    assert run_command(folder, "import", "korean.csv", "--map", "map.toml").returncode == 0
    assert ("main", "buy", "133690", "10") in held(folder)


def test_the_same_entry_again_is_asked_about_and_again_is_another(folder):
    words = ("record", "date=2026-11-02", "type=deposit", "shares=1000", "currency=KRW")
    assert run_command(folder, *words).returncode == 0
    twice = run_command(folder, *words)
    assert twice.returncode == 2
    assert "--again" in twice.stderr
    assert run_command(folder, *words, "--again").returncode == 0
    assert len(steelyard.history(folder / "portfolio.toml").rows) == 2


TWO = """\
base_currency = "USD"
[targets]
VTI = "100%"
[[accounts]]
name = "mine"
[[accounts]]
name = "Roth IRA"
kind = "roth"
"""


@pytest.fixture
def beside(tmp_path):
    """A folder whose file has no account `main`, and files of two brokers."""
    (tmp_path / "portfolio.toml").write_text(TWO)
    (tmp_path / "schwab.csv").write_text(SCHWAB)
    (tmp_path / "fidelity.csv").write_text(FIDELITY)
    return tmp_path


def test_rows_without_an_account_are_asked_for_one(beside):
    """They went into `main`, which the file lacks, and every later command refused the journal."""
    refused = run_command(beside, "import", "schwab.csv")
    assert refused.returncode == 2
    assert "error[entry-account]" in refused.stderr
    assert "--account 'Roth IRA'" in refused.stderr
    assert not (beside / "steelyard.db").exists()


def test_rows_without_an_account_are_of_the_only_one(beside):
    one = TWO.partition('[[accounts]]\nname = "Roth')[0]
    (beside / "portfolio.toml").write_text(one)
    assert run_command(beside, "import", "schwab.csv").returncode == 0
    assert {r.entry.account for r in steelyard.history(beside / "portfolio.toml").rows} == {"mine"}
    again = run_command(beside, "import", "schwab.csv")
    assert "0 entries added, 2 were there already" in again.stderr


def test_a_number_of_an_account_that_no_row_has_is_said(beside):
    """The file goes by names here, not by the numbers beside them."""
    seen = run_command(beside, "import", "fidelity.csv", "--account", "99=mine", "--preview")
    assert "no row is of the account 99: the file names Individual, ROTH IRA" in seen.stderr + seen.stdout


def test_a_price_with_a_decimal_comma_is_proposed_with_a_point(beside):
    (beside / "portfolio.toml").write_text(TWO + '[prices]\nVTI = "320,5"\n')
    assert 'write VTI = "320.5"' in run_command(beside, "check").stderr
