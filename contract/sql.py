"""How texts stand in SQL: DuckDB, PostgreSQL, SQLite and DataFusion read both the same."""

from __future__ import annotations


def literal(text: object) -> str:
    """A text, or what is written as one, as a string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """The name of a table or column, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
