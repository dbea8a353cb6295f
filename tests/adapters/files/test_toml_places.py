"""On which line a key stands: counted by eye in texts of every shape a person writes."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.adapters.files.toml_places import dotted, line_of, places

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
        (("accounts", 0, "positions"), 15),
        (("accounts", 0, "positions", 0, "shares"), 16),
        (("accounts", 0, "positions", 1), 17),
        (("accounts", 0, "positions", 1, "lots", 0, "unit_cost"), 18),
        (("accounts", 0, "positions", 7), 15),
        (("accounts", 1), 22),
        (("accounts", 1, "name"), 23),
        (("accounts", 1, "positions", 0, "symbol"), 26),
        (("accounts", 1, "positions", 1), 28),
        (("accounts", 1, "positions", 1, "price"), 30),
        (("instruments", "069500", "currency"), 33),
    ],
)
def test_a_key_is_found_on_its_line_or_on_that_of_the_thing_around_it(path, line):
    """Counted by hand; what a list does not have is placed at the key of the list."""
    assert line_of(FOUND, path) == line


def test_a_key_that_is_not_there_is_placed_at_its_table():
    assert line_of(FOUND, ("policy", "threshold")) == 9
    assert line_of(FOUND, ("nowhere", "at", "all")) is None
    assert line_of(FOUND, ()) is None


def test_a_path_reads_as_people_write_it():
    assert dotted(("accounts", 0, "positions", 2, "shares")) == "accounts[0].positions[2].shares"
    assert dotted(("base_currency",)) == "base_currency"


def test_every_key_found_is_really_on_that_line():
    lines = TEXT.splitlines()
    for path, line in FOUND.items():
        name = next(part for part in reversed(path) if isinstance(part, str))
        assert name in lines[line - 1] or isinstance(path[-1], int), (path, line)


def test_a_dotted_key_is_placed_under_its_whole_path():
    found = places('policy.threshold = "5%"\n[fx]\n"USDKRW" = 1\n')
    assert line_of(found, ("policy", "threshold")) == 1
    assert line_of(found, ("fx", "USDKRW")) == 3


def test_text_of_several_lines_and_brackets_in_text_move_nothing():
    text = 'a = """\n[not.a.header]\nb = 1\n"""\nc = [ "]", \'{\', # ]\n  "#",\n]\nd = 2024-03-04 07:30:00\n'
    assert places(text) == {("a",): 1, ("c",): 5, ("c", 0): 5, ("c", 1): 5, ("c", 2): 6, ("d",): 8}


KEYS = st.text("abcXYZ019_-", min_size=1, max_size=4) | st.sampled_from(["069500", "a b", "x.y", "#", "[k]"])
SCALARS = st.sampled_from(["1", "1.5", "true", "2024-03-04", '"text"', '"# ] }"', "'[ { ='", '"\\"\\\\"'])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def written(value, path, lines, expected, breaks):
    """Append a value to the text; a break is only allowed where TOML allows one, inside a list."""
    if isinstance(value, str):
        lines[-1] += value
    elif isinstance(value, list):
        lines[-1] += "["
        for place, one in enumerate(value):
            if breaks.draw(st.booleans()):
                lines.append("  # a comment, [with = {brackets\n")
                lines.append("")
            expected[(*path, place)] = len("".join(lines).splitlines()) + (not lines[-1])
            written(one, (*path, place), lines, expected, breaks)
            lines[-1] += ", "
        lines[-1] += "]"
    else:
        lines[-1] += "{ "
        for place, (key, one) in enumerate(value.items()):
            lines[-1] += ", " * (place > 0)
            expected[(*path, key)] = len("".join(lines).splitlines()) + (not lines[-1])
            lines[-1] += f'"{key}" = '
            written(one, (*path, key), lines, expected, breaks)
        lines[-1] += " }"


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), st.data())
def test_everything_of_a_random_file_is_found_where_it_was_written(tree, data):
    """The writer notes the line of each thing as it writes it; the standard parser accepts the text."""
    lines, expected = ["[table]\n"], {("table",): 1}
    for key, value in tree.items():
        lines.append("")
        expected[("table", key)] = len("".join(lines).splitlines()) + 1
        lines[-1] += f'"{key}" = '
        written(value, ("table", key), lines, expected, data)
        lines[-1] += "\n"
    text = "".join(lines)
    tomllib.loads(text)
    assert places(text) == expected
