"""Reads a Parquet file as columns of plain Python values; only here is pyarrow imported, when asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steelyard.adapters.machine.file_bytes import read_file
from steelyard.extras import ExtraMissing
from steelyard.words import Text, say

LARGEST = 500_000_000
"""Bytes that a file of prices may have."""
MOST_ROWS, MOST_CELLS = 5_000_000, 30_000_000
"""Twenty thousand sessions of a thousand symbols are 20 million cells."""


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
        source = pyarrow.BufferReader(read_file(path, LARGEST))
        meta = pyarrow.parquet.ParquetFile(source).metadata
        if meta.num_rows > MOST_ROWS or meta.num_rows * meta.num_columns > MOST_CELLS:
            # What repeats takes next to no room in the file, and much when it is read.
            raise ValueError(
                say(
                    "it has {rows:,} rows and {columns:,} columns; at most {most:,} rows and {cells:,} cells "
                    "are read",
                    rows=meta.num_rows,
                    columns=meta.num_columns,
                    most=MOST_ROWS,
                    cells=MOST_CELLS,
                )
            )
        columns = plain_columns(pyarrow.parquet.read_table(source))
    except (OSError, ValueError, ArithmeticError, pyarrow.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(reason if isinstance(reason, Text) else reason.splitlines()[0]) from None
    return columns
