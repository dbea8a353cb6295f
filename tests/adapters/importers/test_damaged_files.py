"""A broker's file with some cells, lines or bytes changed is read or refused; there is no traceback."""

import contextlib
import random
from pathlib import Path

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers import held
from steelyard.adapters.importers.choice import ImportOptions, read_any, statement_of
from steelyard.errors import SteelyardError

CATALOGUE = load_catalogue()
SAMPLES = sorted((Path(__file__).parents[2] / "presets" / "samples").iterdir())
JUNK = (b"", b"-", b"1e5", b'"', b"\xff\xfe", b"\x00", b"9" * 20, b"-0", b"=1+1", b"31/02/2025", b",",
        b";", b"\n", b"NaN", "９".encode(), b"(5", b"1,250", b"\t", b"{", b"<table>")  # fmt: skip


def damaged(data, rng):
    """The file with a cell, some bytes, a line or its end changed."""
    lines = data.split(b"\n")
    kind = rng.randrange(4)
    if kind == 0:
        at = rng.randrange(len(data) + 1)
        return data[:at] + rng.choice(JUNK) + data[at + rng.randrange(8) :]
    if kind == 1 and len(lines) > 1:
        lines.pop(rng.randrange(len(lines)))
        return b"\n".join(lines)
    if kind == 2:
        at = rng.randrange(len(lines))
        mark = b"\t" if b"\t" in lines[at] else b","
        cells = lines[at].split(mark)
        cells[rng.randrange(len(cells))] = rng.choice(JUNK)
        lines[at] = mark.join(cells)
        return b"\n".join(lines)
    return data[: rng.randrange(len(data) + 1)]


def tried(seed, times):
    rng = random.Random(seed)
    for _ in range(times):
        sample = rng.choice(SAMPLES)
        data = damaged(sample.read_bytes(), rng)
        with contextlib.suppress(SteelyardError):
            read_any(data, sample.name, CATALOGUE, ImportOptions())
        try:
            statement = statement_of(data, sample.name, None)
            if any(holding.what != "cash" for holding in statement.holdings):
                held.from_positions(statement, sample.name, CATALOGUE, ImportOptions())
        except SteelyardError:
            pass


def test_some_hundred_damaged_files_are_read_or_refused():
    tried("few", 300)


@pytest.mark.long("five thousand damaged files")
def test_five_thousand_damaged_files_are_read_or_refused():
    tried("many", 5000)


@pytest.mark.parametrize("name", ["mirae-journal.csv", "kis-journal.csv"])
def test_a_cell_that_is_no_number_where_one_is_asked_for_is_refused_with_its_line(name):
    """Each number of the file in turn becomes a dash."""
    data = next(p for p in SAMPLES if p.name == name).read_bytes()
    lines = data.split(b"\n")
    for at, line in enumerate(lines):
        cells = line.split(b",")
        for n, cell in enumerate(cells):
            if cell.strip(b'"').isdigit():
                changed = [*lines[:at], b",".join([*cells[:n], b"-", *cells[n + 1 :]]), *lines[at + 1 :]]
                with contextlib.suppress(SteelyardError):
                    read_any(b"\n".join(changed), name, CATALOGUE, ImportOptions())
