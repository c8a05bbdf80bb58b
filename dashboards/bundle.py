"""The bundle that Superset imports: one YAML file a database, dataset, chart and dashboard.

The same declarations and settings give the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from contract.settings import Settings
from dashboards import charts, datasets
from dashboards.boards import BOARDS, Board, Text
from dashboards.charts import BundleError, Chart
from dashboards.datasets import DATABASE, VERSION, identity
from dashboards.server import Superset
from publication.versions import CURRENT
from publication.versions import DATABASE as FILE

DATABASE_UUID = identity("database", DATABASE)
_ROOT = "fanout"
_WIDTH = 12


def engine_parameters(spill: Path) -> dict[str, Any]:
    """Under these a person reads the marts and nothing else, and no query takes the machine.

    `read_only` protects the file alone: without `enable_external_access` off, SQL reads and writes the server's files; the lock
    keeps it off. A large query spills into `spill`, since DuckDB would otherwise write into the published version, which never
    changes.
    """
    config = {
        "enable_external_access": False,
        "lock_configuration": True,
        "memory_limit": "2GB",
        "threads": 2,
        "temp_directory": str(spill),
    }
    return {"connect_args": {"read_only": True, "config": config}}


def files(settings: Settings, boards: Sequence[Board] = BOARDS) -> dict[str, str]:
    """The files of the bundle by their path.

    Raises:
        BundleError: a chart names a dataset, column or metric that is not there, or two charts have one title.
    """
    found: dict[str, Any] = {
        "metadata.yaml": {"version": VERSION, "type": "assets", "timestamp": "2000-01-01T00:00:00+00:00"},
        f"databases/{_file_name(DATABASE)}.yaml": _database(settings),
    }
    for dataset in datasets.datasets(settings.exports_url).values():
        found[f"datasets/{_file_name(DATABASE)}/{dataset.name}.yaml"] = datasets.as_yaml(dataset, DATABASE_UUID)
    numbers: dict[str, int] = {}
    for board in boards:
        for chart in board.charts:
            if chart.title in numbers:
                raise BundleError(f"two charts are called {chart.title!r}")
            numbers[chart.title] = len(numbers) + 1
            found[f"charts/{_file_name(chart.title)}.yaml"] = charts.as_yaml(chart)
        found[f"dashboards/{board.slug}.yaml"] = _board(board, numbers)
    return {path: yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True) for path, content in found.items()}


def write(settings: Settings, folder: Path) -> int:
    """Write the files of the bundle into a folder; returns how many."""
    written = files(settings)
    for path, text in written.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return len(written)


def archive(settings: Settings) -> bytes:
    """The bundle as the ZIP archive that Superset takes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for path, text in files(settings).items():
            out.writestr(zipfile.ZipInfo(f"{_ROOT}/{path}"), text)
    return packed.getvalue()


def put(superset: Superset, settings: Settings) -> None:
    """Import the bundle. It replaces what was imported before; what people made themselves stays.

    Raises:
        ServerError: Superset refuses it.
    """
    superset.upload("assets/import/", "bundle", f"{_ROOT}.zip", archive(settings))


def _file_name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _database(settings: Settings) -> dict[str, Any]:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": f"duckdb:///{settings.published / CURRENT / FILE}",
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {
            "engine_params": engine_parameters(settings.home / "superset" / "spill"),
        },
        "uuid": DATABASE_UUID,
        "version": VERSION,
    }


def _board(board: Board, numbers: dict[str, int]) -> dict[str, Any]:
    rows = [f"ROW-{number}" for number in range(1, len(board.rows) + 1)]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": rows, "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": board.title}},
    }
    for row, parts in zip(rows, board.rows, strict=True):
        if sum(part.width for part in parts) > _WIDTH:
            raise BundleError(f"{row} of the dashboard {board.title!r} is wider than {_WIDTH} columns")
        children = []
        for place, part in enumerate(parts, 1):
            name = f"{'MARKDOWN' if isinstance(part, Text) else 'CHART'}-{row[4:]}-{place}"
            children.append(name)
            position[name] = {
                "id": name,
                "type": name.partition("-")[0],
                "children": [],
                "parents": ["ROOT_ID", "GRID_ID", row],
                "meta": _meta(part, numbers),
            }
        position[row] = {
            "id": row,
            "type": "ROW",
            "children": children,
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
    return {
        "dashboard_title": board.title,
        "description": board.text,
        "css": "",
        "slug": board.slug,
        "uuid": identity("dashboard", board.slug),
        "position": position,
        "metadata": {
            "cross_filters_enabled": False,
            "expanded_slices": {},
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "native_filter_configuration": [],
        },
        "published": True,
        "version": VERSION,
    }


def _meta(part: Chart | Text, numbers: dict[str, int]) -> dict[str, Any]:
    size = {"width": part.width, "height": part.height}
    if isinstance(part, Text):
        return size | {"code": part.words}
    return size | {"chartId": numbers[part.title], "sliceName": part.title, "uuid": part.uuid}
