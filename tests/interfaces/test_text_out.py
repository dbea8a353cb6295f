"""Every door through which text from files leaves: nothing hidden in it acts on who reads it.

The hidden characters are those of the Unicode categories C and of Zl and Zp, enumerated.
"""

import io
import json
import os
import subprocess
import sys
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text as Rich

from processes import CODE, run_command
from steelyard.app.automation.delivery import Post, tell
from steelyard.domain.automation.settings import AlertSettings
from steelyard.domain.shown import cell, hidden_in, shown, uncell
from steelyard.interfaces import edge, language

SAMPLE = Path(__file__).parents[2] / "src" / "steelyard" / "data" / "sample.toml"
CATEGORIES = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
# Of the million that nobody assigned or that are private, the plane of invisible tags and every 61st.
HIDDEN = [
    chr(n)
    for n in range(0x110000)
    if unicodedata.category(chr(n)) in CATEGORIES
    and (n < 0x3000 or 0xE0000 <= n < 0xE1000 or n % 61 == 0 or unicodedata.category(chr(n)) == "Cf")
]
EVIL = "a\x1b]0;owned\x07\x9b31m\u202eb\u200bc\u2066d\r\x08\U000e0041"


def acts(text):
    """Return the characters of a text that a reader does not see, line ends and tabs left out."""
    return [c for c in text if c not in "\n\t" and unicodedata.category(c) in CATEGORIES]


def test_every_hidden_character_is_found_and_written_out():
    assert len(HIDDEN) > 15_000
    assert {unicodedata.category(letter) for letter in HIDDEN} == set(CATEGORIES)
    for letter in HIDDEN:
        assert hidden_in(f"a{letter}b") == letter
    assert acts(shown("".join(HIDDEN))) == []


@pytest.mark.parametrize(
    "text",
    [
        "KODEX 200",
        "미국 S&P500",
        "₩1,000 · 5 % — “x”",
        "é",
        "日本",
        "🙂",
        "",
        "❤\ufe0f",
        "葛\U000e0100",
        "a\u3000b",
    ],
)
def test_what_shows_is_left_alone(text):
    assert shown(text) == text


@pytest.mark.parametrize(
    "blank",
    "\u3164\u115f\u1160\uffa0\u2800\u180e\u034f\u2065\ufff0\ufe00\ufe0f\U000e0100\U000e01ef\U000e0fff",
)
def test_letters_that_show_nothing_are_hidden_too(blank):
    assert hidden_in(f"main{blank}") == blank


def test_nothing_printed_gets_past_the_edge(monkeypatch):
    """Standard output and standard error alike, by whatever prints."""
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with edge.guarded():
        print(EVIL)
        print(EVIL, file=sys.stderr)
        sys.stdout.writelines([EVIL, "\n"])
        language.echo(EVIL)
        language.echo(EVIL, err=True)
    assert sys.stdout is out
    assert acts(out.getvalue() + err.getvalue()) == []
    assert out.getvalue().count("\\x1b") == 3


