"""The page of errors: an entry for every code, with the very text where the mistake can be made here."""

import importlib.util
import os
import re
import shlex
from pathlib import Path

import pytest

from processes import run_command

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^### `([a-z0-9-]+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
ENTRIES = dict(ENTRY.findall(PAGE))

SAMPLE = """\
base_currency = "KRW"

[targets]
"069500" = "30%"
VOO = "40%"
TLT = "20%"
GLD = "10%"

[policy]
threshold = "5%"
last_rebalance = 2026-06-01

[constraints]
fractional = false
locked = []

[fx]
USDKRW = "1392.10"

[[accounts]]
name = "main"
cash = { KRW = "0" }

[[accounts.positions]]
symbol = "069500"
shares = "80"
price = "35000 KRW"

[[accounts.positions]]
symbol = "VOO"
shares = "8"
price = "412.35 USD"
lots = [ { bought = 2024-03-04, shares = 8, unit_cost = "480.10" } ]

[[accounts.positions]]
symbol = "TLT"
shares = "20"
price = "80000 KRW"

[[accounts.positions]]
symbol = "GLD"
shares = "4"
price = "200000 KRW"
"""
TARGETS = SAMPLE[SAMPLE.index("[targets]") : SAMPLE.index("[policy]")]
ACCOUNTS = SAMPLE[SAMPLE.index("[[accounts]]") :]
EDITS = {
    "class-circle": ("[policy]", '[classes.bonds]\nmembers = ["bonds"]\n\n[policy]'),
    "counts-twice": (
        "[policy]",
        'stocks = "0%"\n\n[classes.stocks]\nmembers = ["TLT"]\n\n[policy]',
    ),
    "currency": ('base_currency = "KRW"', 'base_currency = "won"'),
    "duplicate-account": (
        '[[accounts]]\nname = "main"',
        '[[accounts]]\nname = "main"\n\n[[accounts]]\nname = "main"',
    ),
    "duplicate-position": ('symbol = "TLT"', 'symbol = "VOO"'),
    "duplicate-target": ('VOO = "40%"', 'VOO = "40%"\n"Vanguard S&P 500 ETF" = "0%"'),
    "exposure-sum": ("[policy]", '[instruments.AGG]\nexposure = { TLT = "90%" }\n\n[policy]'),
    "exposure-unknown": ("[policy]", '[instruments.AGG]\nexposure = { gold = "100%" }\n\n[policy]'),
    "fx-missing": ('USDKRW = "1392.10"', ""),
    "fx-pair": ("USDKRW", "USDJPY"),
    "key-missing": ('symbol = "GLD"\n', ""),
    "lot-sum": ("shares = 8, unit", "shares = 5, unit"),
    "negative": ('shares = "20"', 'shares = "-20"'),
    "no-accounts": (ACCOUNTS, ""),
    "no-targets": (TARGETS, "[targets]\n\n"),
    "not-a-member": (
        "[policy]",
        'stocks = "0%"\n\n[classes.stocks]\nmembers = ["AGG"]\nbuy = ["BND"]\n\n[policy]',
    ),
    "not-a-date": ("last_rebalance = 2026-06-01", 'last_rebalance = "1 June"'),
    "not-a-flag": ("fractional = false", 'fractional = "no"'),
    "not-a-list": ("locked = []", 'locked = "GLD"'),
    "not-a-number": ('price = "80000 KRW"', 'price = "eighty"'),
    "not-a-table": (TARGETS, 'targets = "VOO"\n\n'),
    "not-text": ('name = "main"', "name = 7"),
    "out-of-range": ('threshold = "5%"', 'threshold = "500%"'),
    "price-missing": ('price = "80000 KRW"', ""),
    "target-sum": ('VOO = "40%"', 'VOO = "36.5%"'),
    "toml-syntax": ('shares = "20"', "shares = 2O"),
    "two-prices": ("[fx]", '[prices]\nTLT = "81000 KRW"\n\n[fx]'),
    "unknown-band": ("[policy]", '[bands.QQQ]\nthreshold = "2%"\n\n[policy]'),
    "unknown-key": ('threshold = "5%"', 'treshold = "5%"'),
    "unknown-locked": ("locked = []", 'locked = ["QQQ"]'),
    "unknown-preference": ('name = "main"', 'name = "main"\nprefer = ["gold"]'),
    "unknown-symbol": ('VOO = "40%"', 'VOOO = "40%"'),
    "unknown-word": ("[policy]", '[policy]\nlook = "fortnightly"'),
    "value-mismatch": ('price = "80000 KRW"', 'price = "80000 KRW"\nvalue = "1700000"'),
    "zero": ('price = "80000 KRW"', 'price = "0"'),
}
COMMANDS = {
    "amount": "steelyard invest -- -5",
    "file-exists": "steelyard init .",
    "no-file": "steelyard check my.toml",
    "no-plan": "steelyard plan --cash -100000 --no-sell",
    "not-enough": "steelyard withdraw 99000000",
    "not-utf8": "steelyard check latin.toml",
    "targets-set": "steelyard targets set VOO=35",
    "two-files": "steelyard check one.toml --portfolio two.toml",
    "unknown-account": "steelyard plan --cash 100000 --account pension",
    "unknown-model": "steelyard models cautious",
    "unreadable": "steelyard check folder",
    "unwritable": "steelyard init portfolio.toml/inside",
    "usage": "steelyard plan --objective best",
}


