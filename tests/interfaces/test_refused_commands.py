"""A command that is refused leaves its folder as it was, to the byte; one that goes on is no refusal."""

import shlex

import pytest

import steelyard
from builders import account, portfolio, position
from processes import run_command
from steelyard.errors import SteelyardError

HELD = portfolio(
    {"069500": "100%"},
    account(position("069500", 10, "35000"), name="main", cash={"KRW": "250000"}),
    tax={"jurisdiction": "KR"},
)
KEPT = HELD.replace('name = "main"', 'name = "main"\nkept = "journal"')
FILES = {
    "portfolio.toml": HELD,
    "kept.toml": KEPT,
    "future.csv": "date,type,symbol,shares,price\n2190-01-02,buy,069500,1,35000\n",
    "sold.csv": "date,type,symbol,shares,price\n2026-01-05,sell,069500,1,35000\n",
    "none.csv": "date,type\n",
    "strange.csv": "a,b\n1,2\n",
    "map.toml": '[columns]\ndate = "a"\ntype = "b"\n',
}
REFUSED = [
    "record buy 069500 1 @35000",
    "record sell 069500 99 @35000 --portfolio kept.toml",
    "record buy 069500 1 @35000 2190-01-02 --portfolio kept.toml",
    "record type=nothing",
    "record type=transfer_in symbol=069500 shares=1 price=1 --complete --portfolio kept.toml",
    "import future.csv --portfolio kept.toml",
    "import sold.csv --portfolio kept.toml",
    "import sold.csv",
    "import none.csv",
    "import strange.csv",
    "import strange.csv --map map.toml",
    "import missing.csv",
    "import sold.csv --preview",
    "undo",
    "undo 7",
    "init",
    "plan --contribution x",
    "prices set 069500 x",
    "values correct 2026-01-01 x",
    "execute",
    "approve",
    "cancel x",
    "restore nothing.db",
    "backup portfolio.toml",
    "history --plot history.txt",
]


def content(folder):
    """Every file of a folder with its bytes."""
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_leaves_nothing(folder, line):
    before = content(folder)
    done = run_command(folder, *shlex.split(line))
    assert done.returncode != 0, done.stdout
    assert content(folder) == before
    assert sorted(folder.iterdir()) == sorted(folder / name for name in FILES)


def test_a_journal_that_was_there_keeps_its_rows_and_takes_no_refused_one(folder):
    steelyard.record("kept.toml", "buy", "069500", "2", "@35000", "2026-01-05")
    before = [row.entry for row in steelyard.history("kept.toml").rows]
    with pytest.raises(SteelyardError):
        steelyard.record("kept.toml", "sell", "069500", "3", "@35000", "2026-01-06")
    assert [row.entry for row in steelyard.history("kept.toml").rows] == before


def test_a_journal_made_meanwhile_is_not_written_over(folder, monkeypatch):
    """Two first entries at once: the second is told to try again, and finds the first when it does."""
    from steelyard.adapters.database import connection
    from steelyard.bootstrap import journal

    def late(made, path):
        monkeypatch.setattr(journal, "put_in_place", connection.put_in_place)
        steelyard.record("kept.toml", "deposit", "1000")
        connection.put_in_place(made, path)

    monkeypatch.setattr(journal, "put_in_place", late)
    with pytest.raises(SteelyardError) as caught:
        steelyard.record("kept.toml", "deposit", "2000")
    assert caught.value.code == "database-locked"
    assert [row.entry.shares for row in steelyard.history("kept.toml").rows] == [1000]
