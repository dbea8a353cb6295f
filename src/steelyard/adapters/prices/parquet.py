"""Reads a Parquet file as columns of plain Python values; only here is pyarrow imported, when asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steelyard.extras import ExtraMissing


def plain_columns(table: Any) -> dict[str, list[object]]:
    """Return the columns of an Arrow table; a number of single precision is its shortest text's number.

    412.35 in single precision is 412.350006103515625 in double: nobody wrote that.
    """
    single = {
        n for n, field in zip(table.column_names, table.schema, strict=True) if str(field.type) == "float"
    }
    columns: dict[str, list[object]] = table.to_pydict()
    for name in single:
        import numpy as np

        columns[name] = [v if v is None else float(str(np.float32(str(v)))) for v in columns[name]]
    return columns


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
        columns = plain_columns(pyarrow.parquet.read_table(path))
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(reason) from None
    return columns
