"""What building a wheel does beside copying: catalogues of messages go in compressed."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackedCatalogues(BuildHookInterface):  # type: ignore[type-arg]
    """Puts `ko.po.z` into a wheel for `ko.po`; an editable installation reads the sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compress every catalogue and name it to the builder."""
        if version == "editable":
            return
        self.made = tempfile.TemporaryDirectory()
        made = Path(self.made.name)
        for source in sorted((Path(self.root) / "src/steelyard/languages").glob("*.po")):
            packed = made / f"{source.name}.z"
            packed.write_bytes(zlib.compress(source.read_bytes(), 9))
            build_data["force_include"][str(packed)] = f"steelyard/languages/{packed.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what is in the wheel now."""
        if version != "editable":
            self.made.cleanup()
