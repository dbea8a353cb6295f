"""The journal's use cases: record, import, and take back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Protocol

from steelyard.app.books.broker_numbers import Numbered, corrections, lost, numbered, typed_before
from steelyard.app.books.lots import lots_misnamed
from steelyard.app.books.opening import openings, refuse_before_opening
from steelyard.app.books.undoing import last_words, taken_back, written_together
from steelyard.domain.books.conversion import NOTE as CONVERTED_NOTE
from steelyard.domain.books.holdings import Holdings, holdings, shortfalls
from steelyard.domain.books.ledger import OPENING_NOTE, Entry, Recorded, Row, counting
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError, PortfolioProblems, Problem
from steelyard.records import dataclass, replace
from steelyard.words import say


class Journal(Protocol):
    """Where entries are kept: rows are added, never changed."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def rows(self) -> tuple[Recorded, ...]:
        """Return every row, first written first, counter-entries included."""
        ...

    def fresh(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return those rows of one file that are not there yet."""
        ...

    def add(
        self,
        rows: Sequence[Row],
        source: str,
        at: datetime,
        *,
        anew: Collection[int] = (),
        takes_back: Sequence[int] = (),
    ) -> tuple[int, ...]:
        """Add what is not there yet, all or nothing; return the numbers of the new rows.

        `anew` are places of rows that are new whatever bears their number, `takes_back` the numbers of rows
        that no longer count with it.
        """
        ...

    def record(self, entry: Entry, source: str, at: datetime) -> int:
        """Add one entry, whether or not an equal one is there; return its number."""
        ...

    def take_back(self, numbers: Sequence[int], at: datetime) -> tuple[int, ...]:
        """Add a counter-entry for each of these rows, all or none."""
        ...


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rows added, and rows that were there already.

    Attributes:
        added, known: How many.
        taken_back: How many of those that were there already do not count, since they were taken back.
        opening: How many entries were written before them, for what the file held.
        converted: How many conversions were written with them.
        corrected: How many of those added stand for what the journal had under the same broker's number.
        cancelled: How many entries the file took back.
        by_hand: How many of those known were recorded by hand.
    """

    added: int
    known: int
    taken_back: int = 0
    opening: int = 0
    converted: int = 0
    corrected: int = 0
    cancelled: int = 0
    by_hand: int = 0


Conversions = Callable[[Sequence[Entry], Sequence[Entry]], Sequence[Entry]]
"""The conversions that a broker makes by itself for new entries, beside those that count already."""
Cancellations = Sequence[tuple[int | None, str]]
"""Lines of a file, and the broker's number of the row that each takes back."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """A file beside the journal: what is new of it, and how its numbers fared."""

    there: tuple[Recorded, ...]
    fresh: tuple[Row, ...]
    numbers: Numbered

    @property
    def left(self) -> list[Entry]:
        """What counts of the journal after the file has taken back what it takes back."""
        gone = set(self.numbers.takes_back)
        return [r.entry for r in self.there if r.counts and r.number not in gone]


def _compared(
    journal: Journal,
    rows: Sequence[Row],
    name: str,
    cancellations: Cancellations,
    *,
    corrected: bool,
    again: bool,
) -> _Compared:
    # What is known already was looked at when it came, and would count twice here.
    there = journal.rows()
    found = numbered(there, rows, cancellations)
    problems = [*lost(found, name), *typed_before(found, name)]
    if not corrected:
        problems += corrections(found, name)
    if problems:
        raise PortfolioProblems(tuple(sorted(problems, key=lambda p: p.line or 0)))
    if not any(row.reference for row in rows):
        fresh = journal.fresh(rows)
    else:
        new = {id(row) for row in (*journal.fresh([r for r in rows if not r.reference]), *found.new)}
        fresh = tuple(row for row in rows if id(row) in new)
    _refuse_amended(there, rows, fresh, name)
    if not again:
        _refuse_elsewhere(there, fresh)
    refuse_before_opening(there, fresh, name)
    return _Compared(there, fresh, found)


def _refuse_elsewhere(there: Sequence[Recorded], fresh: Sequence[Row]) -> None:
    """Refuse a file of which every row is in another account already: its account was forgotten."""
    if len(fresh) < _FEW or not there:
        return
    left = Counter[object](_booking(row.entry) for row in fresh)
    found: dict[str, Counter[object]] = {}
    for recorded in there:
        key = _booking(recorded.entry)
        if recorded.counts and left[key]:
            found.setdefault(recorded.entry.account, Counter())[key] += 1
    own = {row.entry.account for row in fresh}
    for account, said in found.items():
        if account not in own and all(said[key] >= many for key, many in left.items()):
            raise InputError(
                "import-elsewhere",
                say(
                    "all {many} new rows are in account {account!r} already", many=len(fresh), account=account
                ),
                say(
                    "give the account of the file with --account; if both accounts did the same,"
                    " import with --again"
                ),
            )


def _converted(
    asked: Conversions | None, there: Sequence[Entry], first: Sequence[Entry], fresh: Iterable[Row]
) -> Sequence[Entry]:
    new = [row.entry for row in fresh]
    return asked([*there, *first], new) if asked is not None and new else ()


def entries_of(rows: Iterable[Recorded]) -> list[Entry]:
    """Return the facts that count, in the order they were written."""
    return [row.entry for row in rows if row.counts]


def record(
    journal: Journal,
    entry: Entry,
    *,
    as_of: date,
    at: datetime,
    file: Portfolio | None = None,
    opening: bool = False,
    again: bool = True,
    converted: Conversions | None = None,
) -> int:
    """Add one entry and return its number.

    Args:
        journal: Where to.
        entry: What happened.
        as_of: It may not be dated later.
        at: The time of writing.
        file: What the portfolio file alone holds, None where there is no file.
        opening: Write first what the account of the entry holds in the file, where the journal lacks it.
        again: Also when an equal entry that counts is there already.
        converted: What the broker converts for it, written with it; None where nothing is.

    Raises:
        InputError: It is dated after `as_of`, more would be taken than is held on some day, or the journal
            knows nothing of what the file holds in its account (`journal-opening`).
    """
    if not again:
        _refuse_repeated(journal.rows(), entry)
    there = journal.rows()
    refuse_before_opening(there, [Row(entry)], journal.name)
    first = openings(file, entries_of(there), [entry], journal.name, asked=opening)
    refuse_wrong(there, [*map(Row, first), Row(entry)], journal.name, as_of, file=file)
    more = converted([*entries_of(there), *first], [entry]) if converted is not None else ()
    if not first and not more:
        return journal.record(entry, "record", at)
    # Numbered by how much is there: one that was taken back and is written again is another one.
    rows = [Row(e, reference=f"open:{len(there)}:{n}") for n, e in enumerate((*first, entry, *more))]
    return journal.add(rows, "record", at)[len(first)]


def _refuse_repeated(there: Iterable[Recorded], entry: Entry) -> None:
    """Refuse an entry that is there already: typed twice is likelier than done twice."""
    same = next((r.number for r in there if r.counts and _identity(r.entry) == _identity(entry)), None)
    if same is not None:
        raise InputError(
            "entry-repeated",
            say("this is entry {number} already", number=same),
            say("if it happened twice, enter it with --again"),
        )


def import_rows(
    journal: Journal,
    rows: Sequence[Row],
    name: str,
    *,
    as_of: date,
    at: datetime,
    file: Portfolio | None = None,
    opening: bool = False,
    converted: Conversions | None = None,
    cancellations: Cancellations = (),
    corrected: bool = False,
    again: bool = True,
) -> Imported:
    """Add the rows of a file, all or none; what is there already is not added again.

    Args:
        journal: Where to.
        rows: Of one file.
        name: The file.
        as_of: No row may be dated later.
        at: The time of writing.
        file: What the portfolio file alone holds, None where there is no file.
        opening: Write first what the accounts of the rows hold in the file, where the journal lacks it.
        converted: What the broker converts for rows that are not there yet, written with them.
        cancellations: Line, and the broker's number of the row that it takes back.
        corrected: Rows whose number is there with other figures stand in their place.
        again: Also where another account has all of them already.

    Raises:
        InputError: Another account has all of them already (`import-elsewhere`).
        PortfolioProblems: A number is there with other figures (`entry-corrected`), or what was typed looks
            like a row (`entry-amended`); rows dated later, or that take more than is held on their day, by
            line; the journal knows nothing of what the file holds in some account (`journal-opening`).
    """
    at_hand = _compared(journal, rows, name, cancellations, corrected=corrected, again=again)
    there, fresh, numbers = at_hand.there, at_hand.fresh, at_hand.numbers
    first = openings(file, at_hand.left, [row.entry for row in fresh], journal.name, asked=opening)
    refuse_wrong(there, [*map(Row, first), *fresh], name, as_of, gone=numbers.takes_back, file=file)
    opened = [Row(e, reference=f"open:{len(there)}:{n}") for n, e in enumerate(first)]
    more = _converted(converted, at_hand.left, first, fresh)
    own = [Row(e, reference=f"convert:{len(there)}:{n}") for n, e in enumerate(more)]
    new = {id(row) for row in fresh if row.reference}
    every_one = len(fresh) == len(rows)
    kept = rows if every_one else [row for row in rows if not row.reference or id(row) in new]
    every = [*opened, *kept, *own] if opened or own else kept
    anew = {place for place, row in enumerate(every) if id(row) in new}
    gone_with_it = last_words(there, numbers.takes_back)
    nothing = not (fresh or opened or own or gone_with_it)
    written = () if nothing else journal.add(every, name, at, anew=anew, takes_back=gone_with_it)
    added = len(written) - len(opened) - len(own)
    gone = {number for _, number in cancellations}
    done = Imported(
        added,
        sum(row.reference not in gone for row in rows) - added if gone else len(rows) - added,
        opening=len(opened),
        converted=len(own),
        corrected=len(numbers.corrected),
        cancelled=len(numbers.cancelled),
        by_hand=len(numbers.by_hand),
    )
    if not done.known or all(row.counts for row in there):
        return done
    known = Counter(_identity(row.entry) for row in rows) - Counter(_identity(row.entry) for row in fresh)
    counting = Counter(_identity(row.entry) for row in there if row.counts)
    return replace(done, taken_back=(known - counting).total())


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do.

    Attributes:
        added, known: As of `Imported`.
        before, after: What the journal says is held, and what it would say.
        missing: What the journal has in the time and the accounts of the file, and the file has not.
    """

    added: int
    known: int
    before: Holdings
    after: Holdings
    missing: tuple[Recorded, ...] = ()


def _missing(there: Iterable[Recorded], rows: Sequence[Row]) -> tuple[Recorded, ...]:
    """Return what a file ought to have: entries of its accounts between its first day and its last."""
    if not rows:
        return ()
    days = [row.entry.traded_on for row in rows]
    accounts = {row.entry.account for row in rows}
    said = Counter(_identity(row.entry) for row in rows)
    found = []
    for recorded in there:
        entry = recorded.entry
        own = entry.note in (OPENING_NOTE, CONVERTED_NOTE) or entry.account not in accounts
        if not recorded.counts or own or not min(days) <= entry.traded_on <= max(days):
            continue
        key = _identity(entry)
        if said[key]:
            said[key] -= 1
        else:
            found.append(recorded)
    return tuple(found)


def preview_rows(
    journal: Journal,
    rows: Sequence[Row],
    name: str,
    *,
    as_of: date,
    file: Portfolio | None = None,
    opening: bool = False,
    converted: Conversions | None = None,
    cancellations: Cancellations = (),
    corrected: bool = False,
    again: bool = True,
) -> Preview:
    """Return what `import_rows` would do, and write nothing.

    Raises:
        InputError, PortfolioProblems: As `import_rows`.
    """
    at_hand = _compared(journal, rows, name, cancellations, corrected=corrected, again=again)
    there, fresh = at_hand.there, at_hand.fresh
    first = openings(file, at_hand.left, [row.entry for row in fresh], journal.name, asked=opening)
    refuse_wrong(there, [*map(Row, first), *fresh], name, as_of, gone=at_hand.numbers.takes_back, file=file)
    old = [entry for entry in entries_of(there) if entry.traded_on <= as_of]
    left = [entry for entry in at_hand.left if entry.traded_on <= as_of]
    more = _converted(converted, at_hand.left, first, fresh)
    new = [*left, *first, *(row.entry for row in fresh), *more]
    gone = set(at_hand.numbers.takes_back)
    missing = _missing([r for r in there if r.number not in gone], rows)
    return Preview(len(fresh), len(rows) - len(fresh), holdings(old, as_of), holdings(new, as_of), missing)


def undo(journal: Journal, *, number: int | None, whole_import: bool, at: datetime) -> tuple[Recorded, ...]:
    """Take back an entry by a counter-entry; return what was taken back, and after it what counts again.

    Args:
        journal: Where.
        number: Which row; a counter-entry too, which brings back what it took. The newest that counts
            unless given.
        whole_import: All rows of its import with it.
        at: The time of writing.

    Raises:
        InputError: There is nothing to take back, or what is left would sell more than is held.
    """
    rows = journal.rows()
    there = [row for row in rows if row.counts]
    if number is None and not there:
        raise InputError(
            "nothing-to-undo", say("the journal has no entry that counts"), say("see `steelyard history`")
        )
    chosen = [row for row in rows if row.number == (there[-1].number if number is None else number)]
    if whole_import and chosen:
        chosen = written_together(rows, chosen[0].batch) or chosen
    numbers = taken_back(rows, chosen) or (number or 0,)
    standing = counting([*((r.number, r.takes_back) for r in rows), *((-n, n) for n in numbers)])
    left = [r.entry for r in rows if standing[r.number]]
    before = {id(s.entry) for s in shortfalls(entries_of(rows))}
    for short in shortfalls(left):
        if id(short.entry) not in before:
            raise short.error
    journal.take_back(numbers, at)
    again = [replace(r, counts=True) for r in rows if standing[r.number] and not r.counts]
    return (*(replace(r, counts=False) for r in chosen), *again)


_identity = attrgetter(*(name for name in Entry.__match_args__ if name != "note"))
"""What an entry says, remarks aside."""
_booking = attrgetter(*(name for name in Entry.__match_args__ if name not in ("note", "account")))
"""What an entry says, wherever it happened."""
_NAMING = frozenset({"sell", "transfer", "transfer_out"})
"""Kinds whose lot is one of those that are held."""
_FEW = 2
"""Fewer rows than these may be the same in two accounts by chance."""
_ADDED_LATER = (
    "note", "fx_rate", "tax_base_price", "lot", "ex_date", "gift_value", "gift_tax", "order_id", "part",
    "foreign_tax", "foreign_rate",
)  # fmt: skip
_event = attrgetter(*(name for name in Entry.__match_args__ if name not in _ADDED_LATER))
"""An entry without what is often added to a file later."""


def _refuse_amended(there: Sequence[Recorded], rows: Sequence[Row], fresh: Sequence[Row], name: str) -> None:
    """Refuse rows that are there already with fewer or other details: they would count as a second trade."""
    if not there or not any(not row.reference for row in fresh):
        return
    new = {id(row) for row in fresh}
    said_again = Counter(_event(row.entry) for row in rows if id(row) not in new)
    numbers: dict[tuple[object, ...], list[int]] = {}
    for recorded in there:
        if recorded.counts:
            numbers.setdefault(_event(recorded.entry), []).append(recorded.number)
    problems = []
    for row in fresh:
        event = _event(row.entry)
        # Equal rows are two trades, in the file and in the journal alike; only a changed one is doubtful.
        left = numbers.get(event, [])[said_again[event] :]
        if row.reference or not left:
            continue
        said_again[event] += 1
        problems.append(
            Problem(
                "entry-amended",
                say(
                    "the {kind} is entry {left} already, with another fx_rate, tax_base_price, lot "
                    "or other detail",
                    kind=row.entry.kind,
                    left=left[0],
                ),
                say(
                    "take the old one back with `steelyard undo {left}` (`--import` for its whole "
                    "file) and import again; a second trade like it is entered with `steelyard "
                    "record`",
                    left=left[0],
                ),
                name,
                row.line,
            )
        )
    if problems:
        raise PortfolioProblems(tuple(problems))


def refuse_wrong(
    there: Sequence[Recorded],
    rows: Sequence[Row],
    name: str,
    as_of: date,
    *,
    gone: Collection[int] = (),
    file: Portfolio | None = None,
) -> None:
    """Raise every row that is dated too late or takes what is not there, once `gone` is taken back.

    Which lots are there to be named depends on how an account sells, which its file says.
    """
    if not rows and not gone:
        return
    problems = [
        Problem(
            "entry-in-future",
            say(
                "the {kind} is dated {traded_on}, after {as_of}",
                kind=row.entry.kind,
                traded_on=row.entry.traded_on,
                as_of=as_of,
            ),
            say("correct the date, or enter it when it has happened"),
            name,
            row.line,
        )
        for row in rows
        if row.entry.traded_on > as_of
    ]
    old = entries_of(there)
    line = {id(row.entry): row.line for row in rows}
    before = {id(short.entry) for short in shortfalls(old)}
    left = [r.entry for r in there if r.counts and r.number not in gone] if gone else old
    for short in shortfalls([*left, *(row.entry for row in rows)]):
        if id(short.entry) not in before:
            error = short.error
            problems.append(Problem(error.code, error.message, error.hint, name, line.get(id(short.entry))))
    if not problems and file is not None and any(row.entry.lot for row in rows if row.entry.kind in _NAMING):
        for entry, error in lots_misnamed([*left, *(row.entry for row in rows)], file):
            if id(entry) in line:
                problems.append(Problem(error.code, error.message, error.hint, name, line[id(entry)]))
    if problems:
        raise PortfolioProblems(tuple(sorted(problems, key=lambda p: p.line or 0)))
