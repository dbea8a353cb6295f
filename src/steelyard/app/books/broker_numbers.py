"""Rows that bear a broker's own number, beside what the journal has under it: known, new, or corrected.

A number may stand for several fills, and a file may hold only the later ones; so what is equal is matched
first. What is left on both sides is one booking with two contents: a correction, which its owner accepts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from steelyard.domain.books.ledger import Entry, Recorded, Row
from steelyard.errors import Problem
from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Numbered:
    """What became of the numbered rows of a file.

    Attributes:
        new: Those that are not there, corrected ones among them.
        corrected: What the journal has, and the row that has the same number and says something else.
        cancelled: What the journal has and the file takes back.
        unknown: Line and number of what the file takes back and nobody has.
        by_hand: What was recorded without a number and is the same as a row of the file.
        like: What was recorded without a number, and the row that may be the same with other figures.
    """

    new: tuple[Row, ...]
    corrected: tuple[tuple[Recorded, Row], ...]
    cancelled: tuple[Recorded, ...]
    unknown: tuple[tuple[int | None, str], ...]
    by_hand: tuple[Recorded, ...] = ()
    like: tuple[tuple[Recorded, Row], ...] = ()

    @property
    def takes_back(self) -> tuple[int, ...]:
        """Numbers of the journal's rows that no longer count."""
        return tuple(r.number for r in (*(old for old, _ in self.corrected), *self.cancelled))


def numbered(
    there: Iterable[Recorded], rows: Sequence[Row], cancellations: Sequence[tuple[int | None, str]] = ()
) -> Numbered:
    """Match the numbered rows of a file with those of a journal.

    Args:
        there: Every row of the journal.
        rows: Of the file, in its order; those without a number are left out.
        cancellations: Line, and the number that it takes back. What is in the same file goes with it.

    A number that was taken back, by its owner or by the broker, stays so when the same row comes again.
    """
    families: dict[str, list[Row]] = {}
    for row in rows:
        if row.reference:
            families.setdefault(row.reference, []).append(row)
    if not families and not cancellations:
        return Numbered((), (), (), ())
    gone = {reference for _, reference in cancellations}
    kept: dict[str, list[Recorded]] = {}
    typed: list[Recorded] = []
    for recorded in there:
        reference = _base(recorded.reference, families, gone)
        if reference is not None:
            kept.setdefault(reference, []).append(recorded)
        elif recorded.counts and ":" not in recorded.reference:
            typed.append(recorded)
    hand = _Typed(typed, [row for row in rows if not row.reference])
    new: set[int] = set()
    corrected: list[tuple[Recorded, Row]] = []
    for reference, own in families.items():
        if reference in gone:
            continue
        left = list(kept.get(reference, ()))
        unmatched = [row for row in own if not _match(row.entry, left)]
        standing = [recorded for recorded in left if recorded.counts]
        corrected += zip(standing, unmatched, strict=False)
        new |= {id(row) for row in unmatched if reference in kept or not hand.has(row)}
    cancelled, unknown = [], []
    for line, reference in cancellations:
        found = kept.get(reference, [])
        cancelled += [recorded for recorded in found if recorded.counts]
        if not found and reference not in families:
            unknown.append((line, reference))
    added = tuple(row for row in rows if id(row) in new)
    fresh = [row for row in added if row.reference not in kept]
    return Numbered(
        added,
        tuple(corrected),
        tuple(cancelled),
        tuple(unknown),
        tuple(hand.taken),
        tuple(hand.like(fresh)),
    )


