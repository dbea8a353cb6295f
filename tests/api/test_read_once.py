"""A command reads the portfolio file once: it goes by one version of it, whoever saves it meanwhile."""

import tomllib

import pytest

import steelyard
from builders import account, portfolio, position
from steelyard.adapters.files import toml_text

FILE = portfolio(
    {"VOO": "60%", "TLT": "40%"},
    account(position("VOO", 10, "600 USD"), position("TLT", 30, "90 USD"), cash={"USD": "500"}),
    base_currency="USD",
)
COMMANDS = {
    "an idle run": lambda file: steelyard.run(file, if_due=True),
    "record": lambda file: steelyard.record(file, "deposit", "100", "USD"),
    "the first record": lambda file: steelyard.record(file, "deposit", "100", "USD", opening=True),
    "import": lambda file: steelyard.import_(file, file.with_name("new.csv"), opening=True),
    "load": steelyard.load,
    "values": steelyard.values,
    "doctor": steelyard.doctor,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_portfolio_file_is_opened_once_and_parsed_once(command, tmp_path, monkeypatch):
    file = tmp_path / "portfolio.toml"
    file.write_text(FILE)
    file.with_name("new.csv").write_text(
        "date,account,type,shares,currency\n2026-01-05,main,deposit,100,USD\n"
    )
    steelyard.run(file, if_due=True)
    if command == "record":
        steelyard.record(file, "deposit", "50", "USD", opening=True)
    read, parsed = [], []
    take, parse = toml_text.read_file, tomllib.loads
    monkeypatch.setattr(
        toml_text, "read_file", lambda path, most: (read.append(path.name), take(path, most))[1]
    )
    monkeypatch.setattr(tomllib, "loads", lambda text, **how: (parsed.append(text), parse(text, **how))[1])
    toml_text.tree_to_read.cache_clear()
    COMMANDS[command](file)
    assert read.count("portfolio.toml") == 1
    assert parsed.count(FILE) == 1
