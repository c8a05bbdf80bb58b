"""Where the tables of the lake lie, and what their logs alone say of them."""

from __future__ import annotations

from collections import Counter

from contract.settings import Settings
from spark_jobs.lake.files import data_files


def table_path(settings: Settings, table: str) -> str:
    return f"{settings.lake}/{table}"


def row_counts(settings: Settings, table: str, partition: str) -> dict[str, int]:
    """Rows of a table by the value of one partition column, from the table's log alone; empty if there is no table."""
    counts: Counter[str] = Counter()
    for file in data_files(table_path(settings, table)):
        counts[str(file.partition[partition])] += file.rows
    return dict(counts)


def has_rows(settings: Settings, table: str) -> bool:
    """Whether a table is there and holds anything, from its log alone."""
    return bool(data_files(table_path(settings, table)))
