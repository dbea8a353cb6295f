"""Who approves a plan, and whether it was proven to be them."""

from __future__ import annotations

import hmac

from steelyard.domain.trading.fingerprint import sha256
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

SHORTEST = 32
"""Letters of a secret: enough that its hash in a file tells nobody what it is, when drawn at random."""


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who approves.

    Attributes:
        name: What they are called.
        proven: They had the secret that belongs to the name; without it anybody can give any.
    """

    name: str
    proven: bool = False


def proven(name: str, verifier: str, secret: str | None) -> Approver:
    """Return an approver whose secret has the hash that stands beside their name.

    Args:
        name: As in execution.toml.
        verifier: SHA-256 of the secret.
        secret: What was found for the name, None for nothing.

    Raises:
        InputError: It is missing, too short to be one, or another (`approver-secret`).
    """
    variable = "STEELYARD_APPROVER_" + name.upper()
    if secret is None:
        text = say("the secret of {name} is not here", name=name)
    elif len(secret) < SHORTEST:
        text = say("the secret of {name} has fewer than {count} letters", name=name, count=SHORTEST)
    elif not hmac.compare_digest(sha256(secret), verifier):
        text = say("the secret of {name} is not the one that execution.toml has the hash of", name=name)
    else:
        return Approver(name, proven=True)
    hint = say("let {name} set {variable}, or put it into the keyring", name=name, variable=variable)
    raise InputError("approver-secret", text, hint)
