"""The whole wiring as data: DAGs, schedules, tasks with their commands, and the assets between them.

python -m tests.dags.wiring > tests/dags/wiring.json     # after a change that is meant
"""

from __future__ import annotations

import json
import re
from typing import Any


def wiring(dags: dict[str, Any]) -> dict[str, Any]:
    return {dag_id: _dag(dags[dag_id]) for dag_id in sorted(dags)}


def modules_of(task: Any) -> list[str]:
    """The commands after `python -m`, without the path of the interpreter; none of a task that only gathers others."""
    if not hasattr(task, "bash_command"):
        return []
    found = re.findall(r" -m (.*?) 2>&1", task.bash_command)
    assert found, task.bash_command
    return [str(module) for module in found]


def inputs(dag: Any) -> list[str]:
    """The assets that a DAG follows."""
    assets = getattr(dag.timetable, "asset_condition", None)
    # `a & b` is an AssetAll of its parts; a single asset is itself.
    return sorted(asset.name for asset in getattr(assets, "objects", [assets])) if assets else []


def _dag(dag: Any) -> dict[str, Any]:
    assets = inputs(dag)
    return {
        "schedule": assets or dag.timetable.summary,
        "tasks": {
            task.task_id: {
                "commands": modules_of(task),
                "pool": task.pool,
                "updates": sorted(asset.name for asset in task.outlets),
                "before": sorted(task.downstream_task_ids),
            }
            for task in sorted(dag.tasks, key=lambda task: str(task.task_id))
        },
    }


if __name__ == "__main__":
    import contextlib
    import os
    import sys
    import tempfile

    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp()
    os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = os.path.abspath("operations/airflow_plugins")
    from airflow.dag_processing.dagbag import DagBag

    with contextlib.redirect_stdout(sys.stderr):
        bag = DagBag("dags", safe_mode=True)
    print(json.dumps(wiring(bag.dags), indent=1))
