"""The data files that come with the package: the catalogue, the model portfolios, the sample.

Found beside this file rather than through importlib.resources, whose import costs more than the reading.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.policy.models import Model
from steelyard.words import written

DATA = Path(__file__).parents[2] / "data"


class WiderList:
    """The wider catalogue: a file in which a symbol or a name is searched for, read when first asked.

    A line is `SYMBOL<tab>JSON` or `@folded name<tab>SYMBOL`, all in the order of their bytes. They lie in
    compressed blocks, behind a table of each block's first key and size that an empty line ends
    (`tools/catalogue.py` writes them): the whole would take longer to unpack or parse than `check` does, so
    only the block that may hold the key is unpacked, and only the line that was asked for is parsed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: list[bytes] = []
        self._packed: list[bytes] = []
        self._blocks: dict[int, bytes] = {}
        self._entries: dict[str, dict[str, Any] | None] = {}

    def entry(self, symbol: str) -> dict[str, Any] | None:
        """Return the fields of an instrument, stand-ins under `replacements`; None where there is none."""
        if symbol not in self._entries:
            found = None if symbol.startswith("@") else self._line(symbol)
            self._entries[symbol] = None if found is None else json.loads(found)
        return self._entries[symbol]

    def named(self, name: str) -> str | None:
        """Return the symbol of a folded name or an ISIN, None where there is none."""
        return self._line(f"@{name}")

    def names(self) -> dict[str, str]:
        """Return every folded name and its symbol."""
        pairs = (line.decode().partition("\t") for line in self.lines() if line.startswith(b"@"))
        return {name.removeprefix("@"): symbol for name, _, symbol in pairs}

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return every instrument by its symbol."""
        for line in self.lines():
            symbol, _, fields = line.partition(b"\t")
            if not symbol.startswith(b"@"):
                yield symbol.decode(), json.loads(fields)

    def _open(self) -> None:
        if self._keys:
            return
        table, _, packed = self._path.read_bytes().partition(b"\n\n")
        start = 0
        for line in table.split(b"\n"):
            key, _, size = line.rpartition(b"\t")
            self._keys.append(key)
            self._packed.append(packed[start : start + int(size)])
            start += int(size)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._blocks[number] = zlib.decompress(self._packed[number])
        return self._blocks[number]

    def lines(self) -> Iterator[bytes]:
        """Return every line, in order."""
        self._open()
        for number in range(len(self._keys)):
            yield from self._block(number).strip(b"\n").split(b"\n")

    def _line(self, key: str) -> str | None:
        self._open()
        wanted = key.encode("utf-8", "replace")
        # Some seventy keys: to count them takes less than to load `bisect` for them.
        number = sum(key <= wanted for key in self._keys) - 1
        if number < 0 or b"\n" in wanted or b"\t" in wanted:
            return None
        block = self._block(number)
        start = block.find(b"\n" + wanted + b"\t")
        if start < 0:
            return None
        start += len(wanted) + 2
        return block[start : block.index(b"\n", start)].decode()


_WIDER = WiderList(DATA / "wider_catalogue.bin")
"""One for the process: what was read of it is kept."""


def load_catalogue() -> Catalogue:
    """Read the catalogue of instruments."""
    data = json.loads((DATA / "catalogue.json").read_text(encoding="utf-8"))
    return Catalogue(data["instruments"], data["replacements"], wider=_WIDER)


def load_models() -> tuple[Model, ...]:
    """Read the model portfolios, in the order to show them."""
    data = json.loads((DATA / "models.json").read_text(encoding="utf-8"))
    classes = json.loads((DATA / "model_classes.json").read_text(encoding="utf-8"))
    return tuple(
        Model(
            name=name,
            title=row["title"],
            weights={symbol: Decimal(weight) for symbol, weight in row["weights"].items()},
            description=written(row["description"]),
            source=written(row["source"]),
            classes={s: (classes[s]["class"], tuple(classes[s]["members"])) for s in row["weights"]},
        )
        for name, row in data.items()
    )


def sample_path() -> Path:
    """Return where the bundled sample portfolio lies."""
    return DATA / "sample.toml"
