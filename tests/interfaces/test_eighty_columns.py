"""At 80 columns no table is wider than the terminal, in either language, whatever the command.

A table is two lines or more that leave two spaces between columns; a sentence may be longer, the terminal
breaks it. Hangul takes two cells a letter.
"""

import os
import re

import pytest

from builders import account, portfolio, position
from processes import run_command
from steelyard.interfaces.language import cells_of

ENV = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES", "STEELYARD_LANG")}
SELLABLE = (
    portfolio(
        {"VOO": "45%", "360750": "15%", "069500": "20%", "148070": "20%"},
        account(position("VOO", 90, "612.40 USD"), position("069500", 300, "52300"), name="해외주식 위탁계좌",
                kind="taxable", cash={"KRW": "1070657", "USD": "1520.35"}),
        account(position("360750", 640, "24150"), position("069500", 300, "52300"), name="isa", kind="isa"),
        account(position("148070", 265, "113200"), name="연금저축", kind="pension", cash={"KRW": "656158"}),
        fx={"USDKRW": "1392.10"},
    )
    + '\n[tax]\njurisdiction = "KR"\n'
)  # fmt: skip
COMMANDS = """
check
plan
plan --ways
invest 1000000
invest 3000000 --account isa
withdraw 500000
holdings
history
values
tax
tax --rules
harvest
orders
prices show
prices check
find vanguard
find 타이거
models
notify list
audit verify
audit show latest
targets set VOO=44% 069500=21%
demo
compare --demo --paths 20
compare --demo --paths 20 --details --rolling 5
compare --demo --paths 20 --sweep
"""
LINES = COMMANDS.strip().splitlines()
QUICK = ("check", "holdings", "plan")
SENTENCE = re.compile(r"\S  +\S")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A household with a journal, a sale, a recorded day, a price and a saved plan."""
    made = tmp_path_factory.mktemp("household")
    (made / "portfolio.toml").write_text("priced_on = 2026-11-30\n" + SELLABLE, encoding="utf-8")
    for words in (
        [
            *("record", "sell", "VOO", "30", "@600USD", "2026-05-04", "fx_rate=1380"),
            *("account=해외주식 위탁계좌", "--open"),
        ],
        ["prices", "set", "VOO", "612.40"],
        ["run"],
        ["plan", "--save"],
    ):  # fmt: skip
        done = run_command(made, *words, env=ENV)
        assert done.returncode in (0, 3), done.stderr
    return made


def tables(text):
    """The lines that stand in columns."""
    lines = text.splitlines()
    inside = [bool(SENTENCE.search(line.strip())) for line in lines]
    return [
        line
        for n, line in enumerate(lines)
        if inside[n] and any(inside[k] for k in (n - 1, n + 1) if 0 <= k < len(lines))
    ]


@pytest.mark.parametrize("code", ["en", "ko"])
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=() if line in QUICK else pytest.mark.long("every command twice"))
        for line in LINES
    ],
)
def test_no_table_is_wider_than_eighty_columns(folder, line, code):
    done = run_command(folder, *line.split(), "--lang", code, env={**ENV, "COLUMNS": "80", "NO_COLOR": "1"})
    assert done.returncode in (0, 3), done.stderr
    wide = [row for row in tables(done.stdout) if cells_of(row.rstrip()) > 80]
    assert wide == []
    assert "…%" not in done.stdout
    # A figure that is cut would lose its end to an ellipsis: names alone may.
    assert not re.search(r"[\d,.]{2,}…", re.sub(r"\S*S&P \d*…|\d+[-+]? \S*…", "", done.stdout))


@pytest.mark.parametrize("code", ["en", "ko"])
def test_a_wide_terminal_uses_its_room(folder, code):
    """A name is cut at 80 columns and whole at 160; dollars stand beside won in both."""
    shown = {}
    for width in ("80", "160"):
        env = {**ENV, "COLUMNS": width, "NO_COLOR": "1"}
        shown[width] = run_command(folder, "holdings", "--lang", code, env=env).stdout
        assert "$36,744.00" in shown[width]
    assert len(shown["80"]) < len(shown["160"])
    assert "Vanguard S&P 500 ETF" in shown["160"]
