"""The portfolio file: TOML text to a `Portfolio`, or to every problem in it at once.

Numbers are read exactly as written, never through a binary float. The file is refused whole: half a
portfolio would be planned for as if it were all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.adapters.files.accounts import AccountsReader
from steelyard.adapters.files.classes import check_targets, read_classes
from steelyard.adapters.files.settings import (
    ExchangeRates,
    read_bands,
    read_constraints,
    read_costs,
    read_owners,
    read_policy,
    read_tax,
)
from steelyard.adapters.files.toml_reader import Reader
from steelyard.adapters.files.toml_text import bytes_of, tree_to_read
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import ONE, ZERO, is_currency, plain
from steelyard.domain.portfolio import Portfolio, Quote
from steelyard.errors import PortfolioProblems, Problem
from steelyard.languages import available
from steelyard.records import replace
from steelyard.words import LONGEST_SHOWN, Text, say

KEYS = (
    "base_currency", "language", "targets", "classes", "bands", "policy", "constraints", "costs", "fx", "tax",
    "owners", "accounts", "instruments", "prices", "priced_on",
)  # fmt: skip
_ALONE = ("base_currency", "language", "priced_on")
"""Those that are no table."""


def load(
    path: Path,
    catalogue: Catalogue,
    *,
    name: str | None = None,
    words: str | None = None,
    need_accounts: bool = True,
    need_prices: bool = True,
    symbols: Collection[str] = (),
) -> Portfolio:
    """Read a portfolio file.

    Args:
        path: The file.
        catalogue: Known instruments.
        name: What its owner calls it, for messages; `path` unless given.
        words: What it says, where somebody has read it.
        need_accounts: False for backtests, which ask for targets and policy only.
        need_prices: False for tax, which asks what was paid and not what something is worth.
        symbols: More instruments that must be known, such as those of a journal.

    Raises:
        PortfolioProblems: With every problem of the file.
    """
    name = name or str(path)

    def refuse(code: str, message: str, hint: str) -> PortfolioProblems:
        return PortfolioProblems((Problem(code, message, hint, name),))

    try:
        text = bytes_of(path).decode("utf-8-sig") if words is None else words
    except FileNotFoundError:
        raise refuse(
            "no-file", say("there is no such file"), say("write one with `steelyard init`")
        ) from None
    except IsADirectoryError:
        inside = Path(name) / "portfolio.toml"
        raise refuse(
            "unreadable",
            say("this is a folder, not a file"),
            say("name the file in it: {inside}", inside=inside),
        ) from None
    except UnicodeDecodeError as error:
        raise refuse(
            "not-utf8", say("byte {start} is not UTF-8", start=error.start), say("save the file as UTF-8")
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse(
            "unreadable",
            say("the file cannot be read: {reason}", reason=reason),
            say("check its name and rights"),
        ) from None
    return parse(text, name, catalogue, need_accounts=need_accounts, need_prices=need_prices, symbols=symbols)


def parse(
    text: str,
    name: str,
    catalogue: Catalogue,
    *,
    need_accounts: bool = True,
    need_prices: bool = True,
    symbols: Collection[str] = (),
) -> Portfolio:
    """Read the text of a portfolio file; see `load`.

    Raises:
        PortfolioProblems: With every problem of the text.
    """
    try:
        tree = tree_to_read(text)
    except ValueError as error:
        raise PortfolioProblems((_syntax(text, name, error),)) from None
    return read(tree, Reader(text, name), catalogue, need_accounts, need_prices, symbols)


def read(
    tree: Mapping[str, Any],
    reader: Reader,
    catalogue: Catalogue,
    need_accounts: bool = True,
    need_prices: bool = True,
    symbols: Collection[str] = (),
) -> Portfolio:
    """Read a tree of tables, wherever it comes from; see `load`.

    Raises:
        PortfolioProblems: With every problem of the tree, those that `reader` has noted already among them.
    """
    reader.refuse_hidden(tree)
    reader.unknown_keys(tree, KEYS, ())
    tree = _lifted(reader, tree)
    asked = tree.get("language")
    language = None if asked is None else reader.word(asked, ("language",), available())
    base = _base_currency(reader, tree)
    rates = ExchangeRates(reader, base, tree)
    classes = read_classes(reader, tree, catalogue)
    targets = _targets(reader, tree, catalogue, classes)
    policy = read_policy(reader, tree)
    own_bands = read_bands(reader, tree, catalogue, targets)
    if own_bands:
        policy = replace(policy, own_bands=own_bands)
    costs = read_costs(reader, tree, rates)
    tax = read_tax(reader, tree)
    owners = read_owners(reader, tree, tax)
    holdings = AccountsReader(reader, rates, catalogue, targets, base, classes)
    if "priced_on" in tree:
        holdings.priced_on = reader.day(tree["priced_on"], ("priced_on",))
    holdings.read_instruments(tree)
    check_targets(reader, targets, classes, holdings.exposures)
    constraints = read_constraints(reader, tree, rates, catalogue, holdings.counted)
    holdings.read_prices(tree)
    lands = {"me": tax.jurisdiction if tax else None, **{name: x.jurisdiction for name, x in owners.items()}}
    accounts = holdings.read_accounts(tree, lands, need=need_accounts)
    instruments, quotes = holdings.finish(accounts, need_prices=need_prices, symbols=symbols)
    problems = reader.problems
    if problems:
        raise PortfolioProblems(problems, language)
    return Portfolio(
        base_currency=base,
        targets=targets,
        accounts=accounts,
        quotes=quotes,
        fx=rates.known,
        instruments=instruments,
        policy=policy,
        constraints=constraints,
        costs=costs,
        tax=tax,
        owners=owners,
        source=reader.name,
        language=language,
        classes={name: classes[name] for name in targets if name in classes},
        exposures=holdings.exposures,
        fx_quotes={
            code: Quote(rate, base, priced_on=holdings.priced_on) for code, rate in rates.known.items()
        },
    )


def _syntax(text: str, name: str, error: Exception) -> Problem:
    message = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    line = None
    if "(at line " in message:
        message, _, place = message.partition(" (at line ")
        line = int(place.split(",")[0])
    hint = say("correct the line; text needs quotes, and symbols of digits do too")
    lines = text.splitlines()
    if line is not None and line <= len(lines) and "=" in lines[line - 1]:
        key, _, value = lines[line - 1].partition("=")
        if 0 < len(value.strip()) < LONGEST_SHOWN and not value.strip().startswith(("[", "{", '"', "'")):
            hint = say('write {key} = "{value}"', key=key.strip(), value=value.split("#")[0].strip())
    if not isinstance(message, Text):
        message = say("not valid TOML: {why}", why=message[:1].lower() + message[1:])
    return Problem("toml-syntax", message, hint, name, line)


def _lifted(reader: Reader, tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a tree without keys of the top that stand below the name of a table, each a problem.

    In TOML a line belongs to the table above it, which nobody who adds a table at the top thinks of.
    """
    found = dict(tree)
    for name, table in tree.items():
        for key in _ALONE:
            if isinstance(table, Mapping) and key in table:
                text = say("{key} stands below [{name}], and so belongs to it", key=key, name=name)
                hint = say("write {key} above the first [table] of the file", key=key)
                reader.problem("unknown-key", text, hint, (name, key))
                found[name] = {k: v for k, v in found[name].items() if k not in _ALONE}
    return found


