"""The parts of a file that let several funds meet a target: classes, and funds that are a bit of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from steelyard.adapters.files.toml_places import Path
from steelyard.adapters.files.toml_reader import Reader
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import ONE, exact_sum, plain
from steelyard.domain.policy.goals import AssetClass
from steelyard.words import say

CLASS_KEYS = ("members", "buy")


def names_in(
    reader: Reader, catalogue: Catalogue, table: Mapping[str, Any], key: str, path: Path
) -> list[str] | None:
    """Return a list of symbols or names of the catalogue as symbols, None where there is no such list."""
    raw = table.get(key)
    if raw is None:
        return None
    if not isinstance(raw, list) or not all(isinstance(name, str) and name.strip() for name in raw):
        reader.problem(
            "not-a-list",
            say("{key} must be a list of symbols", key=key),
            say('write {key} = ["VOO"]', key=key),
            (*path, key),
        )
        return None
    return list(dict.fromkeys(catalogue.resolve(name.strip()) or name.strip() for name in raw))


def read_classes(reader: Reader, tree: Mapping[str, Any], catalogue: Catalogue) -> dict[str, AssetClass]:
    """Read [classes.NAME], a class inside another replaced by its members."""
    written: dict[str, tuple[list[str], list[str] | None]] = {}
    for name, table in reader.table(tree, "classes").items():
        path: Path = ("classes", name)
        if not isinstance(table, dict):
            hint = say('write [classes.{name}] and under it members = ["VOO"]', name=name)
            reader.problem("not-a-table", say("{name} must be a table", name=name), hint, path)
            continue
        reader.unknown_keys(table, CLASS_KEYS, path)
        members = names_in(reader, catalogue, table, "members", path)
        if not members and not table.get("members"):
            reader.problem(
                "key-missing",
                say("class {name} has no members", name=name),
                say('write members = ["VOO", "VTI"]'),
                path,
            )
        written[name] = (members or [], names_in(reader, catalogue, table, "buy", path))
    found = {}
    for name, (_, buy) in written.items():
        members = _expanded(reader, written, name, ())
        bought = members if buy is None else [s for part in buy for s in _one(reader, written, part)]
        found[name] = AssetClass(name, tuple(dict.fromkeys(members)), tuple(dict.fromkeys(bought)))
    return found


def _one(reader: Reader, written: Mapping[str, tuple[list[str], list[str] | None]], name: str) -> list[str]:
    return _expanded(reader, written, name, ()) if name in written else [name]


def _expanded(
    reader: Reader,
    written: Mapping[str, tuple[list[str], list[str] | None]],
    name: str,
    inside: tuple[str, ...],
) -> list[str]:
    """Return the symbols of a class, those of classes in it included."""
    if name in inside:
        if name == min(inside):  # said once, of whichever class of the circle comes first
            reader.problem(
                "class-circle",
                say("class {name} contains itself", name=name),
                say("take {inner} out of its members", inner=inside[-1]),
                ("classes", name, "members"),
            )
        return []
    found = []
    for member in written[name][0]:
        found += _expanded(reader, written, member, (*inside, name)) if member in written else [member]
    return found


def check_targets(
    reader: Reader,
    targets: Mapping[str, Decimal],
    classes: Mapping[str, AssetClass],
    exposures: Mapping[str, Mapping[str, Decimal]],
) -> None:
    """Note symbols that count twice, exposures that do not add up, and purchases that count for nothing."""
    counted: dict[str, str] = {}
    for name, symbol in _counted(targets, classes):
        if symbol in counted and counted[symbol] != name:
            other = counted[symbol]
            text = say("{symbol} counts for {one} and for {other}", symbol=symbol, one=other, other=name)
            place = ("classes", name, "members") if name in classes else ("targets", name)
            hint = say("keep it in one of them, or give it [instruments.{symbol}] exposure", symbol=symbol)
            reader.problem("counts-twice", text, hint, place)
        counted.setdefault(symbol, name)
    for symbol, row in exposures.items():
        path = ("instruments", symbol, "exposure")
        known = {name: part for name, part in row.items() if name in targets}
        first = next(iter(targets), "us_equity")
        for name in row:
            if name not in targets:
                reader.problem(
                    "exposure-unknown",
                    say("{symbol} is exposed to {name}, which is no target", symbol=symbol, name=name),
                    say(
                        'name a target under [instruments.{symbol}.exposure]: {first} = "100%"',
                        symbol=symbol,
                        first=first,
                    ),
                    path,
                )
        total = exact_sum(known.values())
        if len(known) == len(row) and total != ONE:
            reader.problem(
                "exposure-sum",
                say("the exposure of {symbol} adds up to {total} %", symbol=symbol, total=plain(total * 100)),
                say("let its parts add up to 100 %; the rest needs a class with a target of 0 %"),
                path,
            )
        if symbol in counted:
            reader.problem(
                "counts-twice",
                say("{symbol} counts in parts and wholly for {one}", symbol=symbol, one=counted[symbol]),
                say("take it out of {one}, or leave its exposure out", one=counted[symbol]),
                path,
            )
    for name in targets:
        for symbol in classes[name].buy if name in classes else ():
            if symbol not in classes[name].members and symbol not in exposures:
                reader.problem(
                    "not-a-member",
                    say(
                        "{symbol} may be bought for {name} and does not count for it",
                        symbol=symbol,
                        name=name,
                    ),
                    say("add {symbol} to its members", symbol=symbol),
                    ("classes", name, "buy"),
                )


def _counted(targets: Mapping[str, Decimal], classes: Mapping[str, AssetClass]) -> Iterator[tuple[str, str]]:
    for name in targets:
        for symbol in classes[name].members if name in classes else (name,):
            yield name, symbol
