"""A command as its user runs it: the words typed, and what came out, errors and their status included."""

import contextlib
import io
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from unittest import mock

from steelyard.interfaces.cli.main import main


@dataclass
class Done:
    exit_code: int
    stdout: str
    stderr: str


def run(*words):
    """Run `steelyard WORDS...` in this process."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        mock.patch.object(sys, "argv", ["steelyard", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def dated(text):
    """Return a portfolio file whose prices are of yesterday, wherever it is read."""
    return f"priced_on = {date.today() - timedelta(days=1)}\n{text}"


def edited(folder, edits, accounts, *words):
    """Begin in an empty folder with `init`, and change its file as its owner would: each text is there.

    Args:
        folder: Empty.
        edits: Texts of the file and what stands for each.
        accounts: What stands for all its accounts.
        words: Options of `init`.
    """
    assert not list(folder.iterdir())
    assert run("init", *words).exit_code == 0
    file = folder / "portfolio.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    head, begins, _ = text.partition("[[accounts]]")
    assert begins
    file.write_text(head + accounts, encoding="utf-8")
