"""Keep the catalogues of messages: `tools/words.py` brings them up to date, `--check` only reports.

What people read is found in the sources (`say("…")`) and in the help of the commands. A message that is new
is added without a translation, one that is gone is dropped. The order is that of the messages, and nothing
else stands in a catalogue, so that two people who add messages seldom meet.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import normalize, read_po
from jinja2 import Environment, nodes

from steelyard.interfaces.cli.help_words import help_texts
from steelyard.interfaces.cli.main import cli
from steelyard.languages import FOLDER, korean
from steelyard.words import placeholders, written

SOURCES = FOLDER.parent


def said(sources: Path = SOURCES) -> tuple[dict[str, list[str]], list[str]]:
    """Return every message that the sources say with the modules that say it, and what it cannot read.

    babel finds calls in tokens and would pass over what is no literal; a tree is read in half the time.
    """
    found: dict[str, list[str]] = {}
    unclear = []
    for path in sorted(sources.rglob("*.html")):
        name = path.relative_to(sources).as_posix()
        for template, given, line in in_template(path.read_text(encoding="utf-8")):
            if template is None:
                unclear.append(f"not a literal: {name}:{line}")
                continue
            found.setdefault(template, []).append(name)
            if given != placeholders(template):
                unclear.append(f"facts differ from placeholders: {name}:{line}")
    for path in sorted(sources.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "say(" not in text:
            continue
        name = path.relative_to(sources).as_posix()
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"):
                continue
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.setdefault(first.value, []).append(name)
                given = {keyword.arg for keyword in node.keywords}
                if None not in given and given != placeholders(first.value):
                    unclear.append(f"facts differ from placeholders: {name}:{node.lineno}")
            else:
                unclear.append(f"not a literal: {name}:{node.lineno}")
    return found, unclear


def in_template(text: str) -> Iterator[tuple[str | None, set[str], int]]:
    """Yield every message of a page with the facts it is given and its line; None for what is no literal."""
    for call in Environment().parse(text).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "say":
            first = call.args[0] if call.args else None
            literal = first.value if isinstance(first, nodes.Const) else None
            yield literal, {keyword.key for keyword in call.kwargs}, call.lineno


def in_data() -> Iterator[tuple[str, str]]:
    """Yield what people read of the data files that come along, as `words.written` makes it, and the file."""
    folder = SOURCES / "data"
    for row in json.loads((folder / "models.json").read_text(encoding="utf-8")).values():
        yield from (
            (str(written(row[key]).template), "data/models.json") for key in ("description", "source")
        )

    for path in sorted((folder / "presets").glob("*.toml")):
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        yield from ((str(written(why).template), f"data/presets/{path.name}") for why in reasons(found))

    for path in sorted(folder.glob("tax_*.json")):
        keys = ("text", "source", "doubtful") if path.stem == "tax_kr" else ("text", "doubtful")
        for rule in json.loads(path.read_text(encoding="utf-8"))["rules"]:
            yield from ((str(written(rule[k]).template), f"data/{path.name}") for k in keys if rule.get(k))


def reasons(preset: object) -> Iterator[str]:
    """Yield why rows are left out or refused, wherever a preset says so."""
    if isinstance(preset, dict):
        if isinstance(why := preset.get("why"), str):
            yield why
        preset = list(preset.values())
    if isinstance(preset, list):
        for part in preset:
            yield from reasons(part)


def in_help() -> Iterator[tuple[str, str]]:
    """Yield every text of the commands' help, and where it is shown."""
    yield from ((text, "interfaces/cli") for text in help_texts(cli))


def messages() -> tuple[dict[str, list[str]], list[str]]:
    """Return every message with where it is said, and what is unclear: of sources, data files and help."""
    found, unclear = said()
    for key, where in (*in_data(), *in_help()):
        found.setdefault(key, []).append(where)
    return found, unclear


def catalogue(path: Path) -> dict[str, str]:
    """Return a catalogue as babel reads it."""
    with path.open("rb") as file:
        found = read_po(file)
    return {str(m.id): str(m.string) for m in found if m.id}


def faults(code: str, messages: dict[str, list[str]]) -> Iterator[str]:
    """Yield what is wrong with a catalogue: missing, unused, other placeholders, unfit particles."""
    kept = catalogue(FOLDER / f"{code}.po")
    for key in messages:
        if not kept.get(key):
            yield f"missing: {key!r} ({', '.join(sorted(set(messages[key])))})"
    for key, text in kept.items():
        if key not in messages:
            yield f"unused: {key!r}"
        if text and placeholders(key) != placeholders(text):
            yield f"placeholders differ: {key!r} -> {text!r}"
        if code == "ko" and (found := korean.unfit_particle(text)):
            yield f"write the particle {found!r} as a format of its word: {text!r}"


def write(code: str, messages: dict[str, str]) -> None:
    """Write a catalogue, its header kept."""
    path = FOLDER / f"{code}.po"
    header = path.read_text(encoding="utf-8").split("\n\n", 1)[0]
    blocks = [header]
    for key, text in sorted(messages.items()):
        blocks.append(f"msgid {normalize(key, width=0)}\nmsgstr {normalize(text, width=0)}")
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def main() -> int:
    found, problems = messages()
    for path in sorted(FOLDER.glob("*.po")):
        kept = catalogue(path)
        if "--check" not in sys.argv:
            write(path.stem, {key: kept.get(key, "") for key in found})
        problems += [f"{path.stem}: {fault}" for fault in faults(path.stem, found)]
    print("\n".join(problems) or f"{len(found)} messages, nothing missing")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
