"""A portfolio is a value: what is done with it is the same in whatever folder, and finds nothing there.

The owner bought 10 VOO at 100 dollars in 2024 and they stand at 250. To raise 1,500 dollars, 6 are sold:
6 x 150 of long-term gain, taxed at 15 % beside 100,000 of other income, are 135. The stranger's journal says
they cost 240, which would be 6 x 10 x 15 % = 9.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import steelyard
from steelyard.adapters.database.journal import StoredJournal
from steelyard.domain.books.ledger import Entry, Row

DAY = date(2026, 11, 23)
FILE = """\
base_currency = "USD"
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
filing = "single"
other_income = "100000"
[[accounts]]
name = "main"
positions = [ { symbol = "VOO", shares = 10, price = "250" } ]
"""
LOTS = FILE.replace(
    'price = "250"', 'price = "250", lots = [ { bought = 2024-03-04, shares = 10, unit_cost = "240" } ]'
)
PRICES = {"date": ["2026-01-02", "2026-01-05", "2026-01-06"], "VOO": [100.0, 101.0, 102.0]}

FUNCTIONS = {
    "check": lambda p: steelyard.check(p, as_of=DAY),
    "plan": lambda p: steelyard.plan(p, as_of=DAY, cash=-1500),
    "invest": lambda p: steelyard.invest(p, 600, as_of=DAY),
    "withdraw": lambda p: steelyard.withdraw(p, 1500, as_of=DAY),
    "tax": lambda p: steelyard.tax(p, as_of=DAY),
    "harvest": lambda p: steelyard.harvest(p, as_of=DAY),
    "backtest": lambda p: steelyard.backtest(PRICES, p.targets, p.policy, taxed_as=p).summary(),
    "compare": lambda p: (
        steelyard.compare(steelyard.backtest(PRICES, p.targets, ["hold", p.policy]), paths=3).differences
    ),
}
"""Every function that is given a portfolio."""
BESIDE = {
    "history": lambda place: steelyard.history(place).to_dict(),
    "values": lambda place: steelyard.values(place).to_dict(),
    "stored_prices": lambda place: steelyard.stored_prices(place).to_dict(),
    "check_prices": lambda place: steelyard.check_prices(place).to_dict(),
    "orders": lambda place: steelyard.orders(place).to_dict(),
    "audit": lambda place: [e["kind"] for e in steelyard.audit(place).entries],
    "anchor_audit": lambda place: steelyard.anchor_audit(place).broken,
    "verify_audit": lambda place: steelyard.verify_audit(place).broken,
    "replay": lambda place: steelyard.replay(place).differs,
    "execute": lambda place: steelyard.execute(place).to_dict(),
    "notifications": lambda place: steelyard.notifications(place).to_dict(),
    "schedule_text": lambda place: steelyard.schedule_text(place, "cron"),
    "trade_report": lambda place: steelyard.trade_report(place, "2026Q4").to_dict(),
}
"""What reads beside a file: asked by an absolute path, the current directory says nothing."""
CHANGES = {
    "record": lambda place: steelyard.record(
        place, type="deposit", shares=100, currency="USD"
    ).number,
    "set_price": lambda place: steelyard.set_price(place, "VOO", "251").price,
    "save_plan": lambda place: steelyard.save_plan(
        place, steelyard.load(place), steelyard.withdraw(steelyard.load(place), 500, as_of=DAY)
    ).trades[0].shares,
    "approve": lambda place: len(steelyard.approve(place, who="jun")),
    "sync": lambda place: steelyard.sync(place).unanswered,
    "halt": lambda place: steelyard.halt(place, "enough").failed,
    "resume": lambda place: steelyard.resume(place),
    "arm": lambda place: steelyard.arm(place, until=date.max, max_amount=1).until,
    "disarm": lambda place: steelyard.disarm(place),
    "fetch_prices": lambda place: len(steelyard.fetch_prices(place, everything=True).rows),
    "run": lambda place: steelyard.run(place).outcome,
    "undo": lambda place: len(steelyard.undo(place)),
}  # fmt: skip
"""What writes beside a file: it writes there, and leaves the current directory as it is."""


def journal(path, cost):
    stored = StoredJournal(path)
    bought = Entry(date(2024, 3, 4), "main", "buy", "VOO", Decimal(10), Decimal(cost), "USD")
    stored.add([Row(bought)], "test", datetime(2024, 3, 4, tzinfo=UTC))
    stored.close()


@pytest.fixture
def strange(tmp_path, monkeypatch):
    """A stranger's folder, with a database and files of the names that ours bear, as current directory."""
    folder = tmp_path / "stranger"
    folder.mkdir()
    journal(folder / "steelyard.db", 240)
    (folder / "portfolio.toml").write_text("not ours")
    (folder / "automation.toml").write_text("[prices]\nfolder = 7\n")

    def enter():
        monkeypatch.chdir(folder)
        return folder

    return enter


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "portfolio.toml").write_text(FILE)
    journal(folder / "steelyard.db", 100)
    monkeypatch.chdir(folder)
    return folder


