"""The small tables of a batch, read into a book: models, prices, rates and instruments.

They are shared by all accounts, so a mistake in one is an error at once, every problem together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from steelyard.app.batch.account_rows import exact
from steelyard.app.batch.book import Book, Build, Instruments, Model, Row, Terms
from steelyard.app.tax.situation import Figures, situation_of_sales
from steelyard.domain.days import within
from steelyard.domain.money import ONE, parse_fraction, parse_number
from steelyard.domain.policy.policies import Policy
from steelyard.domain.policy.policy_text import parse
from steelyard.errors import InputError, PortfolioProblems, Problem, SteelyardError
from steelyard.ports.market import Sessions
from steelyard.records import replace
from steelyard.words import message_of, say

COLUMNS = {
    "models": (("model", "symbol", "target"), ("policy", "fractional")),
    "prices": (("symbol", "price"), ("priced_on",)),
    "rates": (("pair", "rate"), ()),
    "instruments": (("symbol",), ("currency", "exchange", "step", "asset_class")),
    "owners": (("owner", "jurisdiction"), None),
}
"""Columns that each table needs, and those it may have; None for any: the country knows them."""
FEW = 5
"""Examples of one mistake; the others are counted."""
DIVISIBLE = Decimal("1e-9")


class TableProblems:
    """Problems of tables, gathered so that all are told at once: of one kind a few, and how many more."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[Problem]] = {}

    def problem(self, code: str, message: str, hint: str, table: str, row: int | None = None) -> None:
        """Note a problem of a table, with its row counted from 1."""
        problem = Problem(code, message, hint, table, row)
        self._found.setdefault((table, code), []).append(problem)

    def raise_all(self) -> None:
        """Raise what was noted.

        Raises:
            PortfolioProblems: There is something.
        """
        told = []
        for (table, code), problems in self._found.items():
            told += problems[:FEW]
            more = len(problems) - FEW
            if more > 0:
                message = say("{more:,} more rows like these", more=more)
                told.append(Problem(code, message, problems[0].hint, table))
        if told:
            raise PortfolioProblems(tuple(told))


def rows_of_table(given: Any, name: str, problems: TableProblems) -> list[dict[str, Any]]:
    """Return the rows of a small table, whatever holds them; none where its columns are wrong.

    Args:
        given: An Arrow table or what can become one (Polars, DuckDB, pandas), a list of rows, or None.
        name: One of COLUMNS.
        problems: Receives what is wrong.
    """
    if given is None:
        return []
    rows = list(given) if isinstance(given, list | tuple) else arrow_table(given).to_pylist()
    names = list(dict.fromkeys(key for row in rows for key in row))
    if not isinstance(given, list | tuple):
        names = arrow_table(given).column_names
    needed, optional = COLUMNS[name]
    missing = [key for key in needed if key not in names]
    unknown = [] if optional is None else [key for key in names if key not in (*needed, *optional)]
    hint = say("columns are {needed}", needed=", ".join((*needed, *(optional or ()))))
    for key in missing if rows or not isinstance(given, list | tuple) else ():
        problems.problem("batch-column", say("the column {column} is missing", column=key), hint, name)
    for key in unknown:
        problems.problem("batch-column", say("the column {column} is not known", column=key), hint, name)
    return [] if missing else rows


