"""Files that nobody honest writes: each ends in an error of its own, and soon.

How soon is not measured here: what took 12 to 40 s for each of these would not pass unnoticed.
"""

import os
import subprocess
import sys

import pytest

from processes import run_command
from steelyard.adapters.files.packaged import DATA, WiderList, load_catalogue
from steelyard.adapters.files.portfolio import load, parse
from steelyard.adapters.files.toml_text import DEEPEST, LARGEST, tree_of
from steelyard.domain.money import FINEST, parse_amount, parse_fraction, parse_number
from steelyard.errors import PortfolioProblems

HEAD = 'base_currency = "KRW"\n'
BODY = '[targets]\nVOO = "100%"\n[[accounts]]\nname = "main"\ncash = { KRW = "0" }\n'


def codes(text):
    with pytest.raises(PortfolioProblems) as caught:
        parse(text, "p.toml", load_catalogue())
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (".".join("a" * 100_000) + " = 1\n", "toml-syntax"),
        (" . ".join(['"a"'] * 100_000) + " = 1\n", "toml-syntax"),
        ("x = {" + ".".join("a" * 100_000) + " = 1}\n", "toml-syntax"),
        ("[" + ".".join("a" * 100_000) + "]\n", "toml-syntax"),
        ("x = " + "[" * 200_000 + "]" * 200_000 + "\n", "toml-syntax"),
        ("x = " + "{a=" * 100_000 + "1" + "}" * 100_000 + "\n", "toml-syntax"),
        ("x = " + "9" * 1_900_000 + "\n", "toml-syntax"),
    ],
    ids=["dotted", "quoted", "inline", "header", "brackets", "braces", "digits"],
)
def test_a_text_too_deep_or_too_long_is_refused(text, code):
    assert codes(HEAD + text + BODY) == [code]


def test_a_key_as_deep_as_allowed_is_only_unknown():
    assert codes(HEAD + ".".join("a" * DEEPEST) + " = 1\n" + BODY) == ["unknown-key"]


def test_dots_in_texts_and_comments_are_no_parts_of_a_key():
    """A row of dots is how people part sections."""
    tree = tree_of(f'# {"." * 200}\nname = "{"." * 200}"  # {"a." * 200}\n')
    assert tree == {"name": "." * 200}


def test_of_many_problems_the_first_are_told_and_the_others_counted():
    """50,000 unknown keys."""
    found = codes(HEAD + "\n".join(f"key{n} = {n}" for n in range(50_000)) + "\n" + BODY)
    assert found == ["unknown-key"] * 100 + ["more-problems"]


def test_the_count_is_of_those_that_are_not_told():
    with pytest.raises(PortfolioProblems) as caught:
        parse(HEAD + "\n".join(f"key{n} = {n}" for n in range(107)) + "\n" + BODY, "p.toml", load_catalogue())
    assert caught.value.problems[-1].message == "there are 7 more problems"


@pytest.mark.parametrize("bytes_", [LARGEST + 1, 50_000_000])
def test_a_file_too_large_is_refused_unread(tmp_path, bytes_):
    path = tmp_path / "p.toml"
    with path.open("wb") as file:
        file.truncate(bytes_)
    with pytest.raises(PortfolioProblems) as caught:
        load(path, load_catalogue())
    assert [p.code for p in caught.value.problems] == ["unreadable"]
    assert "2,000,000 bytes" in caught.value.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("command", ["check", "plan", "tax", "holdings", "doctor"])
@pytest.mark.parametrize("thing", ["pipe", "zero"])
def test_a_pipe_or_a_device_is_no_portfolio_file(tmp_path, command, thing):
    """Nobody writes to the pipe and the device never ends: to read either is to wait for ever."""
    path = tmp_path / "portfolio.toml"
    if thing == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    done = run_command(tmp_path, command)
    assert done.returncode == 2
    assert "a pipe or a device" in done.stdout + done.stderr


NUMBERS = [
    "1e18", "-1e18", "1e1000000", "-1e1000000", "1e-1000000", "1e99", "9" * 19, "9" * 5000,
    f"1e-{FINEST + 1}",
    "0." + "3" * 19, "1000000조",
]  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS, ids=lambda text: text[:12])
def test_one_bound_holds_for_every_number_however_it_comes(text, tmp_path):
    """In the file, on the command line, through the library: below 1e18, at most 18 decimals."""
    for read in (parse_amount, parse_number, parse_fraction):
        with pytest.raises(ValueError, match=r"below 1e18|not a number"):
            read(text)
    held = f'[[accounts.positions]]\nsymbol = "VOO"\nshares = "{text}"\nprice = "1 KRW"\n'
    found = codes(HEAD + BODY + held)
    assert found == ["out-of-range"] or found == ["not-a-number"]
    bare = held.replace(f'"{text}"', text)
    if "조" not in text:
        assert codes(HEAD + BODY + bare)[0] in ("out-of-range", "toml-syntax")
    (tmp_path / "portfolio.toml").write_text(HEAD + BODY + held.replace(text, "1"), encoding="utf-8")
    for words in (("plan", f"--cash={text}"), ("invest", "--", text), ("withdraw", "--", text)):
        done = run_command(tmp_path, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "error[amount]" in done.stderr


def test_a_number_with_an_exponent_beyond_any_is_a_clear_error():
    """Found by the attack: no Decimal has such an exponent, so making one fails."""
    assert tree_of("a = 1e9999999999999999999999") == {"a": "1e9999999999999999999999"}


def test_a_number_at_the_bound_is_read():
    assert str(parse_amount("999999999999999999").value) == "999999999999999999"
    assert str(parse_amount("0." + "3" * FINEST).value) == "0." + "3" * FINEST


def test_a_whole_number_without_end_is_refused_before_it_becomes_a_decimal():
    with pytest.raises(ValueError, match="below 1e18"):
        parse_amount(1 << 20_000_000)


def test_check_of_a_large_honest_file_stays_within_a_gigabyte(tmp_path):
    """20,000 positions, in a process that may not have more; it is told that nothing of them has a target."""
    resource = pytest.importorskip("resource")
    held = "".join(
        f'\n[[accounts.positions]]\nsymbol = "S{n}"\nshares = 1\nprice = "5 KRW"' for n in range(20_000)
    )
    (tmp_path / "portfolio.toml").write_text(HEAD + BODY + "\n[prices]\nVOO = '5'\n", encoding="utf-8")
    (tmp_path / "portfolio.toml").write_text(
        HEAD + BODY + held + "\n[prices]\nVOO = '5 KRW'\n", encoding="utf-8"
    )
    code = "from steelyard.interfaces.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]


def test_every_line_of_the_wider_list_is_found_and_nothing_beside_it():
    """The table needs the order that the tool writes: all keys are looked for, with a neighbour."""
    known = WiderList(DATA / "wider_catalogue.bin")
    for symbol, fields in known.rows():
        assert known.entry(symbol) == fields
        assert known.entry(f"{symbol}!") is None
    for name, symbol in known.names().items():
        assert known.named(name) == symbol
        assert known.named(f"{name}!") is None
    for nobody in ("", "0", "ZZZZZZ", "@", "가", "\n", "VOO\t{", "@kodex200\t069500\n@x"):
        assert known.entry(nobody) is known.named(nobody) is None