def test_a_table_on_a_terminal_has_colours_of_ours_and_none_of_a_file(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with edge.guarded():
        console = edge.console(force_terminal=True, color_system="standard", width=200, markup=False)
        console.print(Rich("due", style="bold"), Rich(EVIL))
    told = out.getvalue()
    assert "\x1b[1mdue\x1b[0m" in told
    # Rich leaves the bell out by itself.
    assert "\\x1b]0;owned\\x9b31m" in told
    assert acts(told.replace("\x1b[1m", "").replace("\x1b[0m", "")) == []


def test_a_json_document_hides_nothing_and_reads_back_as_it_was():
    document = {"name": EVIL, EVIL: ["\u2028", "\ud800", "ok"]}
    text = language.json_text(document)
    assert acts(text) == []
    assert json.loads(text) == document


@pytest.mark.parametrize(
    "words", [["check", "\x1b[2J.toml"], ["--\u202e"], ["plan", "--cash", "\x9b5"], ["models", "\u200b"]]
)
def test_what_is_typed_comes_back_without_what_is_hidden(words, tmp_path):
    done = run_command(tmp_path, *words)
    assert done.returncode == 2
    assert acts(done.stdout + done.stderr) == []


@pytest.mark.parametrize(
    "line",
    [
        'name = "ma\\u200bin"',
        '"V\\u202eOO" = 1',
        'name = "a\\u001b[2J"',
        'name = "x\\u0085"',
        'x = ["\\uFEFF"]',
    ],
)
def test_a_portfolio_file_with_something_hidden_is_refused(line, tmp_path):
    """`main` and `main` with a zero-width space are two accounts that nobody tells apart."""
    (tmp_path / "portfolio.toml").write_text(
        f"{SAMPLE.read_text()}\n[instruments.VOO]\n{line}\n", encoding="utf-8"
    )
    done = run_command(tmp_path, "check")
    assert done.returncode == 2
    assert "error[hidden-character]" in done.stderr
    assert acts(done.stderr) == []


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "=cmd|' /C calc'!A0",
    "＝1",
    "'=1",
    "''=1",
    "-",
    "+",
    "=",
    "-x5",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_is_no_formula_and_is_read_back_as_it_was(text):
    assert cell(text)[0] == "'"
    assert uncell(cell(text)) == text


@pytest.mark.parametrize("figure", ["-5", "+5", "-1,234.50", "-0.5%", "1e-5", "5", "", "'tis"])
def test_a_figure_or_a_plain_text_stays_what_it_is(figure):
    assert cell(figure) == figure
    assert uncell(figure) == figure


@given(st.text(st.characters(exclude_categories=CATEGORIES), max_size=8))
def test_every_cell_is_read_back_as_it_was(text):
    if hidden_in(text):  # a letter that shows nothing
        return
    assert uncell(cell(text)) == text


def test_the_journal_as_csv_is_read_back_by_import_entry_for_entry(tmp_path):
    notes = ["=1+1", "-1+1", "@x", "'=1", "plain", "-5", "'tis", 'a, "b"']
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        (folder / "portfolio.toml").write_text(SAMPLE.read_text(), encoding="utf-8")
    for number, note in enumerate(notes, 1):
        words = [
            f"date=2026-11-{number:02}",
            "type=deposit",
            "shares=1",
            "currency=USD",
            f"note={note}",
            "account=new",
        ]
        assert run_command(tmp_path / "one", "record", *words).returncode == 0
    text = run_command(tmp_path / "one", "history", "--csv").stdout
    assert not [line for line in text.splitlines() if any(c[:1] in "=@" for c in line.split(",") if c)]
    (tmp_path / "two" / "trades.csv").write_text(text, encoding="utf-8")
    assert run_command(tmp_path / "two", "import", "trades.csv").returncode == 0
    kept = [
        json.loads(run_command(folder, "history", "--json").stdout)["entries"]
        for folder in (tmp_path / "one", tmp_path / "two")
    ]
    assert [e["note"] for e in kept[0]] == notes
    assert [e["note"] for e in kept[1]] == notes


class Outbox:
    def __init__(self):
        self.queued = []

    def told(self, *_):
        return None

    def audit_head(self):
        return None

    def queue(self, message, *_):
        self.queued.append(message)


class Machine:
    def now(self):
        from datetime import UTC, datetime

        return datetime(2026, 11, 30, tzinfo=UTC)

    def mask(self, text):
        return text

    def services(self):
        return {"A": "json://localhost"}


def test_an_alert_carries_nothing_hidden_and_a_title_of_one_line():
    outbox = Outbox()
    settings = AlertSettings(templates={"new_cash": "{portfolio}\nsecond line"})
    post = Post(outbox, None, Machine(), Machine(), settings)
    facts = dict.fromkeys(("amount", "cash", "why", "trades", "text"), EVIL)
    assert tell(post, EVIL + "\n.toml", "new_cash", facts, as_of=date(2026, 11, 30), level=Decimal(0))
    (message,) = outbox.queued
    assert acts(message.title + message.body) == []
    assert "\n" not in message.title
    assert message.body.endswith("\nsecond line")


def test_a_picture_draws_nothing_hidden():
    pytest.importorskip("matplotlib")
    from steelyard.interfaces.pictures import figures

    with figures.style():
        figure, (axes,) = figures.sheet(5, [2])
        axes.set_title(EVIL)
        axes.plot([0, 1], label=EVIL)
        axes.legend()
        axes.set_yticks([0, 1], [EVIL, "b"])
        drawn = figures.svg(figure, "title")
    assert acts(drawn) == []
    assert "\\x1b" in drawn


def printed(folder, encoding, *words):
    """Run a command as a terminal of an encoding would; return the bytes of both outputs."""
    env = {**os.environ, "PYTHONIOENCODING": encoding, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONUTF8": "0"}
    return subprocess.run(
        [sys.executable, "-c", CODE, *words], cwd=folder, env=env, capture_output=True, check=False
    )


@pytest.mark.parametrize("encoding", ["cp949", "ascii", "cp1252", "utf-16"])
def test_every_encoding_of_a_console_gets_readable_text(encoding, tmp_path):
    """cp949 has no won sign of ours but its own wide one; ASCII has neither, and no Korean."""
    (tmp_path / "portfolio.toml").write_text(SAMPLE.read_text(), encoding="utf-8")
    for words in (["plan"], ["check", "--lang", "ko"], ["demo"], ["check", "--help"], ["check", "없음.toml"]):
        done = printed(tmp_path, encoding, *words)
        assert b"Traceback" not in done.stderr
        told = done.stdout.decode(encoding) + done.stderr.decode(encoding)
        assert "\\u20a9" not in told
        assert "\ufffd" not in told
        if words[0] == "plan":
            assert {"cp949": "￦", "utf-16": "₩"}.get(encoding, "KRW ") in told
        if words[-1] == "ko":
            assert ("비중" in told) == (encoding in ("cp949", "utf-16"))
    found = json.loads(printed(tmp_path, encoding, "check", "--json").stdout.decode(encoding))
    assert found["positions"][1]["symbol"] == "VOO"


def test_a_plan_is_saved_though_its_reader_goes_away_after_a_line(tmp_path):
    """`plan --save | head -1`: the pipe closes while the plan is still being printed."""
    (tmp_path / "portfolio.toml").write_text(
        f"priced_on = {date.today()}\n{SAMPLE.read_text()}", encoding="utf-8"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, "plan", "--save", "--json"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    told = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 0, told
    assert run_command(tmp_path, "execute", "latest").returncode == 0
