"""The rule behind a number: every tax amount names where it comes from and when that was looked up."""

from __future__ import annotations

from datetime import date

from steelyard.records import dataclass


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
