"""The room of an ISA is one figure, whoever says it: `tax`, `holdings`, and the refusal of new money."""

import json

import pytest

from processes import run_command

PORTFOLIO = """
base_currency = "KRW"
priced_on = 2026-11-23
[targets]
"360750" = "100%"
[tax]
jurisdiction = "KR"
[[accounts]]
name = "isa"
kind = "isa"
kept = "journal"
positions = [{ symbol = "360750", shares = 0, price = "20000" }]
[[accounts]]
name = "main"
"""
OLD = """
base_currency = "KRW"
priced_on = 2026-11-23
[targets]
"360750" = "100%"
[tax]
jurisdiction = "KR"
[[accounts]]
name = "isa"
kind = "isa"
[[accounts.positions]]
symbol = "360750"
shares = 100
price = "20000"
lots = [{ bought = 2023-05-02, shares = 100, unit_cost = "15000" }]
[[accounts]]
name = "main"
"""


def paid(*deposits):
    return [f"record date={day} type=deposit shares={won} currency=KRW account=isa" for day, won in deposits]


@pytest.mark.parametrize(
    ("file", "entries", "room", "unknown"),
    [
        # STTCA 91-18(3)5: 20 million for each of two years, less 5 and 15; what is taken out gives none back.
        (PORTFOLIO, [*paid(("2025-03-03", 5_000_000), ("2026-03-03", 15_000_000)),
                     "record date=2026-03-04 type=withdrawal shares=1000000 currency=KRW account=isa"],
         20_000_000, False),
        # Six calendar years, and 100 million is the most in all.
        (PORTFOLIO, paid(("2021-12-30", 1_000_000)), 99_000_000, False),
        (PORTFOLIO, paid(("2026-03-03", 30_000_000)), 0, False),
        # The journal begins with shares of 2023, so the account had four years by 2026: 80 million, less what
        # was paid since; what was before, nobody knows.
        (OLD, ["init --journal --as-of 2026-01-02", *paid(("2026-03-03", 8_000_000))], 72_000_000, True),
    ],
)  # fmt: skip
def test_all_who_say_the_room_of_an_isa_say_one_figure(tmp_path, file, entries, room, unknown):
    (tmp_path / "portfolio.toml").write_text(file, encoding="utf-8")
    for words in entries:
        done = run_command(tmp_path, *words.split())
        assert done.returncode == 0, done.stderr
    year = json.loads(run_command(tmp_path, "tax", "--as-of", "2026-12-30", "--json").stdout)
    (held,) = json.loads(run_command(tmp_path, "holdings", "--as-of", "2026-12-30", "--json").stdout)["rooms"]
    assert int(year["summary"]["isa"]["isa"]["room"]) == int(held["room"]) == room
    assert ("when the account was opened" in held["note"]) == unknown
    assert any("when the account was opened" in note for note in year["notes"]) == unknown
    words = ("--account", "isa", "--as-of", "2026-12-30")
    refused = run_command(tmp_path, "invest", str(room + 1), *words)
    assert (refused.returncode, f"at most {room} KRW" in refused.stderr) == (4, True)


US = """
base_currency = "USD"
priced_on = 2026-11-23
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
[[accounts]]
name = "ira"
kind = "ira"
kept = "journal"
positions = [{ symbol = "VOO", shares = 0, price = "600" }]
"""


@pytest.mark.parametrize(
    ("file", "deposit", "said"),
    [
        # 7,500 dollars in 2026 (Notice 2025-67), 20 million won in the first year of an ISA.
        (US, "record date=2026-03-03 type=deposit shares=9000 currency=USD account=ira", "$1,500.00"),
        (PORTFOLIO, *paid(("2026-03-03", 30_000_000)), "₩10,000,000"),
    ],
)
def test_more_paid_in_than_the_limit_is_said_beside_the_empty_room(tmp_path, file, deposit, said):
    (tmp_path / "portfolio.toml").write_text(file, encoding="utf-8")
    assert run_command(tmp_path, *deposit.split()).returncode == 0
    (held,) = json.loads(run_command(tmp_path, "holdings", "--as-of", "2026-12-30", "--json").stdout)["rooms"]
    assert held["room"] == "0"
    assert f"{said} more than the limit of 2026 was paid in" in held["note"]