class _Typed:
    """Entries without a number, for the rows of a file that have one: typed first, then imported."""

    def __init__(self, recorded: Sequence[Recorded], own: Sequence[Row]) -> None:
        # What the file itself has without a number is that, and nothing that was typed.
        said = Counter[object](_identity(row.entry) for row in own if recorded)
        self.equal: dict[object, list[Recorded]] = {}
        self.taken: list[Recorded] = []
        for one in recorded:
            key = _identity(one.entry)
            if said[key]:
                said[key] -= 1
            else:
                self.equal.setdefault(key, []).append(one)

    def has(self, row: Row) -> bool:
        """Say whether a row was typed before, and take it: an equal one after it is another."""
        # Asked first: of most files nothing was typed, and they are long.
        found = self.equal.get(_identity(row.entry)) if self.equal else None
        if not found:
            return False
        self.taken.append(found.pop(0))
        return True

    def like(self, rows: Sequence[Row]) -> Iterator[tuple[Recorded, Row]]:
        """Yield what is left of it with rows of the same day, account, type, instrument and size."""
        left: dict[object, list[Recorded]] = {}
        for recorded in (one for found in self.equal.values() for one in found):
            left.setdefault(_event(recorded.entry), []).append(recorded)
        for row in rows:
            near = left.get(_event(row.entry))
            if near:
                yield near.pop(0), row


_same = attrgetter(*(name for name in Entry.__match_args__ if name != "note"))
"""What an entry says, remarks aside."""
_identity = attrgetter(*(name for name in Entry.__match_args__ if name not in ("note", "order_id")))
"""What somebody can type of it."""
_event = attrgetter("traded_on", "account", "kind", "symbol", "shares", "currency")
"""What it is likely to be the same by."""


def typed_before(found: Numbered, name: str) -> list[Problem]:
    """Return a problem for each row that may have been typed before with other figures: twice the same."""
    return [
        Problem(
            "entry-amended",
            say(
                "the {kind} looks like entry {number}, which was recorded by hand and says {old};"
                " the file says {new}",
                kind=row.entry.kind,
                number=old.number,
                old=_told(old.entry, row.entry),
                new=_told(row.entry, old.entry),
            ),
            say(
                "take the old one back with `steelyard undo {number}` and import again; where both happened,"
                " import with --leave {line} and enter this one with `steelyard record`",
                number=old.number,
                line=row.line or 0,
            ),
            name,
            row.line,
        )
        for old, row in found.like
    ]


def corrections(found: Numbered, name: str) -> list[Problem]:
    """Return a problem for each row that says of a known number something else."""
    return [
        Problem(
            "entry-corrected",
            say(
                "the broker's number of this row is entry {number} already, which says {old};"
                " the file says {new}",
                number=old.number,
                old=_told(old.entry, row.entry),
                new=_told(row.entry, old.entry),
            ),
            say("where the broker corrected it, import with --corrected: the entry is taken back for it"),
            name,
            row.line,
        )
        for old, row in found.corrected
    ]


def lost(found: Numbered, name: str) -> list[Problem]:
    """Return a problem for each cancellation of what neither the file nor the journal has."""
    return [
        Problem(
            "import-row",
            say(
                "it takes back {reference}, which is neither in the file nor in the journal",
                reference=reference,
            ),
            say(
                "import the file that has it first, or leave the row out with --leave {line}", line=line or 0
            ),
            name,
            line,
        )
        for line, reference in found.unknown
    ]


def _base(reference: str, families: dict[str, list[Row]], gone: set[str]) -> str | None:
    """Return the number that a content id belongs to, None where it is none of the file's."""
    if reference in families or reference in gone:
        return reference
    base, sign, count = reference.rpartition("#")
    return base if sign and count.isdecimal() and (base in families or base in gone) else None


def _match(entry: Entry, left: list[Recorded]) -> bool:
    """Take the row that is equal, remarks aside, out of those that are left; say whether there is one."""
    same = _same(entry) if left else None
    for place, recorded in enumerate(left):
        if recorded.takes_back is None and _same(recorded.entry) == same:
            del left[place]
            return True
    return False


_FACTS = ("traded_on", "account", "kind", "symbol", "shares", "price", "currency", "fees", "fx_rate", "lot")


def _told(entry: Entry, other: Entry) -> str:
    """Return what an entry says otherwise than another, in a few words."""
    parts = [
        f"{name} {getattr(entry, name)}" for name in _FACTS if getattr(entry, name) != getattr(other, name)
    ]
    return ", ".join(parts) or "other details"
