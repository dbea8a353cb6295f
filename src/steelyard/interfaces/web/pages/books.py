"""The journal: what was written lately, one more entry, a broker's file with a look first, and undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import steelyard
from steelyard.domain.books.ledger import KINDS
from steelyard.domain.money import whole_number
from steelyard.errors import SteelyardError
from steelyard.interfaces.vocabulary import ENTRIES
from steelyard.interfaces.web.pages import mapping
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Upload, Visit

if TYPE_CHECKING:
    from steelyard.api.journal import ImportReport

LATEST = 20
FIELDS = ("type", "date", "account", "symbol", "shares", "price", "currency", "fees", "note")
_SAID = (mapping.COLUMN, mapping.WORD, mapping.ORDER)
DONE = ("recorded", "imported", "undone")


def books(visit: Visit) -> Screen:
    """Show the journal, or write to it what is asked."""
    what = visit.form.get("what", "")
    if not what:
        return _page(visit)
    try:
        return _done(visit, what)
    except SteelyardError as error:
        return _page(visit, problems=error.problems, status=422)


def _done(visit: Visit, what: str) -> Screen:
    if what == "undo":
        number = visit.asked("number")
        steelyard.undo(visit.file, whole_number(number), whole_import=visit.asked("whole") == "yes")
        return Screen(goto="/books?done=undone")
    if what == "look" and "file" in visit.files:
        return _looked(visit, visit.files["file"])
    if what == "map":
        kept = visit.waiting.take(visit.form.get("upload", ""))
        return _page(visit, gone=True) if kept is None else _looked(visit, kept)
    if what == "import":
        kept = visit.waiting.take(visit.form.get("upload", ""))
        if kept is None:
            return _page(visit, gone=True)
        _import(visit, kept, preview=False)
        return Screen(goto="/books?done=imported")
    if what == "record":
        fields: dict[str, Any] = {name: visit.asked(name) or None for name in FIELDS}
        steelyard.record(visit.file, opening=visit.asked("opening") == "yes", **fields)
        return Screen(goto="/books?done=recorded")
    return _page(visit)


def _looked(visit: Visit, upload: Upload) -> Screen:
    """Show what an import would do; of a file that nothing here knows, ask what its columns mean."""
    number = visit.waiting.keep(upload)
    try:
        report = _import(visit, upload, preview=True)
    except SteelyardError as error:
        said = any(key.startswith(mapping.COLUMN) for key in visit.form)
        if not said and not mapping.UNKNOWN & {p.code for p in error.problems}:
            raise
        with upload.written() as file:
            asked = mapping.asked(file, upload.name, visit.form)
        if not asked.is_table:
            raise
        problems = error.problems if said else ()
        shown = mapping.facts(asked, number, upload.name)
        return _page(visit, mapped=shown, problems=problems, status=422)
    said_so = {k: v for k, v in visit.form.items() if k.startswith(_SAID)}
    return _page(visit, looked={"report": report, "number": number, "name": upload.name, "said": said_so})


def _import(visit: Visit, upload: Upload, *, preview: bool) -> ImportReport:
    with upload.written() as file:
        columns = None
        if any(key.startswith(mapping.COLUMN) for key in visit.form):
            columns = file.with_name("map.toml")
            asked = mapping.asked(file, upload.name, visit.form)
            columns.write_text(mapping.map_text(asked), encoding="utf-8")
        return steelyard.import_(
            visit.file,
            file,
            columns=columns,
            account=visit.asked("account") or None,
            opening=visit.asked("opening") == "yes",
            preview=preview,
            name=upload.name,
        )


def _page(
    visit: Visit,
    *,
    problems: tuple[Any, ...] = (),
    looked: Mapping[str, Any] | None = None,
    mapped: Mapping[str, Any] | None = None,
    gone: bool = False,
    status: int = 200,
) -> Screen:
    rows = steelyard.history(visit.file).rows
    facts: dict[str, Any] = {}
    names: list[str] = []
    try:
        portfolio = steelyard.load(visit.file, as_of=visit.as_of, need_prices=False)
        facts = dict(about(portfolio, steelyard.check(portfolio, as_of=visit.as_of).as_of))
        names = [account.name for account in portfolio.accounts]
    except SteelyardError:
        pass  # The journal may be filled before the file is right.
    return Screen(
        "books.html",
        {
            **facts,
            "entries": rows[::-1][:LATEST],
            "total": len(rows),
            "account_names": names,
            "kinds": KINDS,
            "entry_words": ENTRIES,
            "form": {name: visit.asked(name) for name in FIELDS},
            "opening": visit.asked("opening") == "yes",
            "problems": problems,
            "looked": looked,
            "mapped": mapped,
            "gone": gone,
            "done": visit.query.get("done") if visit.query.get("done") in DONE else "",
        },
        status,
    )
