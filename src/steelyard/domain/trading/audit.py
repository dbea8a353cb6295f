"""The audit record: every decision, approval, request and answer, each chained to the one before.

A link's hash covers its own text and the hash before it, so a changed, removed, added or swapped
link breaks the chain at a place that `first_break` names. The head (how many links, and the last
hash) is kept apart from the chain: without it nobody could tell that the end was cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from steelyard.domain.trading.fingerprint import canonical, sha256
from steelyard.records import dataclass
from steelyard.words import say

START = "0" * 64
MASK = "***"
_SECRET_WORDS = ("secret", "token", "authorization", "appkey", "apikey", "api_key", "password", "cano")


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the record.

    Attributes:
        number: From 1, without gaps.
        text: Canonical JSON of what happened (`at`, `kind`, `plan`, `body`).
        previous: Hash of the link before, `START` for the first.
        hash: Of number, previous and text.
    """

    number: int
    text: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken first, and how."""

    number: int
    why: str


def chain(number: int, previous: str, *, at: str, kind: str, plan: str, body: Mapping[str, object]) -> Link:
    """Return the next link of a chain. Secrets in the body are masked before anything is hashed.

    Args:
        number: Its place, from 1.
        previous: Hash of the link before.
        at: Time in UTC, ISO 8601.
        kind: What happened, one word (`approval`, `request`, `answer`).
        plan: Id of the plan it belongs to, or empty.
        body: The facts; values as `canonical` takes them.
    """
    text = canonical({"at": at, "kind": kind, "plan": plan, "body": masked(dict(body))})
    return Link(number, text, previous, _hash(number, previous, text))


def first_break(links: Iterable[Link], *, count: int, head: str) -> Break | None:
    """Return the first broken link, None when the chain is whole.

    Args:
        links: In order.
        count: How many there should be.
        head: Hash of the last one, `START` when there is none.
    """
    previous = START
    number = 0
    for link in links:
        number += 1
        if link.number != number:
            return Break(
                number,
                say(
                    "link {number} is missing, {found} stands in its place",
                    number=number,
                    found=link.number,
                ),
            )
        if link.previous != previous:
            return Break(number, say("it does not follow from the link before"))
        if not _is_canonical(link.text):
            return Break(number, say("its text is not as it was written"))
        if link.hash != _hash(number, previous, link.text):
            return Break(number, say("its text or its hash was changed"))
        previous = link.hash
    if number != count:
        apart = abs(count - number)
        text = (
            say("{count} missing from the end", count=apart)
            if number < count
            else say("{count} too many at the end", count=apart)
        )
        return Break(min(number, count) + 1, text)
    if previous != head:
        return Break(number, say("the head names another last link"))
    return None


def against_anchor(links: Sequence[Link], anchor: tuple[int, str]) -> Break | None:
    """Return where a record parts from its anchor: count and hash of its last link, noted elsewhere.

    The record may have gone on since. A hash may be the beginning of one, as in an alert.

    Args:
        links: A whole chain.
        anchor: Count, -1 for an anchor that is gone or cannot be read, and hash.
    """
    count, hash_ = anchor
    if count < 0:
        return Break(len(links), say("its anchor beside the database is gone or cannot be read"))
    if count > len(links):
        text = say(
            "there are {count} links and its anchor says {there}: the end was cut off, or an older database "
            "put in its place",
            count=len(links),
            there=count,
        )
        return Break(len(links) + 1, text)
    found = links[count - 1].hash if count else START
    if not found.startswith(hash_):
        return Break(count, say("its anchor says another hash: the record was written anew"))
    return None


def masked(value: object) -> object:
    """Return the value with every secret in it replaced by `***`, however deep it stands.

    A secret is what stands under a key whose name says so (token, secret, appkey, authorization,
    password, account number `CANO`).
    """
    if isinstance(value, Mapping):
        return {key: MASK if _is_secret(str(key)) and item else masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item) for item in value]
    return value


def _is_secret(key: str) -> bool:
    bare = key.lower().replace("-", "_")
    return any(word in bare or word in bare.replace("_", "") for word in _SECRET_WORDS)


def _is_canonical(text: str) -> bool:
    try:
        text.encode()
        return canonical(json.loads(text)) == text
    except (ValueError, TypeError, RecursionError):
        return False


def _hash(number: int, previous: str, text: str) -> str:
    return sha256(f"{number}\n{previous}\n{text}")
