"""The presets there are."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from steelyard.adapters.importers.presets.tables import Preset

_FOLDER = Path(__file__).parents[3] / "data" / "presets"


@lru_cache(maxsize=1)
def load_presets() -> dict[str, Preset]:
    """Return every preset by its id, sorted."""
    paths = sorted(_FOLDER.glob("*.toml"))
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in paths}


def preset_names() -> tuple[str, ...]:
    """Return the ids of the presets, sorted, without reading them."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