def state(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_loaded_portfolio_gives_the_same_from_a_strangers_folder(name, home, strange):
    """Read by a relative name: nothing of the value remembers where that led."""
    portfolio = steelyard.load("portfolio.toml")
    before = repr(FUNCTIONS[name](portfolio))
    folder = strange()
    there = state(folder)
    assert repr(FUNCTIONS[name](portfolio)) == before
    assert state(folder) == there


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_loaded_portfolio_needs_its_files_no_more(name, home):
    portfolio = steelyard.load("portfolio.toml")
    before = repr(FUNCTIONS[name](portfolio))
    for path in home.iterdir():
        path.unlink()
    assert repr(FUNCTIONS[name](portfolio)) == before
    assert list(home.iterdir()) == []


@pytest.fixture
def kept(home):
    """The owner's folder with a saved plan; the journal says what is held."""
    said = FILE.replace('name = "main"', 'name = "main"\nkept = "journal"')
    (home / "portfolio.toml").write_text(said)
    portfolio = steelyard.load("portfolio.toml")
    steelyard.save_plan("portfolio.toml", portfolio, steelyard.withdraw(portfolio, 1500, as_of=DAY))
    return home / "portfolio.toml"


@pytest.mark.parametrize("name", BESIDE)
def test_what_reads_beside_a_file_gives_the_same_from_a_strangers_folder(name, kept, strange):
    before = repr(BESIDE[name](kept))
    folder = strange()
    there = state(folder)
    assert repr(BESIDE[name](kept)) == before
    assert state(folder) == there


@pytest.mark.parametrize("name", CHANGES)
def test_what_writes_beside_a_file_leaves_a_strangers_folder_alone(name, kept, strange):
    folder = strange()
    there, before = state(folder), state(kept.parent)
    CHANGES[name](kept)
    assert state(folder) == there
    assert state(kept.parent) != before


def test_the_tax_of_a_sale_is_that_of_its_own_journal(home, strange):
    portfolio = steelyard.load("portfolio.toml")
    strange()
    assert steelyard.withdraw(portfolio, 1500, as_of=DAY).taxes == 135


def test_a_portfolio_in_memory_picks_up_no_database(read, strange):
    """Without lots nothing says what was paid; with lots at 240 it is 6 x 10 x 15 %."""
    strange()
    assert steelyard.withdraw(read(FILE), 1500, as_of=DAY).taxes is None
    assert steelyard.withdraw(read(LOTS), 1500, as_of=DAY).taxes == 9


def test_another_journal_is_named_when_a_portfolio_is_loaded(home):
    journal(home / "other.db", 240)
    other = steelyard.load("portfolio.toml", journal="other.db")
    assert steelyard.withdraw(other, 1500, as_of=DAY).taxes == 9


def test_rates_that_cannot_be_read_stop_only_what_needs_them(home):
    """Won from dollars: automation.toml says where rates are, and is broken."""
    (home / "portfolio.toml").write_text(
        FILE.replace('"US"', '"KR"').replace('filing = "single"\nother_income = "100000"\n', "")
    )
    (home / "automation.toml").write_text("[prices]\nfolder = 7\n")
    portfolio = steelyard.load("portfolio.toml")
    assert not steelyard.check(portfolio, as_of=DAY).decision.due
    assert "automation.toml" in steelyard.withdraw(portfolio, 1500, as_of=DAY).tax_note
    with pytest.raises(steelyard.errors.InputError, match=r"automation\.toml"):
        steelyard.tax(portfolio, as_of=DAY)


def test_equal_portfolios_have_one_hash_whatever_the_order_of_their_tables(home, read):
    portfolio, again = steelyard.load("portfolio.toml"), steelyard.load("portfolio.toml")
    assert portfolio == again
    assert len({portfolio, again}) == 1
    two = FILE.replace('VOO = "100%"', 'VOO = "60%"\nGLD = "40%"\n[prices]\nGLD = "200"')
    turned = FILE.replace('VOO = "100%"', 'GLD = "40%"\nVOO = "60%"\n[prices]\nGLD = "200"')
    assert read(two) == read(turned)
    assert hash(read(two)) == hash(read(turned))
    assert read(two) != read(FILE)
