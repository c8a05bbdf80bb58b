"""Writes a dbt project in which MetricFlow queries the published file: no variables, nothing to build.

    python -m publication.metricflow [--to build/metricflow]

Its models stand for the published marts, its semantic models are those of the dbt project. `mf` opens the file anew for each
command and thus sees the newest publication; docs/analysts.md says how it is installed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from contract.semantic_files import yaml_files
from contract.settings import CHECKOUT, Settings
from publication.versions import CURRENT, DATABASE

ENVIRONMENT = Path(__file__).with_suffix(".lock")  # what `mf` needs
_FOLDER = CHECKOUT / "build" / "metricflow"
_DATABASE = "fanout"  # the name that the published file is attached under
_FIRST_DAY, _LAST_DAY = "2000-01-01", "2100-12-31"  # no event is dated before; no deployment sees the end


def write(folder: Path, database: Path) -> int:
    """Write the project; returns how many marts it has models for."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    (folder / "macros").mkdir()
    [semantics] = yaml_files().values()
    marts = [re.sub(r"ref\('(\w+)'\)", r"\1", model["model"]) for model in semantics["semantic_models"]]
    for mart in marts:
        (folder / "models" / f"{mart}.sql").write_text(f"select * from {_DATABASE}.marts.{mart}\n")
    days = f"from generate_series(date '{_FIRST_DAY}', date '{_LAST_DAY}', interval 1 day) as days (day)"
    (folder / "models" / "days.sql").write_text(f"select cast(day as date) as date_day\n{days}\n")
    spine: dict[str, Any] = {"name": "days", "time_spine": {"standard_granularity_column": "date_day"}}
    spine["columns"] = [{"name": "date_day", "granularity": "day"}]
    # dbt asks the relation of a model for its schema; the marts are there already, under that name.
    schema = "{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}\n"
    (folder / "macros" / "generate_schema_name.sql").write_text(schema)
    attached = {"path": str(database), "alias": _DATABASE, "read_only": True}
    output = {"type": "duckdb", "path": ":memory:", "attach": [attached]}
    project = {
        "name": _DATABASE,
        "version": "1.0.0",
        "profile": _DATABASE,
        "flags": {"send_anonymous_usage_stats": False},
        "models": {"+database": _DATABASE, "+schema": "marts"},
    }
    files = {
        "dbt_project.yml": project,
        "profiles.yml": {_DATABASE: {"target": "published", "outputs": {"published": output}}},
        "models/semantic_models.yml": semantics,
        "models/days.yml": {"version": 2, "models": [spine]},
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return len(marts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=_FOLDER, help="a folder, which is written anew")
    folder: Path = parser.parse_args().to
    marts = write(folder, Settings.from_environment().published / CURRENT / DATABASE)
    print(json.dumps({"step": "metricflow", "rows_in": marts, "rows_out": marts, "folder": str(folder)}, separators=(",", ":")))


if __name__ == "__main__":
    main()
