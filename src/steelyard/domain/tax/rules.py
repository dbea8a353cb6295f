"""The rule behind a number: every tax amount names where it comes from and when that was looked up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of law as it is applied here.

    Attributes:
        id: Short and stable, such as `us.wash-sale`.
        text: The rule in one sentence.
        source: Statute, regulation or official publication.
        verified: Day the source was last read.
        doubtful: What is disputed or not yet published, and the reading followed; empty when nothing is.
    """

    id: str
    text: str
    source: str
    verified: date
    doubtful: str = ""


def unread(rules: Iterable[Rule], year: int) -> str:
    """Say that nobody has read the law of a year yet; empty where some rule was verified in it or later."""
    verified = max((rule.verified for rule in rules), default=None)
    if verified is None or verified.year >= year:
        return ""
    return say(
        "provisional: the rules were last verified on {verified}, before {year} began",
        verified=verified,
        year=year,
    )
