"""Checks the wider catalogue and writes it packed: a line an instrument, a line a name.

    python tools/catalogue.py

Run it after changing `tools/wider_catalogue/catalogue.json`; a test compares the data file with it.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.domain.market.catalogue import folded
from steelyard.domain.market.instruments import CAUTIONS, EXCHANGES, TAX_CLASSES, US_CLASSES

ROOT = Path(__file__).parent.parent
WIDER = Path(__file__).parent / "wider_catalogue" / "catalogue.json"
CORE = ROOT / "src" / "steelyard" / "data" / "catalogue.json"
WRITTEN = ROOT / "src" / "steelyard" / "data" / "wider_catalogue.bin"

CHOICES = {"exchange": EXCHANGES, "tax_class": TAX_CLASSES, "us_class": US_CLASSES,
           "verified": ("sourced", "memory"), "confidence": ("H", "M", "L")}  # fmt: skip
TEXTS = frozenset({
    "name", "name_en", "name_ko", "currency", "asset_class", "index", "replacement_group", "issuer", "kind",
    "identity", "isin", "source", "confirmed_in", "expense_basis",
})  # fmt: skip
FLAGS = frozenset({"us_ptp", "irp_risky", "cash_like", "leverage", "hedged", "first_hundred", "matures"})
DAYS = frozenset({"checked_on", "expense_as_of"})
LISTS = frozenset({"aliases", "from_memory"})

NEEDED = ("name", "currency", "exchange", "asset_class", "source", "checked_on", "confidence", "verified")
BLOCK_BYTES = 40000
"""Of the lines before they are packed: one block is unpacked to find one line, in about 0.15 ms."""
LEFT_OUT = frozenset({"confirmed_in", "expense_basis", "first_hundred"})
"""Of use to whoever keeps the list, not to whoever looks something up."""


def faults(document: dict[str, Any], core: dict[str, Any]) -> list[str]:
    """Return what is wrong with the wider catalogue, in sentences."""
    rows, found = document["instruments"], []
    for symbol, row in rows.items():
        wrong = list(_faults_of(symbol, row, document["sources"]))
        if row["exchange"] == "XKRX" and row["currency"] != "KRW":
            wrong.append("is listed in Seoul and not in won")
        pairs = document["replacements"].get(symbol, ())
        # Whatever else holds gold bars holds the same metal: that nothing may stand in is the answer.
        if row.get("first_hundred") and not pairs and row["asset_class"] != "gold":
            wrong.append("is one of the first hundred and has no replacement")
        if (own := row.get("identity")) is not None and own not in rows:
            wrong.append(f"is a class of {own}, which is not here")
        for other, caution, why in pairs:
            if other not in rows or caution not in CAUTIONS or not why:
                wrong.append(f"has a replacement {other!r} that is none")
        found += [f"{symbol} {text}" for text in wrong]
    found += [f"{symbol} is not in the wider list" for symbol in core["instruments"] if symbol not in rows]
    found += [
        f"{symbol} has replacements and no row" for symbol in document["replacements"] if symbol not in rows
    ]
    return found


def _faults_of(symbol: str, row: dict[str, Any], sources: dict[str, Any]) -> Any:
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9.\-]{0,15}", symbol):
        yield "is no symbol"
    for name in NEEDED:
        if not row.get(name):
            yield f"has no {name}"
    for name, value in row.items():
        if name in CHOICES:
            if value not in CHOICES[name]:
                yield f"has {name} {value!r}"
        elif name in TEXTS:
            if not isinstance(value, str) or value != " ".join(value.split()) or not value:
                yield f"has {name} {value!r}"
        elif name in DAYS:
            date.fromisoformat(value)
        elif name == "expense_ratio":
            if not 0 <= Decimal(value) <= Decimal("0.15"):
                yield f"costs {value}"
        elif name in LISTS:
            if not value or not all(isinstance(text, str) and text for text in value):
                yield f"has {name} {value!r}"
        elif name not in FLAGS:
            yield f"has an unknown field {name}"
    if "isin" in row and not _is_isin(row["isin"]):
        yield f"has the ISIN {row['isin']}, whose check digit is wrong"
    words = row.get("source", "").split()
    # A source of one or more short words is a list of keys; other sources are sentences.
    if not any(";" in w or w[:1].isupper() for w in words) and len(words) < 5 and "research" not in words:
        for key in words:
            if key not in sources:
                yield f"names the source {key!r}, which is not listed"


def _is_isin(text: str) -> bool:
    """Source: ISO 6166, the check digit by doubling every second digit from the right."""
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", text):
        return False
    digits = "".join(str(int(c, 36)) for c in text)
    return sum(int(d) for i, n in enumerate(reversed(digits)) for d in str(int(n) * (1 + i % 2))) % 10 == 0


def lines_of(document: dict[str, Any], core: dict[str, Any]) -> list[bytes]:
    """Return the lines of the data file, `SYMBOL<tab>JSON` and `@folded name<tab>SYMBOL`, sorted.

    A name of two instruments is that of the core one, else of the first; ISINs are names.
    """
    rows = document["instruments"]
    lines, names = [], {}
    for symbol in [*core["instruments"], *(s for s in rows if s not in core["instruments"])]:
        row = rows[symbol]
        told = (row["name"], row.get("name_en", ""), row.get("name_ko", ""), row.get("isin", ""), symbol)
        for name in (*told, *row.get("aliases", ())):
            if key := folded(name):
                names.setdefault(key, symbol)
    for symbol, row in sorted(rows.items()):
        fields = {k: v for k, v in row.items() if k not in LEFT_OUT}
        pairs = document["replacements"].get(symbol)
        fields |= {"replacements": pairs} if pairs else {}
        lines.append(f"{symbol}\t{json.dumps(fields, ensure_ascii=False, separators=(',', ':'))}")
    lines += [f"@{name}\t{symbol}" for name, symbol in names.items()]
    return sorted(line.encode() for line in lines)


def packed(lines: list[bytes]) -> bytes:
    """Return the data file: a table, `first key<tab>bytes` a block, an empty line, then the blocks."""
    table, blocks = [], []
    for run in _runs(lines, BLOCK_BYTES):
        blocks.append(zlib.compress(b"\n".join([b"", *run, b""]), 9))
        table.append(b"%s\t%d" % (run[0].partition(b"\t")[0], len(blocks[-1])))
    return b"\n".join(table) + b"\n\n" + b"".join(blocks)


def _runs(lines: list[bytes], size: int) -> Iterator[list[bytes]]:
    """Return the lines in runs of about `size` bytes, at least one line each."""
    run: list[bytes] = []
    for line in lines:
        if run and sum(map(len, run)) + len(line) > size:
            yield run
            run = []
        run.append(line)
    yield run


def main() -> int:
    """Check the list and write the data file; 1 where it has faults."""
    document = json.loads(WIDER.read_text(encoding="utf-8"))
    core = json.loads(CORE.read_text(encoding="utf-8"))
    found = faults(document, core)
    print("\n".join(found), end="\n" if found else "")
    if found:
        return 1
    WRITTEN.write_bytes(packed(lines_of(document, core)))
    print(f"{len(document['instruments'])} instruments, {WRITTEN.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
