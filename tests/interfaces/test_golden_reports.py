"""Whole reports of the bundled sample as kept files, so that a change of wording or numbers shows as a diff.

Renew them with `python -m pytest tests/interfaces/test_golden_reports.py --renew-golden` and read the diff.
"""

import json
import os
import re
from pathlib import Path
from unicodedata import east_asian_width

import pytest

from processes import run_command

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
SAMPLE = ROOT / "src" / "steelyard" / "data" / "sample.toml"
COMMANDS = {
    "check": ["check", "portfolio.toml"],
    "plan": ["plan", "portfolio.toml"],
    "invest": ["invest", "1000000", "portfolio.toml"],
    "withdraw": ["withdraw", "500000", "portfolio.toml"],
}
FORMS = {"txt": [], "json": ["--json"], "csv": ["--csv"]}
CASES = [(name, form) for name in COMMANDS for form in FORMS if (name, form) != ("check", "csv")]
KOREAN = [(name, form) for name, form in CASES if form != "csv"]


def printed(words, folder, language="en", columns=110):
    """Standard output on the sample as of a Monday in November, without colour."""
    (folder / "portfolio.toml").write_bytes(SAMPLE.read_bytes())
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1", "STEELYARD_LANG": language}
    done = run_command(folder, *words, "--as-of", "2026-11-23", env=environment)
    assert done.returncode == 0, done.stderr
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


@pytest.mark.parametrize(("name", "form"), CASES, ids=lambda x: x)
def test_a_report_of_the_sample_reads_as_it_was_reviewed(name, form, tmp_path, request):
    kept = GOLDEN / f"{name}.{form}"
    text = printed([*COMMANDS[name], *FORMS[form]], tmp_path)
    if request.config.getoption("--renew-golden"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "form"), KOREAN, ids=lambda x: x)
def test_a_report_of_the_sample_reads_in_korean_as_it_was_reviewed(name, form, tmp_path, request):
    kept = GOLDEN / f"{name}.ko.{form}"
    text = printed([*COMMANDS[name], *FORMS[form]], tmp_path, "ko")
    if request.config.getoption("--renew-golden"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_json_in_korean_differs_in_texts_only(name, tmp_path):
    """Codes and figures are for programs, which do not care what their owner reads."""

    texts = {"text", "reason", "note", "notes", "why"}

    def bare(value):
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k not in texts}
        return [bare(v) for v in value] if isinstance(value, list) else value

    english = json.loads(printed([*COMMANDS[name], "--json"], tmp_path))
    korean = json.loads(printed([*COMMANDS[name], "--json"], tmp_path, "ko"))
    assert bare(english) == bare(korean)
    assert english != korean


@pytest.mark.parametrize("name", COMMANDS)
def test_columns_of_korean_tables_stand_under_each_other(name, tmp_path):
    """Every line of a table is as wide in cells as its longest, or shorter where its end is blank.

    Widths by the wcwidth that rich carries are not asked: East Asian Width of the standard library is.
    """

    def cells(text):
        return sum(1 + (east_asian_width(letter) in "WF") for letter in text)

    lines = printed(COMMANDS[name], tmp_path, "ko").splitlines()
    heads = [n for n, line in enumerate(lines) if "평가액" in line and "비중" in line]
    assert heads
    for head in heads:
        start = cells(lines[head][: lines[head].index("비중") + 2])
        for line in lines[head + 1 : head + 5]:
            # The weight is right-aligned: it ends in the very cell in which its title ends.
            ends = [cells(line[: found.end()]) for found in re.finditer(r"\d+\.\d+", line)]
            assert start in ends


def test_no_kept_report_is_left_without_a_test():
    assert {path.name for path in GOLDEN.iterdir()} == {
        *(f"{name}.{form}" for name, form in CASES),
        *(f"{name}.ko.{form}" for name, form in KOREAN),
        "journey.ko.txt",  # test_korean_journey.py
    }
