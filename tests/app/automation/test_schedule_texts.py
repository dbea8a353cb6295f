"""What a scheduler is given starts the portfolio that is meant, and no other line moves."""

import json
import shlex
import subprocess
import sys
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.adapters.machine import crontab as machine
from steelyard.app.automation.schedule import (
    TAG,
    Entry,
    Installation,
    cron_line,
    github,
    kubernetes,
    launchd,
    task_scheduler,
    units,
    with_line,
    without_line,
)
from steelyard.errors import InputError, ServiceError

FOLDERS = [
    "plain", "with space", "per%cent", "%%", "it's", 'say "x"', "$HOME", "`id`", "a;b", "a&b", "a|b", "(x)",
    "#x", "~", "-x", "한글", "\u2028line", "a'\"b", "*", "[x]", "!x", "${{ secrets.X }}", "$(id)", "<x>",
]  # fmt: skip
HERE = Installation("3.12", ("steelyard==1.0",))
HELD = ["a\nb", "a\rb", "a\x1bb", "a\x00b"]


def entry(folder, program=("/usr/bin/steelyard",)):
    return Entry(program, PurePosixPath("/home/me") / folder / "portfolio.toml", "Asia/Seoul")


def as_cron_reads(line):
    """Return the command of a line: the sixth field, `\\%` made `%`, cut at a bare one.

    Source: crontab(5).
    """
    command, out = line.split(None, 5)[5], ""
    at = 0
    while at < len(command):
        if command[at : at + 2] == "\\%":
            out, at = out + "%", at + 2
        elif command[at] == "%":
            break
        else:
            out, at = out + command[at], at + 1
    return out


@pytest.mark.parametrize("folder", FOLDERS)
def test_cron_starts_the_portfolio_of_the_line(folder, tmp_path):
    """The shell that cron starts is asked, with a program that writes down how it was called."""
    place = tmp_path / folder
    place.mkdir()
    program = (sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))")
    line = cron_line(Entry(program, place / "portfolio.toml", "Asia/Seoul"))
    assert "\n" not in line
    subprocess.run(["/bin/sh", "-c", as_cron_reads(line)], check=True, cwd="/")
    told = (place / "steelyard.log").read_text(encoding="utf-8")
    assert json.loads(told) == ["run", str(place / "portfolio.toml"), "--if-due"]


@pytest.mark.parametrize("folder", HELD)
@pytest.mark.parametrize("make", [cron_line, units, task_scheduler])
def test_a_path_that_would_begin_another_line_is_refused(make, folder):
    with pytest.raises(InputError) as caught:
        make(entry(folder))
    assert caught.value.code == "schedule-path"


@pytest.mark.parametrize("folder", ["a\\b", "a\\%b", "end\\"])
def test_a_backslash_is_refused_in_a_crontab_where_crons_differ(folder):
    with pytest.raises(InputError):
        cron_line(entry(folder))


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60), st.integers(0, 60))
def test_lines_of_others_stay_byte_for_byte(text, at):
    """Ours goes in and out again; of the others nothing moves but that a last line gets its end."""
    at = min(at, len(text))
    before, after = text[:at], text[at:]
    ours = entry("x")
    whole = with_line(before + after, ours)
    ended = text if not text or text.endswith("\n") else text + "\n"
    assert whole == ended + cron_line(ours) + "\n"
    assert without_line(whole, ours) == ended
    moved = ended + cron_line(ours) + "\n" + after
    assert without_line(moved, ours) == ended + after


def test_a_line_that_only_mentions_ours_stays():
    ours = entry("x")
    other = f"0 0 * * * echo '{TAG}{ours.name}' # not ours\n"
    assert without_line(other, ours) == other


def program(folder, text):
    path = folder / "crontab"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def test_bytes_of_any_encoding_come_back_from_a_crontab_as_they_were(tmp_path, monkeypatch):
    table = tmp_path / "table"
    table.write_bytes(b"0 0 * * * echo \xff\xb0\xa1\r\n\x0b\x85 # \xe2\x80\xa8\nlast without an end")
    program(tmp_path, f'if [ "$1" = -l ]; then cat {table}; else cat > {table}; fi\n')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    before, ours = table.read_bytes(), entry("x")
    machine.write_crontab(with_line(machine.read_crontab(), ours))
    assert table.read_bytes() == before + b"\n" + cron_line(ours).encode() + b"\n"
    machine.write_crontab(without_line(machine.read_crontab(), ours))
    assert table.read_bytes() == before + b"\n"


@pytest.mark.parametrize("told", ["no crontab for me", "crontab: can't open 'me': No such file or directory"])
def test_a_crontab_that_is_not_there_is_empty(told, tmp_path, monkeypatch):
    program(tmp_path, f"echo {shlex.quote(told)} >&2; exit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert machine.read_crontab() == ""


@pytest.mark.parametrize("text", ["echo 'not allowed' >&2; exit 1", "echo '0 0 * * * x'; exit 1", "exit 2"])
def test_a_crontab_that_cannot_be_read_is_not_taken_for_an_empty_one(text, tmp_path, monkeypatch):
    """Written then, it would be all that is left."""
    program(tmp_path, text + "\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ServiceError):
        machine.read_crontab()


@pytest.mark.parametrize("folder", FOLDERS)
def test_definitions_in_xml_hold_the_path_as_it_is(folder):
    made = entry(folder)
    words = [node.text for node in ElementTree.fromstring(launchd(made)).iter("string")]
    assert str(made.portfolio) in words
    if '"' not in folder:
        task = ElementTree.fromstring(task_scheduler(made))
        assert f'"{made.portfolio}"' in "".join(task.itertext())


@pytest.mark.parametrize("name", [*FOLDERS, "a\nb", "a\\b", "a\x85b", "\U0001f642"])
def test_workflows_hold_the_name_and_nothing_of_it_is_filled_in(name):
    """In the double quotes of YAML, where JSON's escapes mean the same but for surrogates."""
    made = Entry(("steelyard",), PurePosixPath("/x") / name, "Asia/Seoul")
    for text in (github(made, (), HERE), kubernetes(made, (), HERE)):
        assert all(c.isprintable() or c == "\n" for c in text)
    (line,) = [line for line in github(made, (), HERE).splitlines() if "--if-due" in line]
    assert "${{" not in line
    shell = json.loads(line.split("run: ", 1)[1].replace("\\x", "\\u00"))
    assert shlex.split(shell) == ["steelyard", "run", name, "--if-due"]
    (line,) = [line for line in kubernetes(made, (), HERE).splitlines() if "--if-due" in line]
    assert json.loads(line.split("args: ", 1)[1].replace("\\x", "\\u00"))[1] == "/data/" + name.replace(
        "$(", "$$("
    )


def test_units_hold_a_path_with_signs_that_systemd_reads():
    service = next(iter(units(entry('a%b "c" $d')).values()))
    assert (
        'ExecStart="/usr/bin/steelyard" "run" "/home/me/a%%b \\"c\\" $$d/portfolio.toml" "--if-due"'
        in service
    )
    assert "WorkingDirectory=/home/me/a%%b" in service
