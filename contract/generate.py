"""Writes what follows from the declarations of events, tables and metrics.

    python -m contract.generate      # or: make contract

Anyone who adds an event, a table, a metric, or a field or column of one edits `contract/events.py`, `contract/tables/` or
`contract/metrics.py`, runs this, and commits both. A test holds the committed files against the declarations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from contract import event_files, semantic_files, table_files
from contract.events import EVENT_TYPES
from contract.metrics import METRICS
from contract.settings import CHECKOUT
from contract.tables import TABLES

_PLACES = ("dbt_project/models/staging/*/*", "dbt_project/models/marts/**/*", "docs/schemas/*.json")
_NOTICES = (event_files.NOTICE, table_files.NOTICE, semantic_files.NOTICE)


def generated_files(root: Path) -> dict[Path, str]:
    """Every generated file, path below `root` to content; of a page that is partly written by hand, with the rest as it is."""
    files = event_files.text_files() | table_files.sql_files()
    files |= _as_text(event_files.yaml_files(), event_files.NOTICE) | _as_text(table_files.yaml_files(), table_files.NOTICE)
    files |= _as_text(semantic_files.yaml_files(), semantic_files.NOTICE)
    return files | {table_files.PAGE: table_files.analysts_page((root / table_files.PAGE).read_text())}


def _as_text(files: Mapping[Path, dict[str, Any]], notice: str) -> dict[Path, str]:
    return {
        path: f"# {notice}\n{yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)}"
        for path, content in files.items()
    }


def write(root: Path) -> list[Path]:
    """Write the generated files below `root` and remove those whose event or table is gone; returns the paths written."""
    files = generated_files(root)
    for pattern in _PLACES:
        for path in filter(Path.is_file, root.glob(pattern)):
            is_generated = any(notice in path.read_text() for notice in _NOTICES)
            if is_generated and path.relative_to(root) not in files:
                path.unlink()
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return list(files)


if __name__ == "__main__":
    report = {"step": "contract", "rows_in": len(EVENT_TYPES) + len(TABLES) + len(METRICS), "rows_out": len(write(CHECKOUT))}
    print(json.dumps(report, separators=(",", ":")))
