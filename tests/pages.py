"""A page of the documentation, carried out from top to bottom as a reader would.

A page starts in an empty folder. A block whose first line is `# portfolio.toml` writes that file, and one
whose first line is `# portfolio.toml from [[accounts]] on` puts itself in the place of that part of it; a
block with `title="prices/VOO.csv"` behind its language writes that. The command of a `console` block is run,
`$ echo $?` below it tells its exit status, and a line of `...` stands for whatever follows. A `pycon` block
is a doctest, a `python` block is run.
"""

import doctest
import os
import re
import shlex
from pathlib import Path

from processes import run_command

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "src" / "steelyard" / "data" / "sample.toml"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"\A\$ |^\$ (?=echo \$\?$)", re.MULTILINE)
# Ids are hashes of everything a plan follows from; pages show one, and another may be printed.
HASH = re.compile(r"\bsy-[0-9a-f]{8}\b|\b[0-9a-f]{12}\b|\d+ of \d+ bytes")
FILE = re.compile(r"# ([\w/]+\.toml)(?: from (\S+) on)?\n")


def pages():
    """Every page there is: the two that greet, and all of docs."""
    return [ROOT / "README.md", *ROOT.glob("README.ko.md"), *sorted((ROOT / "docs").rglob("*.md"))]


def korean(page):
    """Say whether a page is a Korean one, whose commands answer in Korean."""
    return page.name.endswith(".ko.md") or "ko" in page.relative_to(ROOT).parts


def blocks(page):
    """Language, title and text of every block of a page."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def lines(text):
    """What is compared: lines without what differs from run to run."""
    return [HASH.sub("#", line).rstrip() for line in text.strip("\n").splitlines()]


def run(command, folder, language):
    """Both streams as a terminal shows them, 110 columns wide and without colour, and the exit status."""
    words = shlex.split(command, comments=True)
    assert words[0] == "steelyard", command
    env = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1", "STEELYARD_LANG": language}
    if language == "en":
        del env["STEELYARD_LANG"]
    done = run_command(folder, *words[1:], env=env, merged=True)
    return done.stdout, done.returncode


def console(block, folder, language):
    """Run a console block; each command with what the block shows and what was printed."""
    status = None
    for part in PROMPT.split(block)[1:]:
        command, _, shown = part.partition("\n")
        if command == "echo $?":
            printed = f"{status}\n"
        else:
            printed, status = run(command, folder, language)
        yield command, shown, printed


def write(text, name, folder):
    """Write the file that a block holds, or the part of one that it replaces."""
    first = FILE.match(text)
    path = folder / (name or first[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    if first and first[2]:
        whole = path.read_text(encoding="utf-8")
        kept = whole[: re.search(rf"^{re.escape(first[2])}$", whole, re.MULTILINE).start()]
        text = kept + text.split("\n", 1)[1].lstrip("\n")
    path.write_text(text, encoding="utf-8")


def carry_out(page, folder, follow):
    """Do what a page says, in a folder that is the current one; `follow` is handed each console block."""
    names = {}
    language = "ko" if korean(page) else "en"
    if page.name.startswith("README"):
        (folder / "portfolio.toml").write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    for kind, title, block in blocks(page):
        if title or (kind == "toml" and FILE.match(block)):
            write(block, title, folder)
        elif kind == "console":
            follow(block, folder, language)
        elif kind == "python":
            exec(compile(block, str(page), "exec"), names)
        elif kind == "pycon":
            test = doctest.DocTestParser().get_doctest(block, names, page.name, str(page), 0)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            runner.run(test, clear_globs=False)
            names.update(test.globs)
            assert runner.failures == 0
