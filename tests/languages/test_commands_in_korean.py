"""What a Korean reads of the commands is Korean: help, what they print, and the file that `init` writes.

An English sentence is four words of letters in a row. Names, sources of law and what a person has typed are
no sentences of ours; those that look like one are listed.
"""

import os
import re
import tomllib

import click
import pytest

from builders import with_gains
from processes import run_command
from steelyard.interfaces import language
from steelyard.interfaces.cli.main import cli

SENTENCE = re.compile(r"[A-Za-z][a-z']+(?:,? [A-Za-z]?[a-z']+){3,}")
NAMES = re.compile(
    r"steelyard [a-z .-]+|(?:(?:daily|weekly|biweekly|monthly|quarterly|semiannual|annual) ?)+"
    r"|# (?:Vanguard|iShares|Invesco|SPDR) .*|hold [|] calendar.*"
    r"|Money: Master the Game|Fail-Safe Investing|absolute|relative"
)
ASKED = ("LANG", "LC_ALL", "LC_MESSAGES", "STEELYARD_LANG")
KOREAN = {name: value for name, value in os.environ.items() if name not in ASKED}
COMMANDS = """
run --if-due
check
plan --max-tax 100
plan --save
plan --ways
targets set VOO=41% TLT=39%
invest 1000000
withdraw 500000
models
models balanced
demo
init other --model balanced
init wide --model core-four --by-class
init --journal
record deposit KRW 500000
record buy VOO 1 @600
holdings
harvest
history
undo
values
orders
approve latest
execute latest
audit verify
audit show latest
halt
resume
arm --until 2030-01-01 --max-amount 100
disarm
sync
cancel sy-none
doctor
notify list
notify test
schedule show
backup copy.db
prices check
prices set VOO 600
prices show
check --nope
plan --cash x
plan --objective x
record buy
nosuch
"""


def english(text):
    """The English sentences of a text."""
    return [line for line in text.splitlines() if SENTENCE.search(NAMES.sub("", line))]


def names(command, before=()):
    """Every command, with the words that call it."""
    yield before
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from names(command.get_command(context, name), (*before, name))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("korean")
    text = 'language = "ko"\npriced_on = 2026-11-30\n' + with_gains()
    (made / "portfolio.toml").write_text(text, encoding="utf-8")
    return made


def test_no_command_prints_an_english_sentence_beside_a_korean_file(folder):
    found = {}
    for line in COMMANDS.strip().splitlines():
        done = run_command(folder, *line.split(), env={**KOREAN, "NO_COLOR": "1", "COLUMNS": "300"})
        assert done.returncode != 1, (line, done.stderr)
        if left := english(done.stdout + done.stderr):
            found[line] = left
    assert not found, "\n".join(f"{line}: {text}" for line, texts in found.items() for text in texts)


def test_the_help_of_every_command_is_korean(folder):
    found = {}
    for words in names(cli):
        done = run_command(folder, *words, "--help", env={**KOREAN, "COLUMNS": "200"})
        assert "사용법: steelyard" in done.stdout, words
        assert "도움말을 표시하고 종료합니다." in done.stdout, words
        if left := english(done.stdout):
            found[words] = left
    assert found == {}


def test_one_process_speaks_both_languages_one_after_the_other(folder, capsys):
    """The commands themselves stay English: what is told anew is a copy."""
    from steelyard.interfaces.cli import help_words

    def help_of(group):
        with pytest.raises(SystemExit):
            group.main(["check", "--help"], prog_name="steelyard")
        return capsys.readouterr().out.splitlines()[0]

    help_words.let_click_speak()
    language.ask("ko")
    try:
        assert help_of(help_words.told(cli)) == "사용법: steelyard check [OPTIONS] [FILE]"
    finally:
        language.begin([], {"STEELYARD_LANG": "en"})
    assert help_of(cli) == "Usage: steelyard check [OPTIONS] [FILE]"


@pytest.mark.parametrize("words", [(), ("--model", "all-weather"), ("--currency", "USD")])
def test_the_file_that_init_writes_says_in_korean_what_it_says_in_english(tmp_path, words):
    """Keys and values are the same, but for `language`; every comment is another."""
    texts = {}
    for code in ("en", "ko"):
        env = {**KOREAN, "STEELYARD_LANG": code}
        assert run_command(tmp_path, "init", code, *words, env=env).returncode == 0
        texts[code] = (tmp_path / code / "portfolio.toml").read_text(encoding="utf-8")
        assert run_command(tmp_path / code, "check", env=env).returncode == 0
    korean = tomllib.loads(texts["ko"])
    assert korean.pop("language") == "ko"
    assert korean == tomllib.loads(texts["en"])
    assert english(texts["en"])
    assert english(texts["ko"]) == []
