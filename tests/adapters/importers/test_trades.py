"""The short way of reading trades gives what the long way gives: entries, refusals, lines, to the letter.

The right value is the long way's, which `test_presets` holds to what was worked out from each sample.
"""

import random
from pathlib import Path
from unittest.mock import patch

import pytest

from steelyard.adapters.files.delimited import text_of
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers.choice import ImportOptions, read_any
from steelyard.adapters.importers.presets.trades import Trades
from steelyard.domain.books.entry_text import written
from steelyard.errors import SteelyardError

SAMPLES = Path(__file__).parents[2] / "presets" / "samples"
CATALOGUE = load_catalogue()
TEXTS = sorted(p for p in SAMPLES.iterdir() if p.suffix in (".csv", ".tsv"))


def outcome(data, name):
    """Everything that reading a file tells, as text: first all of it, then without what is refused."""
    said, leave = [], ()
    for _ in range(2):
        try:
            found = read_any(data, name, CATALOGUE, ImportOptions(leave=leave))
        except SteelyardError as error:
            problems = getattr(error, "problems", ())
            said.append([(p.code, str(p.message), p.line) for p in problems] or error.code)
            leave = tuple(p.line for p in problems)
            continue
        file = found.file
        rows = [(written(row.entry), row.line, row.reference) for row in file.rows]
        said.append((found.format, rows, file.skipped, file.incomplete, file.cancelled))
    return said


def longer(text, seed):
    """A sample whose lines come again, shuffled and with some of their digits, signs and letters changed."""
    chance = random.Random(seed)
    lines = text.split("\n")
    more = [line for line in lines if any(c.isdigit() for c in line)] * 3
    chance.shuffle(more)
    changed = []
    for line in more:
        letters = list(line)
        for _ in range(chance.choice((0, 1, 1, 2))):
            at = chance.randrange(len(letters))
            if letters[at].isdigit():
                letters[at] = chance.choice("0123456789")
            elif chance.random() < 0.2:
                letters[at] = chance.choice("-(x., ")
        changed.append("".join(letters))
    return "\n".join([*lines[:-1], *changed, ""])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_trades_are_read_the_same_both_ways(path: Path):
    """Each sample as it is, and twice longer with changes that make some rows wrong."""
    text = text_of(path.read_bytes())
    for data in (path.read_bytes(), *(longer(text, seed).encode() for seed in (1, 2))):
        short = outcome(data, path.name)
        with patch.object(Trades, "of", staticmethod(lambda *_: None)):
            assert short == outcome(data, path.name)
