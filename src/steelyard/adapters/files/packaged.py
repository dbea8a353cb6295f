"""The data files that come with the package: the catalogue, the model portfolios, the sample.

Found beside this file rather than through importlib.resources, whose import costs more than the reading.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.policy.models import Model
from steelyard.words import written

DATA = Path(__file__).parents[2] / "data"


class WiderList:
    """The wider catalogue: a text in which a symbol or a name is searched for, read when first asked.

    A line is `SYMBOL<tab>JSON` or `@folded name<tab>SYMBOL` (`tools/catalogue.py` writes them). It stays
    bytes, and only the line that is asked for is parsed: all of them would take longer than `check` does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes = b""
        self._entries: dict[str, dict[str, Any] | None] = {}
        self._names = 0

    def entry(self, symbol: str) -> dict[str, Any] | None:
        """Return the fields of an instrument, stand-ins under `replacements`; None where there is none."""
        if symbol not in self._entries:
            found = self._line(symbol)
            self._entries[symbol] = None if found is None else json.loads(found)
        return self._entries[symbol]

    def named(self, name: str) -> str | None:
        """Return the symbol of a folded name or an ISIN, None where there is none."""
        return None if "\n" in name else self._line(f"@{name}")

    def names(self) -> dict[str, str]:
        """Return every folded name and its symbol."""
        lines = self._whole().partition(b"\n@")[2].decode().splitlines()
        pairs = (line.removeprefix("@").partition("\t") for line in lines)
        return {name: symbol for name, _, symbol in pairs}

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return every instrument by its symbol."""
        for line in self._whole().partition(b"\n@")[0].split(b"\n"):
            symbol, tab, fields = line.partition(b"\t")
            if tab:
                yield symbol.decode(), json.loads(fields)

    def _whole(self) -> bytes:
        if not self._bytes:
            self._bytes = self._path.read_bytes()
        return self._bytes

    def _line(self, key: str) -> str | None:
        # Sorted by bytes within each part, so that halving finds a line: a search through the text takes
        # half a millisecond, and a portfolio of twenty asks a hundred times.
        data, wanted = self._whole(), key.encode("utf-8", "replace")
        names = self._names = self._names or data.index(b"\n@")
        low, high = (names, len(data)) if wanted.startswith(b"@") else (0, names)
        while low < high:
            start = data.rfind(b"\n", low, (low + high) // 2 + 1) + 1 or low
            end = data.find(b"\n", start)
            end = len(data) if end < 0 else end
            found, _, rest = data[start:end].partition(b"\t")
            if found == wanted:
                return rest.decode()
            if found < wanted:
                low = end + 1
            else:
                high = start - 1
        return None


_WIDER = WiderList(DATA / "wider_catalogue.txt")
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
