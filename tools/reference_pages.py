"""Writes the pages of docs/reference that say what programs get: `python tools/reference_pages.py`.

documents.md is made of the schemas, python.md of the names of `steelyard`, their signatures and docstrings,
catalogue.md of the catalogue's file. A test compares each with the code.
"""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import steelyard
from steelyard import errors

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
SCHEMAS = REFERENCE / "schemas"
CATALOGUE = ROOT / "src" / "steelyard" / "data" / "catalogue.json"

DOCUMENTS = """\
# Documents

What `--json` prints, key by key. This page is written by `tools/reference_pages.py` from the [schemas](schemas/), which a
test holds to real output: no key more, none less.

**Promise.** Every document names its kind and number under `schema`, as `steelyard/check/1`. Under one number keys may be
added; none listed here is renamed, dropped, or given another type, unit or meaning. Whatever breaks that gets a new number.
Texts for people (`text`, `reason`, `note`, `hint`, `why`, `title`) may be worded anew at any time and follow the language
asked for; programs go by the keys and codes beside them.

**Money, prices, shares and weights are decimal text** (`"550000"`, `"412.35"`), exact and never through a binary float; so are
all numbers whose type is *decimal* below. Statistics of backtests are JSON numbers. The unit of each number stands beside it:

| unit | means |
|---|---|
| base currency | `base_currency` of the document or of the portfolio file, whatever the instrument is quoted in: the `amount` of a fund in dollars is in won where the base currency is won |
| tax currency | that of the jurisdiction: won in `KR`, dollars in `US`, yen in `JP` |
| money in `X` | the currency that stands under the key `X` beside it |
| fraction | 0.05 is 5 % |
| fraction a year | the same, a year |

`*` stands for each entry of a list, or for each name in an object. A key in *italics* is not in every document of its kind.
"""
PYTHON = """\
# Python names

Every name of `import steelyard`, with what it returns and raises. This page is written by `tools/reference_pages.py` from
signatures and docstrings; examples are in the [guide](../guides/library.md).

**Promise.** These names, their arguments and the attributes of what they return stay as they are within a major version;
arguments and attributes may be added. What is not listed here (other modules, names with an underscore) may change at any
time. Money, prices, shares and weights are `Decimal`, days are `date`, tuples are immutable.

`Place` is a portfolio file: a path, or a `Folder` that another function returned. `Money` is an amount as `Decimal`, `int`, or
text (`"1000000"`, `"500 USD"`).
"""
CATALOGUE_PAGE = """\
# Catalogue

The instruments that were checked one by one. This page is written by `tools/reference_pages.py` from the catalogue's file.
Behind them stands a wider list of {wider:,} ETFs, fund classes and money-market funds of both countries, second hand;
`steelyard find` searches both and says which is which ([how](../guides/models-and-catalogue.md#instruments)).

A fact that is not known is left out, never guessed. What the portfolio file says under `[instruments.SYMBOL]` wins over all of
it. *Tax class* is the [Korean class](../guides/tax-korea.md); the US class is `security` unless it says otherwise. XNYS stands
for every US listing, since all US exchanges keep the same sessions.

| symbol | name | exchange | asset class | tax class | US class | index | checked |
|---|---|---|---|---|---|---|---|
"""


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its name."""
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted(SCHEMAS.glob("*.json"))}


def kind(schema: dict[str, Any]) -> str:
    """The type of a value in a word or two."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {"day": "date", "moment": "time", "currency": "currency code", "perhaps": "decimal, null"}.get(
            name, "`buy`, `sell`" if name == "side" else name
        )
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join("null" if word is None else f"`{word}`" for word in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            parts = [kind(part) for part in schema[key]]
            return ", ".join(sorted(dict.fromkeys(parts), key=lambda part: part == "null"))
    found = schema.get("type", "anything")
    words = {"string": "text", "array": "list", "boolean": "true or false", "integer": "whole number"}
    names = found if isinstance(found, list) else [found]
    return ", ".join(words.get(name, name) for name in names)


def keys(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every key of a document by its path, with its schema and whether it is always there."""
    needed = set(schema.get("required", ()))
    for name, inside in schema.get("properties", {}).items():
        yield f"{path}{name}", inside, name in needed
        yield from keys(inside, f"{path}{name}.")
    for word in ("items", "additionalProperties"):
        inside = schema.get(word)
        if isinstance(inside, dict):
            here = path.removesuffix(".")
            deep = "properties" in inside or "items" in inside or "additionalProperties" in inside
            if not deep or inside.get("description"):
                yield f"{here}.*", inside, True
            yield from keys(inside, f"{here}.*.")
    for word in ("anyOf", "oneOf"):
        for inside in schema.get(word, ()):
            yield from keys(inside, path)


def documents_page() -> str:
    """Documents as a page."""
    parts = [DOCUMENTS]
    for name, schema in schemas().items():
        title = schema["title"].rstrip(".")
        rows = ["| key | type | unit | |", "|---|---|---|---|"]
        for path, inside, always in keys(schema):
            shown = f"`{path}`" if always else f"*`{path}`*"
            said = inside.get("description", "").replace("|", "\\|")
            rows.append(f"| {shown} | {kind(inside)} | {inside.get('unit', '')} | {said} |")
        link = f"[{name}.json](schemas/{name}.json)"
        parts.append(f"## {name}\n\n{title}: `{schema['$id']}`, {link}.\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def sections(doc: str) -> dict[str, str]:
    """A docstring's parts by their heading; what comes before the first stands under `""`."""
    found, name, lines = {}, "", []
    for line in [*inspect.cleandoc(doc).splitlines(), "End:"]:
        if re.fullmatch(r"(Args|Returns|Raises|Attributes|Source|Yields|Example|End):", line):
            found[name], name, lines = "\n".join(lines).strip("\n"), line[:-1], []
        else:
            lines.append(line)
    return found


def listed(text: str) -> list[str]:
    """The entries of a section, `name: words`, each on one line."""
    entries: list[str] = []
    for line in text.splitlines():
        if re.match(r" {4}\S", line):
            entries.append(line.strip())
        elif line.strip():
            entries[-1] += f" {line.strip()}"
    return entries


def bullets(text: str) -> str:
    """A section as a list, names in code type."""
    return "\n".join(re.sub(r"^([\w, ]+):", lambda m: f"- `{m[1]}`:", entry) for entry in listed(text))


def signature(name: str, function: Any) -> str:
    """A function's signature on as few lines as fit."""
    found = inspect.signature(function)
    parts, named = [], False
    for parameter in found.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not named:
            parts.append("*")
        named = named or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = ""
        if parameter.default is not parameter.empty:
            default = " = ..." if callable(parameter.default) else f" = {parameter.default!r}"
        parts.append(f"{stars}{parameter.name}: {plain(parameter.annotation)}{default}")
    line = f"{name}({', '.join(parts)}) -> {plain(found.return_annotation)}"
    if len(line) <= 100:
        return line
    return (
        f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f") -> {plain(found.return_annotation)}"
    )


def plain(annotation: object) -> str:
    """A type as it is written, without the modules it is taken from."""
    return re.sub(r"\b[a-z_]+(?:\.[a-z_]+)*\.(?=[A-Z])", "", str(annotation).strip("'"))


def functions() -> dict[str, Any]:
    """Every public function by name, those of the room `batch` with it in front."""
    found = {name: getattr(steelyard, name) for name in steelyard.__all__ if name != "__version__"}
    room = steelyard.batch
    for name in getattr(room, "__all__", None) or [n for n in vars(room) if not n.startswith("_")]:
        value = getattr(room, name)
        if inspect.isfunction(value) and value.__module__ == room.__name__:
            found[f"batch.{name}"] = value
    return found


@cache
def known(module: str) -> dict[str, str]:
    """Names that a module of ours defines or takes from others, also for its types alone, with their module."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(inspect.getsource(import_module(module)))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("steelyard"):
            found |= {alias.asname or alias.name: str(node.module) for alias in node.names}
        elif isinstance(node, ast.ClassDef):
            found[node.name] = module
    return found


def results() -> list[type]:
    """What the functions return, and what that holds: every record of ours with its attributes told."""
    todo = [
        (function.__annotations__.get("return", ""), function.__module__) for function in functions().values()
    ]
    found: dict[tuple[str, str], type] = {}
    while todo:
        said, module = todo.pop()
        for word in re.findall(r"[A-Z]\w+", str(said)):
            place = known(module).get(word)
            made = getattr(import_module(place), word, None) if place else None
            if not isinstance(made, type) or (word, made.__module__) in found:
                continue
            if "Attributes" not in sections(made.__doc__ or ""):
                continue
            found[word, made.__module__] = made
            held = [v for k, v in getattr(made, "__annotations__", {}).items() if not k.startswith("_")]
            todo += [(one, made.__module__) for one in held]
    return [found[name] for name in sorted(found)]


def python_page() -> str:
    """Python names as a page."""
    parts = [PYTHON, "## Functions\n"]
    for name, function in functions().items():
        told = sections(function.__doc__ or "")
        block = [f"### `{name}`\n", f"```text\n{signature(name, function)}\n```\n", told[""] + "\n"]
        for heading in ("Args", "Returns", "Raises"):
            if told.get(heading):
                body = bullets(told[heading]) if heading != "Returns" else " ".join(told[heading].split())
                label = {"Args": "Arguments", "Returns": "Returns", "Raises": "Raises"}[heading]
                block.append(f"{label}:\n\n{body}\n" if heading != "Returns" else f"Returns: {body}\n")
        parts.append("\n".join(block))
    parts.append("## Results\n\nRecords that the functions return, and what these hold.\n")
    for made in results():
        told = sections(made.__doc__ or "")
        more = "\n\n`to_dict()` gives its [document](documents.md)." if hasattr(made, "to_dict") else ""
        parts.append(
            f"### `{made.__name__}`\n\nOf `{made.__module__}`. {told['']}\n\n{bullets(told['Attributes'])}{more}\n"
        )
    parts.append("## Exceptions\n\nAll are raised with a stable `code` ([errors](errors.md)) and a `hint`.\n")
    parts.append("| exception | is a | exit status | |\n|---|---|---|---|")
    for made in vars(errors).values():
        if isinstance(made, type) and issubclass(made, Exception) and made.__module__ == errors.__name__:
            first = " ".join((made.__doc__ or "").strip().split("\n\n")[0].split())
            status = getattr(made, "exit_status", "")
            parts[-1] += f"\n| `{made.__name__}` | `{made.__base__.__name__}` | {status} | {first} |"
    return "\n".join(parts) + "\n"


def catalogue_page() -> str:
    """The catalogue as a page."""
    from steelyard.adapters.files import packaged

    found = json.loads(CATALOGUE.read_text(encoding="utf-8"))["instruments"]
    rows = [
        "| "
        + " | ".join(
            (
                f"`{symbol}`", one["name"], one["exchange"], one.get("asset_class", ""),
                one.get("tax_class", ""), one.get("us_class", ""), one.get("index", ""), one.get("checked_on", ""),
            )
        )
        + " |"
        for symbol, one in found.items()
    ]  # fmt: skip
    wider = sum(1 for _ in packaged.WiderList(packaged.DATA / "wider_catalogue.bin").rows())
    return CATALOGUE_PAGE.format(wider=wider) + "\n".join(rows) + "\n"


PAGES = {"documents.md": documents_page, "python.md": python_page, "catalogue.md": catalogue_page}


if __name__ == "__main__":
    for name, made in PAGES.items():
        (REFERENCE / name).write_text(made(), encoding="utf-8")
        print(f"{name}: {len((REFERENCE / name).read_text(encoding='utf-8').splitlines())} lines")
