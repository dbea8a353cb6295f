"""Policies in one line of text: read from `--policy`, printed as the name of every result.

    hold | calendar LOOK | threshold PCT | hybrid LOOK PCT Nd
    options: relative PCT | look LOOK | last | to target|edge|halfway | cooldown Nd
    at the end: with NAME PCT, NAME PCT relative PCT

PCT may be left out where `relative PCT` stands instead, and Nd for a hybrid that is never overdue. A
calendar may carry PCT too: the band that `to edge` and `to halfway` refer to. What stands after `with` are
bands of their own for single targets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from steelyard.domain.money import EXACT, ONE, ZERO, parse_fraction, plain
from steelyard.domain.policy.looks import LOOKS
from steelyard.domain.policy.policies import DESTINATIONS, KINDS, OwnBand, Policy
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

GRAMMAR = (
    "hold | calendar LOOK | threshold PCT | hybrid LOOK PCT Nd; "
    "options: relative PCT | look LOOK | last | to target|edge|halfway | cooldown Nd; with NAME PCT, NAME PCT"
)
_DAYS = re.compile(r"(\d{1,5})d")
_WITH = re.compile(r"\s(with)\s", re.IGNORECASE)
_KEYWORDS = ("relative", "look", "last", "to", "cooldown")


@dataclass(slots=True)
class _Words:
    """The words still to read, and the text they come from for messages."""

    text: str
    left: list[str]

    def error(self, message: str, hint: str) -> InputError:
        return InputError(
            "policy-text", say("policy {text!r}: {message}", text=self.text, message=message), hint
        )

    def next(self, wanted: str) -> str:
        if not self.left:
            raise self.error(
                say("{wanted} is missing at the end", wanted=wanted),
                say("write it as: {grammar}", grammar=GRAMMAR),
            )
        return self.left.pop(0)

    def look(self) -> str:
        word = self.next(say("a look"))
        if word not in LOOKS:
            raise self.error(
                say("{word!r} is no look", word=word), say("use one of {choices}", choices=", ".join(LOOKS))
            )
        return word

    def percent(self, word: str | None = None) -> Decimal:
        word = self.next(say("a percentage")) if word is None else word
        try:
            value = parse_fraction(word)
        except ValueError:
            value = ZERO
        if not word.endswith("%") or not ZERO < value <= ONE:
            raise self.error(
                say("{word!r} is no percentage", word=word),
                say("write more than 0% and at most 100%, such as 5%"),
            )
        return value

    def days(self) -> int:
        word = self.next(say("a number of days"))
        found = _DAYS.fullmatch(word)
        if found is None:
            raise self.error(
                say("{word!r} is not a number of days", word=word), say("write whole days, such as 180d")
            )
        return int(found[1])


def parse(text: str) -> Policy:
    """Read a policy from its text.

    >>> parse("hybrid quarterly 5% 180d").max_interval_days
    180

    Args:
        text: In the grammar above; case and runs of spaces do not matter.

    Raises:
        InputError: `policy-text`, saying which word is wrong and what to write.
    """
    rule, _, own = _WITH.split(text, maxsplit=1) if _WITH.search(text) else (text, "", "")
    words = _Words(text, rule.lower().split())
    kind = words.next(say("a kind"))
    if kind not in KINDS:
        raise words.error(
            say("{kind!r} is not a kind of policy", kind=kind),
            say("begin with one of {kinds}", kinds=", ".join(KINDS)),
        )
    read: dict[str, object] = {}
    if kind in ("calendar", "hybrid"):
        read["look"] = words.look()
    while words.left:
        _option(words, kind, read)
    if own:
        read["own_bands"] = tuple(_own_band(text, part) for part in own.split(","))
    return _checked(words, kind, read)


def _own_band(text: str, part: str) -> OwnBand:
    """Read the band of one target, `GLD 2%`, `GLD relative 25%` or both; a name may have spaces."""
    words = _Words(text, part.split())
    name: list[str] = []
    while words.left and words.left[0] != "relative" and not words.left[0].endswith("%"):
        name.append(words.left.pop(0))
    absolute = words.percent() if words.left and words.left[0] != "relative" else None
    relative = None
    if words.left and words.left.pop(0) == "relative":
        relative = words.percent()
    if not name or words.left or (absolute is None and relative is None):
        raise words.error(
            say("{part!r} is not a band of a target", part=part.strip()), say("write: with GLD 2%")
        )
    return OwnBand(" ".join(name), absolute, relative)


_NAMES = {
    "threshold": say("threshold"),
    "relative_threshold": say("relative threshold"),
    "max_interval_days": say("max interval days"),
    "look": say("look"),
    "look_at": say("look at"),
    "destination": say("destination"),
    "cooldown_days": say("cooldown days"),
}


def _option(words: _Words, kind: str, read: dict[str, object]) -> None:
    """Read one option, or a bare percentage or number of days, into `read`."""
    word = words.next(say("an option"))
    value: object
    if word.endswith("%"):
        key, value = "threshold", words.percent(word)
    elif _DAYS.fullmatch(word):
        words.left.insert(0, word)
        key, value = "max_interval_days", words.days()
    elif word in _KEYWORDS:
        key, read_value = _readers(words)[word]
        value = read_value()
    else:
        hint = (
            say("write 5% with its sign")
            if word[0].isdigit()
            else say("options are {keywords}", keywords=", ".join(_KEYWORDS))
        )
        raise words.error(say("{word!r} is no option", word=word), hint)
    if key in read:
        raise words.error(
            say("{word!r} says the {key} a second time", word=word, key=_NAMES[key]),
            say("say it once"),
        )
    if kind == "hold" or (key == "max_interval_days" and kind != "hybrid"):
        raise words.error(
            say("{word!r} has no meaning for {kind}", word=word, kind=kind),
            say("leave it out, or write: {grammar}", grammar=GRAMMAR),
        )
    read[key] = value


def _readers(words: _Words) -> dict[str, tuple[str, Callable[[], object]]]:
    def destination() -> str:
        word = words.next(say("a destination"))
        if word not in DESTINATIONS:
            raise words.error(
                say("{word!r} is no destination", word=word),
                say("use one of {choices}", choices=", ".join(DESTINATIONS)),
            )
        return word

    return {
        "relative": ("relative_threshold", words.percent),
        "look": ("look", words.look),
        "last": ("look_at", lambda: "last"),
        "to": ("destination", destination),
        "cooldown": ("cooldown_days", words.days),
    }


def _checked(words: _Words, kind: str, read: dict[str, object]) -> Policy:
    """Return the policy once its parts fit together."""
    banded = "threshold" in read or "relative_threshold" in read
    inward = read.get("destination", "target") != "target"
    own = read.get("own_bands")
    if own and (kind == "hold" or (kind == "calendar" and not inward)):
        raise words.error(
            say("bands have no meaning for {kind}", kind=kind),
            say("leave them out, or write: {grammar}", grammar=GRAMMAR),
        )
    if kind in ("threshold", "hybrid") and not banded:
        raise words.error(say("a band is missing"), say("write: {text} 5%", text=words.text.strip()))
    if kind == "calendar" and inward and not banded:
        raise words.error(
            say("the destination needs a band"), say("write for example: calendar quarterly 5% to edge")
        )
    if kind == "calendar" and banded and not inward:
        raise words.error(
            say("a calendar has no band"),
            say("write hybrid for both; a band here goes with `to edge` or `to halfway`"),
        )
    if kind == "threshold":
        read.setdefault("look", "daily")
    fields = {"threshold": None, "max_interval_days": None} | read
    return Policy(kind=kind, **fields)  # type: ignore[arg-type]


def text(policy: Policy) -> str:
    """Return the text of a policy, which `parse` reads back to the same rule.

    What has no effect (the band of a calendar that trades to the target) is not printed.

    >>> text(Policy())
    'hybrid quarterly 5% 180d'
    """
    if policy.kind == "hold":
        return "hold"
    inward = policy.destination != "target"
    words: list[str] = [policy.kind]
    if policy.kind != "threshold":
        words.append(policy.look)
    if policy.kind != "calendar" or inward:
        if policy.threshold is not None:
            words.append(_percent(policy.threshold))
        if policy.kind == "hybrid" and policy.max_interval_days is not None:
            words.append(f"{policy.max_interval_days}d")
        if policy.relative_threshold is not None:
            words += ["relative", _percent(policy.relative_threshold)]
    if policy.kind == "threshold" and policy.look != "daily":
        words += ["look", policy.look]
    if policy.look_at == "last" and policy.look != "daily":
        words.append("last")
    if inward:
        words += ["to", policy.destination]
    if policy.cooldown_days:
        words += ["cooldown", f"{policy.cooldown_days}d"]
    if policy.own_bands and (policy.kind != "calendar" or inward):
        words += ["with", ", ".join(map(_own_text, policy.own_bands))]
    return " ".join(words)


def _own_text(own: OwnBand) -> str:
    parts = [own.name]
    if own.threshold is not None:
        parts.append(_percent(own.threshold))
    if own.relative_threshold is not None:
        parts += ["relative", _percent(own.relative_threshold)]
    return " ".join(parts)


def _percent(fraction: Decimal) -> str:
    return f"{plain(fraction.scaleb(2, EXACT))}%"
