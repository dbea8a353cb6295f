"""The folders of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.adapters.batch.clusters import Dask, Ray, Threads
from steelyard.adapters.batch.out_folder import OutFolder
from steelyard.adapters.batch.tables_in import InFolder, one_table
from steelyard.adapters.batch.work_folder import WorkFolder

if TYPE_CHECKING:
    import pyarrow as pa

    from steelyard.ports.batch import Engine, Results, Tables, Work


def batch_tables(folder: Path) -> Tables:
    """Return the tables in a folder."""
    return InFolder(folder)


def batch_table(path: Path) -> pa.Table:
    """Return the table of a Parquet file.

    Raises:
        InputError: It cannot be read (`batch-table`).
    """
    return one_table(path)


def batch_work(folder: Path, *, new: bool = False) -> Work:
    """Return prepared work, or an empty place for it.

    Raises:
        InputError: Something else is in the folder (`batch-folder`).
    """
    return WorkFolder.begun(folder) if new else WorkFolder(folder)


def batch_results(folder: Path) -> Results:
    """Return where plans go."""
    return OutFolder(folder)


def batch_engine(name: str, workers: int, address: str | None) -> Engine:
    """Return what carries the tasks of a batch out.

    Args:
        name: `threads`, `dask` or `ray`.
        workers: Tasks at a time, where no cluster of somebody else's does them.
        address: Of a cluster that runs already.
    """
    if name == "dask":
        return Dask(workers, address)
    return Ray(workers, address) if name == "ray" else Threads(workers)
