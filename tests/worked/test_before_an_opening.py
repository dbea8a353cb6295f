"""What happened before a journal was opened with what an account held is in that already: never twice.

By hand: 150 shares are held on the day of the opening, bought the year before; the broker's whole history has
that purchase too, and one of three shares after the opening. 153 are held, whichever way it comes in.
"""

import re
from datetime import date

import pytest

import steelyard
from processes import run_command
from steelyard.errors import PortfolioProblems

FILE = """\
base_currency = "KRW"
[targets]
"069500" = "100%"
[[accounts]]
name = "ISA"
kind = "isa"
cash = { KRW = "1300000" }
[[accounts.positions]]
symbol = "069500"
shares = "150"
price = "41235"
"""
HISTORY = """\
date,type,symbol,shares,price,currency
2025-02-03,deposit,,7000000,,KRW
2025-02-04,buy,069500,150,38000,KRW
2026-06-01,split,069500,1,,
2026-11-30,buy,069500,3,41200,KRW
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(FILE)
    (tmp_path / "all.csv").write_text(HISTORY)
    (tmp_path / "new.csv").write_text(HISTORY.splitlines()[0] + "\n" + HISTORY.splitlines()[-1] + "\n")
    return tmp_path


def held(folder):
    return [p.shares for p in steelyard.load(folder / "portfolio.toml").accounts[0].positions]


def refused(call):
    with pytest.raises(PortfolioProblems) as caught:
        call()
    return [(p.code, p.line) for p in caught.value.problems], caught.value.problems[0]


def test_a_whole_history_after_an_opening_is_refused_with_the_lines_to_leave_out(folder):
    file = folder / "portfolio.toml"
    steelyard.import_(file, folder / "new.csv", opening=True)
    for way in ({}, {"preview": True}):
        found, problem = refused(lambda way=way: steelyard.import_(file, folder / "all.csv", **way))
        assert found == [("entry-before-opening", 2)]
        assert "2 entries of account 'ISA' from 2025-02-03 to 2025-02-04" in problem.message
        assert "--leave 2-3;" in problem.hint
    assert held(folder) == [153]
    said = run_command(folder, "import", "all.csv", "--leave", "2-3")
    assert said.returncode == 0, said.stderr
    assert held(folder) == [153]


def test_the_other_way_of_the_hint_gives_the_journal_the_whole_history(folder):
    file = folder / "portfolio.toml"
    steelyard.import_(file, folder / "new.csv", opening=True)
    _, problem = refused(lambda: steelyard.import_(file, folder / "all.csv"))
    for number in re.findall(r"`steelyard undo (\d+)`", problem.hint):
        steelyard.undo(file, int(number))
    file.write_text(FILE.replace('kind = "isa"', 'kind = "isa"\nkept = "journal"'))
    steelyard.import_(file, folder / "all.csv")
    shares = [r.entry.shares for r in steelyard.history(file).rows if r.entry.kind == "buy"]
    assert sorted(shares) == [3, 150]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "buy", "symbol": "069500", "shares": "3", "price": "41200", "date": "2026-11-10"},
        {"type": "deposit", "shares": "500000", "currency": "KRW", "date": "2026-11-28"},
        {"type": "dividend", "symbol": "069500", "shares": "150", "price": "100", "date": "2026-05-02"},
    ],
)
def test_an_entry_from_before_the_opening_is_refused_and_one_of_its_day_is_not(folder, fields):
    file = folder / "portfolio.toml"
    steelyard.import_(file, folder / "new.csv", opening=True)
    found, problem = refused(lambda: steelyard.record(file, **fields))
    assert found == [("entry-before-opening", None)]
    assert "2026-11-29" in problem.hint
    before = len(steelyard.history(file).rows)
    steelyard.record(file, **{**fields, "date": "2026-11-29"})
    assert len(steelyard.history(file).rows) == before + 1


def test_another_account_has_its_own_beginning(folder):
    file = folder / "portfolio.toml"
    file.write_text(FILE + '[[accounts]]\nname = "main"\nkept = "journal"\n')
    steelyard.import_(file, folder / "new.csv", opening=True, account="ISA")
    steelyard.import_(file, folder / "all.csv", account="main")
    assert held(folder) == [153]


@pytest.mark.parametrize("bought", ["2026-10-01", "2027-10-01"])
def test_no_journal_is_opened_before_a_lot_was_bought(tmp_path, bought):
    lot = f'lots = [{{ bought = {bought}, shares = 150, unit_cost = "33000" }}]'
    file = tmp_path / "portfolio.toml"
    file.write_text(FILE.replace('shares = "150"', f'shares = "150"\n{lot}'))
    found, problem = refused(lambda: steelyard.open_journal(file, as_of=date(2026, 1, 2)))
    assert found == [("lot-after-opening", None)]
    assert bought in problem.hint