def _base_currency(reader: Reader, tree: Mapping[str, Any]) -> str:
    raw = tree.get("base_currency")
    if raw is None:
        reader.problem(
            "key-missing", say("base_currency is missing"), say('add base_currency = "KRW" at the top'), ()
        )
    elif isinstance(raw, str) and is_currency(raw):
        return raw
    else:
        hint = say('write base_currency = "KRW" or "USD"')
        reader.problem("currency", say("{raw!r} is no currency code", raw=raw), hint, ("base_currency",))
    return "KRW"


def _targets(
    reader: Reader, tree: Mapping[str, Any], catalogue: Catalogue, classes: Collection[str]
) -> dict[str, Decimal]:
    table = reader.table(tree, "targets")
    targets: dict[str, Decimal] = {}
    whole = True
    for name, raw in table.items():
        path = ("targets", name)
        symbol = name if name in classes else catalogue.resolve(name) or name
        weight = reader.fraction(raw, path, below_one=False, example='"30%"')
        if symbol in targets:
            hint = say("keep one of the two lines")
            reader.problem(
                "duplicate-target",
                say("{name} and another line both mean {symbol}", name=name, symbol=symbol),
                hint,
                path,
            )
            whole = False  # the sum of what is left over would mean nothing
        whole = whole and weight is not None
        targets[symbol] = ZERO if weight is None else weight
    if not table and isinstance(tree.get("targets", table), dict):
        reader.problem(
            "no-targets", say("there are no targets"), say('add under [targets]: VOO = "100%"'), ("targets",)
        )
    total = sum(targets.values(), ZERO)
    if table and whole and total != ONE:
        gap = abs(total - ONE) * 100
        short = total < ONE
        reader.problem(
            "target-sum",
            say(
                "targets add up to {total} %, {gap} % {side} 100 %",
                total=plain(total * 100),
                gap=plain(gap),
                side=say("short of") if short else say("over"),
            ),
            say(
                "raise a weight under [targets] by {gap} points; money that should stay cash goes to "
                "`cash_reserve`",
                gap=plain(gap),
            )
            if short
            else say("lower a weight under [targets] by {gap} points", gap=plain(gap)),
            ("targets",),
        )
    return targets
