"""Two lanes: what a newcomer runs (`make test`), and what takes its time (`make test-long`).

A test of the long lane says why in its marker. Where it guards an invariant, a small sibling of the same
code stays in the fast lane: `sizes` gives both.
"""

import pytest
from hypothesis import given, settings


def sizes(few, many, reason):
    """Parameters of one test: `few` in the fast lane, `many` in the long one for the reason given."""
    return [pytest.param(few, id=f"{few}"), pytest.param(many, id=f"{many}", marks=pytest.mark.long(reason))]


def given_in_lanes(*strategies, few, many, reason):
    """`hypothesis.given` with `few` examples in the fast lane and `many` in the long one."""

    def decorate(claim):
        @pytest.mark.parametrize("examples", sizes(few, many, reason))
        def test(examples):
            settings(max_examples=examples)(given(*strategies)(claim))()

        test.__name__, test.__doc__ = claim.__name__, claim.__doc__
        return test

    return decorate


def blocks(count, reason):
    """Numbers of blocks of cases: the first in the fast lane, the others in the long one."""
    return [0, *(pytest.param(block, marks=pytest.mark.long(reason)) for block in range(1, count))]
