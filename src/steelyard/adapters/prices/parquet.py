"""Reads a Parquet file as columns of plain Python values; only here is pyarrow imported, when asked."""

from __future__ import annotations

from pathlib import Path

from steelyard.extras import ExtraMissing


def read(path: Path) -> dict[str, list[object]]:
    """Return the columns of a Parquet file in its order, an empty cell as None.

    Raises:
        ExtraMissing: pyarrow is not installed.
        ValueError: It cannot be read; the text is one line and says why.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ExtraMissing("parquet", path.name, "pyarrow") from None

    try:
        columns: dict[str, list[object]] = pyarrow.parquet.read_table(path).to_pydict()
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(reason) from None
    return columns
