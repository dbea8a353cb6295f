"""Every page of the documentation is carried out from top to bottom, and must print what it shows.

A page starts in an empty folder. A `toml` block whose first line is `# portfolio.toml` writes that file; the
command of a `console` block is run, and `$ echo $?` below it tells its exit status; a `pycon` block is a
doctest, a `python` block is run. A line of `...` stands for whatever follows.
"""

import doctest
import os
import re
import shlex
from pathlib import Path

import pytest

from processes import run_command

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"\A\$ |^\$ (?=echo \$\?$)", re.MULTILINE)
# Ids are hashes of everything a plan follows from; pages show one, and another may be printed.
HASH = re.compile(r"\bsy-[0-9a-f]{8}\b|\b[0-9a-f]{12}\b|\d+ of \d+ bytes")
FILE = re.compile(r"# (\w+\.toml)\n")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
SAMPLE = ROOT / "src" / "steelyard" / "data" / "sample.toml"


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def lines(text):
    return [HASH.sub("#", line).rstrip() for line in text.strip("\n").splitlines()]


def run(command, folder):
    """Both streams as a terminal shows them, 110 columns wide and without colour, and the exit status."""
    words = shlex.split(command, comments=True)
    assert words[0] == "steelyard", command
    env = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}
    done = run_command(folder, *words[1:], env=env, merged=True)
    return done.stdout, done.returncode


def follow(block, folder):
    """Run the command of a console block and compare what it prints; `$ echo $?` may follow."""
    status = None
    for part in PROMPT.split(block)[1:]:
        command, _, shown = part.partition("\n")
        if command == "echo $?":
            printed = [str(status)]
        else:
            text, status = run(command, folder)
            printed = lines(text)
        expected = lines(shown)
        if expected and expected[-1] == "...":
            expected = expected[:-1]
            printed = printed[: len(expected)]
        assert printed == expected, command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_carried_out_prints_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    if page.name == "README.md":
        (tmp_path / "portfolio.toml").write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    for language, block in blocks(page):
        named = FILE.match(block)
        if language == "toml" and named:
            (tmp_path / named[1]).write_text(block, encoding="utf-8")
        elif language == "console":
            follow(block, tmp_path)
        elif language == "python":
            exec(compile(block, str(page), "exec"), names)
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(block, names, page.name, str(page), 0)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            runner.run(test, clear_globs=False)
            names.update(test.globs)
            assert runner.failures == 0


def test_there_are_blocks_to_run():
    """A pattern that finds nothing would pass everything."""
    found = [language for page in PAGES for language, _ in blocks(page)]
    assert found.count("console") >= 10
    assert found.count("pycon") >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_reached_from_the_index():
    """By links alone, starting at docs/index.md."""
    index = ROOT / "docs" / "index.md"
    seen, todo = set(), [index]
    while todo:
        page = todo.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        todo += [page.parent / target for target in LINK.findall(page.read_text(encoding="utf-8"))]
    assert {page.resolve() for page in (ROOT / "docs").rglob("*.md")} <= seen
