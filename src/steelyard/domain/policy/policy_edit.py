"""A change of the policy in a portfolio file, to be looked at before it is written."""

from __future__ import annotations

from steelyard.domain.policy.policies import Policy
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class PolicyEdit:
    """What a portfolio file would say of its policy, and its text either way.

    Attributes:
        policy: As it would be.
        changed: The keys that change.
        original: The text as it was read; it is written over only as long as it is the same.
        text: The text as it would be: values changed where they stand, comments and all else as they were.
    """

    policy: Policy
    changed: tuple[str, ...]
    original: str
    text: str
