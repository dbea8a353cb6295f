"""On which line a key stands: counted by eye in texts of every shape a person writes."""

import tomllib

import pytest

from steelyard.adapters.toml_places import dotted, line_of, places

TEXT = """\
# a comment with [brackets] and a key = 1
base_currency = "KRW"

[targets]            # must sum to 100 %
"069500" = "30%"
VOO = "40%"
'TLT' = "20%"

[policy]
kind = "hybrid"      # [not, a, list

[[accounts]]
name = "main"
cash = { KRW = "0", USD = "1" }
positions = [
  { symbol = "VOO", shares = 8 },
  { symbol = "TLT", shares = 18, lots = [
    { bought = 2024-03-04, shares = 18, unit_cost = 1 },
  ] },
]

[[accounts]]
name = "pension"

[[accounts.positions]]
symbol = "GLD"

[[accounts.positions]]
symbol = "IEF"
price = "1 # no comment"

[instruments."069500"]
currency = "KRW"
"""
FOUND = places(TEXT)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("base_currency",), 2),
        (("targets",), 4),
        (("targets", "069500"), 5),
        (("targets", "VOO"), 6),
        (("targets", "TLT"), 7),
        (("policy", "kind"), 10),
        (("accounts", 0), 12),
        (("accounts", 0, "name"), 13),
        (("accounts", 0, "cash", "USD"), 14),
        (("accounts", 0, "positions", 1, "lots", 0), 15),
        (("accounts", 1), 22),
        (("accounts", 1, "name"), 23),
        (("accounts", 1, "positions", 0, "symbol"), 26),
        (("accounts", 1, "positions", 1), 28),
        (("accounts", 1, "positions", 1, "price"), 30),
        (("instruments", "069500", "currency"), 33),
    ],
)
def test_a_key_is_found_on_its_line_or_on_that_of_the_thing_around_it(path, line):
    """Counted by hand; what stands inside a list is placed at the key of the list."""
    assert line_of(FOUND, path) == line


def test_a_key_that_is_not_there_is_placed_at_its_table():
    assert line_of(FOUND, ("policy", "threshold")) == 9
    assert line_of(FOUND, ("nowhere", "at", "all")) is None
    assert line_of(FOUND, ()) is None


def test_a_path_reads_as_people_write_it():
    assert dotted(("accounts", 0, "positions", 2, "shares")) == "accounts[0].positions[2].shares"
    assert dotted(("base_currency",)) == "base_currency"


def test_every_header_and_key_found_is_really_on_that_line():
    lines = TEXT.splitlines()
    for path, line in FOUND.items():
        name = next(part for part in reversed(path) if isinstance(part, str))
        assert name in lines[line - 1], (path, line)


def test_every_table_of_the_parsed_file_has_a_place():
    """The standard parser says what is there; each of its tables and plain keys must have been seen."""
    tree = tomllib.loads(TEXT)
    for name, value in tree.items():
        assert (name,) in FOUND or isinstance(value, (list, dict)), name
        if isinstance(value, dict) and name != "instruments":
            assert all((name, key) in FOUND for key in value)


def test_a_dotted_key_is_placed_under_its_whole_path():
    found = places('policy.threshold = "5%"\n[fx]\n"USDKRW" = 1\n')
    assert line_of(found, ("policy", "threshold")) == 1
    assert line_of(found, ("fx", "USDKRW")) == 3