def arrow_table(given: Any) -> pa.Table:
    """Return an Arrow table of whatever holds one, without a copy where its maker can do so.

    Raises:
        InputError: It is nothing that Arrow can take (`batch-table`).
    """
    if isinstance(given, pa.Table):
        return given
    if isinstance(given, pa.RecordBatch):
        return pa.Table.from_batches([given])
    if isinstance(given, Mapping):
        return pa.table(dict(given))
    try:
        if hasattr(given, "__arrow_c_stream__"):
            return pa.table(given)
        if type(given).__module__.startswith("pandas"):
            return pa.Table.from_pandas(given, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise _no_table(given, str(error)) from None
    raise _no_table(given, type(given).__name__)


def _no_table(given: object, why: str) -> InputError:
    return InputError(
        "batch-table",
        say("this is no table: {why}", why=why.splitlines()[0] if why else type(given).__name__),
        say("give an Arrow table, record batches, or a frame of Polars, DuckDB or pandas"),
    )


def read_book(
    terms: Terms,
    *,
    models: Any,
    prices: Any,
    rates: Any = None,
    instruments: Any = None,
    owners: Any = None,
    build: Build,
    known: Instruments,
    sessions: Sessions,
    figures: Figures,
) -> Book:
    """Return what all accounts share.

    Raises:
        PortfolioProblems: With every problem of the tables.
    """
    problems = TableProblems()
    book = Book(
        terms=terms,
        models=_models(rows_of_table(models, "models", problems), problems),
        prices=_prices(rows_of_table(prices, "prices", problems), terms.as_of, problems),
        rates=_numbers(rows_of_table(rates, "rates", problems), "rates", "pair", "rate", problems),
        instruments=_instruments(rows_of_table(instruments, "instruments", problems), problems),
        build=build,
        known=known,
        sessions=sessions,
        figures=figures,
        owners=_owners(rows_of_table(owners, "owners", problems), problems),
    )
    problems.raise_all()
    if not book.models:
        problems.problem(
            "batch-model", say("there is no model"), say("add a row for every target of a model"), "models"
        )
    for model in book.models.values():
        try:
            book.outline(model)
        except PortfolioProblems as refused:
            for found in refused.problems:
                problems.problem(
                    found.code, found.message, found.hint, say("model {model}", model=model.name)
                )
    problems.raise_all()
    if book.owners:
        _need_laws(book, problems)
        problems.raise_all()
    return book


def _owners(rows: Iterable[Mapping[str, Any]], problems: TableProblems) -> dict[str, dict[str, Any]]:
    """Return how persons are taxed, by the keys of [tax]; what is null was left out."""
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        name = row["owner"]
        if not isinstance(name, str) or not name:
            _cell(problems, "owners", number, "owner", say("{raw!r} is no name", raw=name))
        elif name in found:
            problems.problem(
                "batch-duplicate",
                say("{name} stands twice", name=name),
                say("keep one row"),
                "owners",
                number,
            )
        else:
            keys = (key for key in row if key != "owner" and row[key] is not None)
            found[name] = {key: exact(row[key]) for key in keys}
    return found


def _need_laws(book: Book, problems: TableProblems) -> None:
    """Note what the laws of owners do not know; a plan would only say that it counts no tax."""
    model = next(iter(book.models.values()))
    asked: set[str] = set()
    for number, (name, keys) in enumerate(book.owners.items(), 1):
        if str(keys) in asked or keys.get("household") == "joint":
            continue
        asked.add(str(keys))
        lone = replace(book, owners={name: keys})
        try:
            portfolio = lone.portfolio([Row(account=name, model=model.name, positions=(), owner=name)])
            situation_of_sales(portfolio, book.sessions, book.figures, as_of=book.terms.as_of, needed=True)
        except PortfolioProblems as refused:
            for found in refused.problems:
                problems.problem(found.code, found.message, found.hint, "owners", number)
        except SteelyardError as error:
            problems.problem(error.code, error.message, error.hint, "owners", number)


def _models(rows: Iterable[Mapping[str, Any]], problems: TableProblems) -> dict[str, Model]:
    targets: dict[str, dict[str, Decimal]] = {}
    policies: dict[str, set[str]] = {}
    divided: dict[str, set[bool]] = {}
    for number, row in enumerate(rows, 1):
        name, symbol = row["model"], row["symbol"]
        if not isinstance(name, str) or not name or not isinstance(symbol, str) or not symbol:
            _cell(problems, "models", number, "model", say("model and symbol are text"))
            continue
        weight = _number(row["target"], "models", number, "target", problems, fraction=True)
        mine = targets.setdefault(name, {})
        if symbol in mine:
            problems.problem(
                "batch-duplicate",
                say("{symbol} stands twice in model {model}", symbol=symbol, model=name),
                say("keep one row"),
                "models",
                number,
            )
        if weight is not None:
            mine[symbol] = weight
        policies.setdefault(name, set()).update({str(row["policy"])} if row.get("policy") else ())
        divided.setdefault(name, set()).add(bool(row.get("fractional")))
    found = {}
    for name, mine in targets.items():
        policy: Policy | None = None
        if len(policies[name]) > 1 or len(divided[name]) > 1:
            problems.problem(
                "batch-value",
                say("the rows of model {model} name different policies", model=name),
                say("give every row of a model the same policy and fractional"),
                "models",
            )
        for text in sorted(policies[name])[:1]:
            try:
                policy = parse(str(text))
            except InputError as error:
                problems.problem(error.code, error.message, error.hint, "models")
        found[name] = Model(name, mine, policy, True in divided[name])
    return found


def _prices(rows: list[dict[str, Any]], as_of: date, problems: TableProblems) -> dict[str, Decimal]:
    for number, row in enumerate(rows, 1):
        day = row.get("priced_on")
        day = day.date() if isinstance(day, datetime) else day
        if isinstance(day, str):
            try:
                day = within(date.fromisoformat(day))
            except ValueError:
                _cell(problems, "prices", number, "priced_on", say("{raw!r} is not a date", raw=day))
                continue
        if day is not None and not isinstance(day, date):
            _cell(problems, "prices", number, "priced_on", say("{raw!r} is not a date", raw=str(day)))
        elif day is not None and day > as_of:
            problems.problem(
                "price-after",
                say(
                    "the price of {symbol} is dated {day}, after {as_of}",
                    symbol=row["symbol"],
                    day=day,
                    as_of=as_of,
                ),
                say("give prices of {as_of} or earlier", as_of=as_of),
                "prices",
                number,
            )
    return _numbers(rows, "prices", "symbol", "price", problems)


def _numbers(
    rows: list[dict[str, Any]], table: str, key: str, column: str, problems: TableProblems
) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for number, row in enumerate(rows, 1):
        name = row[key]
        if not isinstance(name, str) or not name:
            _cell(problems, table, number, key, say("{raw!r} is no name", raw=name))
            continue
        value = _number(row[column], table, number, column, problems)
        if name in found:
            problems.problem(
                "batch-duplicate", say("{name} stands twice", name=name), say("keep one row"), table, number
            )
        elif value is not None:
            found[name] = value
    return found


def _number(
    raw: Any, table: str, row: int, column: str, problems: TableProblems, *, fraction: bool = False
) -> Decimal | None:
    """Return a number above zero (a fraction: or zero), None after noting that it is none."""
    try:
        value = (parse_fraction if fraction else parse_number)(exact(raw))
    except ValueError as error:
        _cell(problems, table, row, column, message_of(error))
        return None
    if value < 0 or (not value and not fraction):
        _cell(problems, table, row, column, say("{raw} is not above zero", raw=str(raw)))
        return None
    return value


def _cell(problems: TableProblems, table: str, row: int, column: str, message: str) -> None:
    problems.problem(
        "batch-value", message, say("correct the column {column} of that row", column=column), table, row
    )


def _instruments(rows: Iterable[Mapping[str, Any]], problems: TableProblems) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        symbol = row["symbol"]
        if not isinstance(symbol, str) or symbol in found:
            _cell(problems, "instruments", number, "symbol", say("{raw!r} is no name", raw=symbol))
            continue
        fields = {k: row[k] for k in ("currency", "exchange", "asset_class") if row.get(k) is not None}
        step = exact(row.get("step"))
        if step is not None:
            if step not in (ONE, DIVISIBLE):
                _cell(problems, "instruments", number, "step", say("{raw} is no step", raw=str(step)))
            elif step == DIVISIBLE:
                fields["fractional"] = True
        found[symbol] = fields
    return found
