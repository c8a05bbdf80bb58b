"""The wiring that the DAGs share: assets, schedules, tags, and the one way in which a task starts a command.

Every asset is partitioned by the business date (`YYYY-MM-DD`). The ingests make the keys, the other DAGs follow: a
consumer runs for a key once all its inputs were updated for it.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset, CronPartitionTimetable, PartitionedAssetTimetable
from airflow.sdk.definitions.asset import BaseAsset

from dags.alerts import alert
from expectations.settings import CHECKOUT, Settings

SHOP_EVENTS = Asset(name="shop_events", group="lake")
GROUP_EVENTS = Asset(name="group_events", group="lake")
STREAM_EVENTS = Asset(name="stream_events", group="lake")
SPREAD_GRAPH = Asset(name="spread_graph", group="lake")
COHORTS = Asset(name="cohorts", group="lake")
MARTS = Asset(name="marts", group="published")
MERCHANT_SUCCESS_EXPORTS = Asset(name="merchant_success_exports", group="exports")

SETTINGS = Settings.from_environment()
KEY_FORMAT = "%Y-%m-%d"
# Tasks that write the lake. The writers of event tables also take a lock, so that sessions may start side by side.
LAKE_WRITERS = "lake_writers"


class Tag(StrEnum):
    """The closed set of tags: how much hangs on a DAG, and what it is about."""

    TIER_1 = "tier_1"  # the morning's figures wait for it: look at once
    TIER_2 = "tier_2"  # the figures are there, something made of them is not: look today
    INGEST = "ingest"
    MODELS = "models"
    MARTS = "marts"
    EXPORTS = "exports"


# What every DAG is made with.
DEFAULTS: dict[str, Any] = {
    "catchup": False,
    "is_paused_upon_creation": False,
    "max_active_runs": 1,
    # With the schedule off nothing starts by the clock; a run that is triggered has no date to compare with this one.
    "end_date": datetime.fromisoformat("2000-01-01T00:00:00Z") if SETTINGS.schedule == "off" else None,
    "default_args": {
        "owner": "data-engineering",
        "retries": 1,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(hours=4),
        "on_failure_callback": alert,
    },
}


def nightly() -> CronPartitionTimetable:
    """Each tick runs for the day before it: the business date that is over, named in the deployment's time zone."""
    cron = "0 2 * * *" if SETTINGS.schedule == "off" else SETTINGS.schedule
    return CronPartitionTimetable(cron, timezone=SETTINGS.timezone, run_offset=-1, key_format=KEY_FORMAT)


def after(assets: BaseAsset) -> PartitionedAssetTimetable:
    """A run for each key that all of `assets` have been updated for."""
    return PartitionedAssetTimetable(assets=assets)


def page(doc: str | None) -> str:
    """A DAG's page in Airflow: the docstring of its file, and where to look."""
    return f"{doc}\n{_LINKS}"


def command(task_id: str, module: str, *, outlets: list[Asset] | None = None, pool: str | None = None) -> BashOperator:
    """A task that runs `python -m <module>` from the checkout, as a person would, with the partition key in `$AS_OF`."""
    optional: dict[str, Any] = {"pool": pool} if pool else {}
    return BashOperator(
        task_id=task_id,
        # Everything goes to the log as it comes; the report comes once more as the very last line, behind what a JVM may
        # still say on its way out.
        bash_command=f"set -o pipefail; {_REFUSE_WITHOUT_KEY}; {sys.executable} -m {module} | tee /dev/stderr | tail -n 1",
        cwd=str(CHECKOUT),
        env={
            "AS_OF": "{{ dag_run.partition_key or '' }}",
            "FANOUT_RUN_ID": "{{ dag.dag_id }}/{{ run_id }}",
            "PYTHONPATH": str(CHECKOUT),
        },
        append_env=True,
        skip_on_exit_code=None,
        output_processor=_report,
        outlets=outlets or [],
        **optional,
    )


def _report(last_line: str) -> Any:
    """What the task hands on: the report that a command prints as its last line."""
    try:
        return json.loads(last_line)
    except ValueError:
        return {"last_line": last_line}


_REFUSE_WITHOUT_KEY = ': "${AS_OF:?trigger this DAG with a partition key, the business date YYYY-MM-DD}"'
_LINKS = """
---
[Ledger](/fanout/ledger) · [Gate results](/fanout/gates) · [Data Docs](/fanout/data_docs) · every task is a command that
can be run by hand from the checkout; its last line of output is its report.

**When a task fails**: read its log, mend the cause, *clear* the failed task. The DAGs after it follow by themselves.
"""
