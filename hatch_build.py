"""What building a wheel does beside copying: catalogues of messages and fonts go in compressed."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKED = (("src/steelyard/languages", "*.po"), ("src/steelyard/data/fonts", "*.ttf"))
"""Folders and what of them goes in compressed, a quarter to a third of its size."""


class PackedFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Puts `ko.po.z` into a wheel for `ko.po`, and so on; an editable installation reads the sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compress every such file and name it to the builder."""
        if version == "editable":
            return
        self.made = tempfile.TemporaryDirectory()
        made = Path(self.made.name)
        for folder, names in PACKED:
            for source in sorted((Path(self.root) / folder).glob(names)):
                packed = made / f"{source.name}.z"
                packed.write_bytes(zlib.compress(source.read_bytes(), 9))
                build_data["force_include"][str(packed)] = f"{folder.removeprefix('src/')}/{packed.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what is in the wheel now."""
        if version != "editable":
            self.made.cleanup()
