"""A Korean user's way from an empty folder to taxes, as a kept file that was read as a native reader would.

Renew it with `python -m pytest tests/interfaces/test_korean_journey.py --renew-golden` and read the diff.
"""

import os
from pathlib import Path

import pytest

from processes import run_command

KEPT = Path(__file__).parents[1] / "golden" / "journey.ko.txt"
DAY = ("--as-of", "2026-11-23")
FILE = """\
base_currency = "KRW"
language = "ko"
priced_on = 2026-11-20

[targets]
VOO = "60%"
"069500" = "30%"
"148070" = "10%"

[tax]
jurisdiction = "KR"

[fx]
USDKRW = "1392.10"

[[accounts]]
name = "해외주식"
kind = "taxable"
cost_method = "fifo"
kept = "journal"

[[accounts]]
name = "연금저축"
kind = "pension"
kept = "journal"

[prices]
VOO = "612.40 USD"
"069500" = "52300"
"148070" = "113200"
"""
STEPS = [
    ("init", "--country", "KR"),
    ("check", *DAY),
    None,  # the owner writes the file
    ("record", "deposit", "32000000", "KRW", "2025-01-09", "account=해외주식"),
    ("record", "buy", "VOO", "40", "@540USD", "2025-01-10", "fx_rate=1460", "account=해외주식", "--convert",
     "--rate", "1460"),
    ("record", "deposit", "9000000", "KRW", "2025-02-03", "account=연금저축"),
    ("record", "buy", "069500", "120", "@33500KRW", "2025-02-04", "account=연금저축"),
    ("record", "sell", "VOO", "20", "@600USD", "2026-05-04", "fx_rate=1390", "account=해외주식"),
    ("history",),
    ("holdings", *DAY),
    ("check", *DAY),
    ("plan", *DAY),
    ("invest", "1000000", "--account", "연금저축", *DAY),
    ("tax", *DAY),
    ("harvest", *DAY),
]  # fmt: skip
ENV = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES", "STEELYARD_LANG")}


@pytest.mark.long("fourteen commands one after the other")
def test_the_way_from_an_empty_folder_to_taxes_reads_as_it_was_reviewed(tmp_path, request):
    told = []
    for words in STEPS:
        if words is None:
            (tmp_path / "portfolio.toml").write_text(FILE, encoding="utf-8")
            continue
        env = {**ENV, "COLUMNS": "80", "NO_COLOR": "1", "STEELYARD_LANG": "ko"}
        done = run_command(tmp_path, *words, env=env, merged=True)
        said = "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())
        told.append(f"$ steelyard {' '.join(words)}\n{said}\n")
        assert done.returncode == 0, told[-1]
    text = "\n".join(told)
    if request.config.getoption("--renew-golden"):
        KEPT.write_text(text, encoding="utf-8")
    assert text == KEPT.read_text(encoding="utf-8")
