"""[policy] changed in the text of a file: values where they stand, everything else byte by byte."""

import pytest

from steelyard.adapters.files.policy_keys import with_policy
from steelyard.errors import InputError

REST = '\n[costs]  # mine\ncommission = "0.1%"\n'


@pytest.mark.parametrize(
    ("text", "wanted", "after"),
    [
        (
            '[policy]\nkind = "hybrid" # why\nlook = "monthly"\n' + REST,
            {"look": "annual"},
            '[policy]\nkind = "hybrid" # why\nlook = "annual"\n' + REST,
        ),
        (
            '[policy]\nkind = "hold"\n' + REST,
            {"kind": "threshold", "threshold": "5%", "cooldown_days": 30},
            '[policy]\nkind = "threshold"\nthreshold = "5%"\ncooldown_days = 30\n' + REST,
        ),
        (
            '[policy]\nkind = "hybrid"\nmax_interval_days = 90\n' + REST,
            {"max_interval_days": None},
            '[policy]\nkind = "hybrid"\n' + REST,
        ),
        ("[policy] # later\n" + REST, {"kind": "hold"}, '[policy] # later\nkind = "hold"\n' + REST),
        (
            '[policy]\r\nkind = "hold"\r\n',
            {"look": "daily"},
            '[policy]\r\nkind = "hold"\r\nlook = "daily"\r\n',
        ),
        ("a = 1\n", {"kind": "hold"}, 'a = 1\n\n[policy]\nkind = "hold"\n'),
        ('policy = { kind = "hold" }\n', {"kind": "calendar"}, 'policy = { kind = "calendar" }\n'),
        ('[policy]\nkind = "hold"', {"look": "daily"}, '[policy]\nkind = "hold"\nlook = "daily"'),
    ],
)  # fmt: skip
def test_what_changes_stands_where_it_stood(text, wanted, after):
    assert with_policy(text, wanted) == after


def test_a_layout_that_cannot_be_changed_safely_is_refused():
    """To take a key out of an inline table would take the table."""
    with pytest.raises(InputError) as caught:
        with_policy('policy = { kind = "hold", look = "daily" }\n', {"look": None})
    assert caught.value.problems[0].code == "policy-layout"