def complaint(command, text, folder):
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")
    (folder / "latin.toml").write_bytes(b'base_currency = "KRW" # \xff')
    (folder / "folder").mkdir()
    done = run_command(folder, *shlex.split(command)[1:], env={**os.environ, "NO_COLOR": "1"})
    assert done.stdout == ""
    assert done.returncode in (2, 3, 4, 5)
    return done.stderr


def codes_of_the_source():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.error_codes()


def warnings_of_the_source():
    files = (ROOT / "src").rglob("*.py")
    return {code for file in files for code in re.findall(r'"warning\[([a-z-]+)\]', file.read_text())}


def test_every_error_code_has_one_entry_and_every_entry_a_code():
    """Found by reading the source; a code that is gone must leave the page too."""
    assert len(ENTRIES) == len(ENTRY.findall(PAGE))
    codes = codes_of_the_source() | warnings_of_the_source()
    assert sorted(codes - set(ENTRIES)) == [], "write an entry in docs/reference/errors.md"
    assert sorted(set(ENTRIES) - codes) == [], "take the entry out of docs/reference/errors.md"


@pytest.mark.parametrize("code", ENTRIES)
def test_an_entry_says_what_is_wrong_what_it_looks_like_and_what_to_do(code):
    meaning, example, remedy = re.fullmatch(
        r"\n(\S.*?)\n\n```text\n(.*?)```\n\n\*\*Do:\*\* (\S.*?)\n+", ENTRIES[code], re.DOTALL
    ).groups()
    assert meaning
    assert remedy
    kinds = ("error", "warning") if code in warnings_of_the_source() else ("error",)
    assert example.startswith(tuple(f"{kind}[{code}]: " for kind in kinds))


@pytest.mark.parametrize("code", [*EDITS, *COMMANDS])
def test_the_example_of_an_entry_is_what_the_mistake_really_prints(code, tmp_path):
    command, text = COMMANDS.get(code, "steelyard check portfolio.toml"), SAMPLE
    if code in EDITS:
        old, new = EDITS[code]
        assert SAMPLE.count(old) == 1
        text = SAMPLE.replace(old, new)
    told = [line for line in complaint(command, text, tmp_path).splitlines() if line.startswith("error[")]
    (shown,) = re.findall(r"```text\n(error\[.*?)\n```", ENTRIES[code], re.DOTALL)
    assert shown in told


def test_the_page_of_commands_is_what_the_commands_say():
    """Write it anew with `python tools/reference.py`."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.commands_page()
