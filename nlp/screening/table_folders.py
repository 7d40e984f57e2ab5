"""
The tables of a finished run as folders of Parquet files, which Spark, Hive and Delta take as tables.

They are cut from the tables themselves, so that a run that was finished earlier gets the same ones.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from chartsift.nlp.screening.folder import TABLE_FOLDERS
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.schema import TABLES

# Row groups of a file: of a quarter of a million rows, or of less text. Spark reads a file by several cores where it is
# large, and wastes little on one that is small.
_GROUPS_PER_FILE = 16
_COMPRESSION = "zstd"


def write_folders(results: RunResults) -> None:
    """
    Write the tables of a run as ``tables/NAME/part-….parquet`` beside them, each with ``_SUCCESS``.

    All of them appear at once, in place of earlier ones.

    Raises:
        ScreeningError: a table is damaged (SC405).
    """
    out = results.out
    making = out / f".{TABLE_FOLDERS}.making"
    shutil.rmtree(making, ignore_errors=True)
    # They hold note text: for the owner only.
    making.mkdir(mode=0o700)
    try:
        for name in TABLES:
            try:
                _write_folder(results.path(name), making / name)
            except pa.ArrowException as exc:
                raise results.damaged(name) from exc
        shutil.rmtree(out / TABLE_FOLDERS, ignore_errors=True)
        making.rename(out / TABLE_FOLDERS)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write_folder(table: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with pq.ParquetFile(table) as file:
        groups = file.num_row_groups
        # An empty table has a file, too: Spark infers no schema from nothing.
        for number, first in enumerate(range(0, max(1, groups), _GROUPS_PER_FILE)):
            with pq.ParquetWriter(
                folder / f"part-{number:08d}.parquet", file.schema_arrow, compression=_COMPRESSION
            ) as part:
                for group in range(first, min(first + _GROUPS_PER_FILE, groups)):
                    part.write_table(file.read_row_group(group))
    (folder / "_SUCCESS").touch(mode=0o600)
