"""The wiring that the DAGs share: assets, schedules, tags, and the one way in which tasks start commands.

Every asset is partitioned by the business date (`YYYY-MM-DD`). `ingest` creates the keys and the other DAGs follow. A DAG
follows one asset, and one task updates it: what a DAG needs of several tasks is gathered within the DAG of these tasks. On
PostgreSQL, a DAG with several assets waits for ever if two of them are updated within milliseconds (apache/airflow#71070).
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, PartitionedAssetTimetable

from contract.settings import CHECKOUT, Settings
from contract.settings import LAKE_WRITERS as LAKE_WRITERS
from contract.settings import LAKE_WRITERS_SLOTS as LAKE_WRITERS_SLOTS
from dags.alerts import alert
from dags.tasks import Command, IngestGate
from dags.timetable import DayBefore
from spark_jobs.families import command as families_command

EVENTS = Asset(name="events", group="lake")
MODELS = Asset(name="models", group="lake")
MARTS = Asset(name="marts", group="published")
BI_COPIES = Asset(name="bi_copies", group="published")
MERCHANT_SUCCESS_EXPORTS = Asset(name="merchant_success_exports", group="exports")

SETTINGS = Settings.from_environment()


class Tag(StrEnum):
    """The closed set of tags: how much depends on a DAG, and what it is about."""

    TIER_1 = "tier_1"  # the morning's figures depend on it: look at once
    TIER_2 = "tier_2"  # the figures are there, something made of them is not: look today
    INGEST = "ingest"
    MODELS = "models"
    MARTS = "marts"
    EXPORTS = "exports"
    MAINTENANCE = "maintenance"


# Arguments of every DAG.
DEFAULTS: dict[str, Any] = {
    "catchup": False,
    "is_paused_upon_creation": False,
    "max_active_runs": 1,
    # With the schedule off nothing starts by the clock. A triggered run has no logical date to compare with this one.
    "end_date": datetime.fromisoformat("2000-01-01T00:00:00Z") if SETTINGS.schedule == "off" else None,
    "default_args": {
        "owner": "data-engineering",
        "retries": 1,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(hours=4),
        "on_failure_callback": alert,
    },
}
# A run that waits for a delivery blocks neither the next night nor a run by hand. One instance of each task runs at a time,
# since a gate's results belong to the source, not to a day.
INGEST_DEFAULTS: dict[str, Any] = {
    **DEFAULTS,
    "max_active_runs": 16,
    "default_args": {**DEFAULTS["default_args"], "max_active_tis_per_dag": 1},
}


def nightly() -> DayBefore:
    """Each tick runs for the day before it: the business date, in the deployment's time zone, that is over."""
    cron = "0 2 * * *" if SETTINGS.schedule == "off" else SETTINGS.schedule
    return DayBefore(cron, timezone=SETTINGS.timezone)


def weekly() -> DayBefore:
    """Sunday afternoon, for the Saturday that is over."""
    return DayBefore("0 14 * * 0", timezone=SETTINGS.timezone)


def after(asset: Asset) -> PartitionedAssetTimetable:
    """Run for each key for which the asset has been updated."""
    return PartitionedAssetTimetable(assets=asset)


def updated(asset: Asset) -> EmptyOperator:
    """The task that updates an asset once all tasks before it have succeeded."""
    return EmptyOperator(task_id=asset.name, outlets=[asset])


def page(doc: str | None) -> str:
    """A DAG's page in Airflow: the docstring of its file, and links to results."""
    return f"{doc}\n{_LINKS}"


def command(
    task_id: str, module: str, *, outlets: list[Asset] | None = None, pool: str | None = None, slots: int = 1
) -> Command:
    """A task that runs `python -m <module>` from the checkout, as a person would, with the partition key in `$AS_OF`."""
    optional: dict[str, Any] = {"pool": pool, "pool_slots": slots} if pool else {}
    return Command(task_id=task_id, bash_command=_script(_run(module)), env=_ENV, outlets=outlets or [], **_SHELL, **optional)


def families(session: str) -> Command:
    """The task that computes the model families of a session, in one JVM."""
    return command(session, f'{families_command(session)} --as-of "$AS_OF"', pool=LAKE_WRITERS)


def ingest_gate(source: str) -> IngestGate:
    """The gate of an ingest. Under the schedule it waits for the day's delivery, and loads what came before it judges again."""
    judge = f'expectations.gate ingest --source {source} --as-of "$AS_OF" $SCHEDULED'
    arrived, ingest = f'operations.arrived --source {source} --as-of "$AS_OF"', f"spark_jobs.ingest --source {source}"
    return IngestGate(
        task_id=f"gate_{source}",
        bash_command=_script(f'if [ "$CHECKS" != 0 ]; then {_run(arrived)}; {_run(ingest)}; fi', _run(judge)),
        env={
            **_ENV,
            "CHECKS": "{{ task_reschedule_count }}",
            "SCHEDULED": "{{ '--scheduled' if dag_run.run_type == 'scheduled' else '' }}",
        },
        pool=LAKE_WRITERS,
        **_SHELL,
    )


def _script(*steps: str) -> str:
    return "; ".join(["set -eo pipefail", _REFUSE_WITHOUT_KEY, *steps])


def _run(module: str) -> str:
    """A command as a part of a script.

    All output goes to the log as it comes, and stderr also to `$SAID`, where `Command` looks for the last error. The report is
    repeated as the very last line, after anything that a JVM still writes while it exits.
    """
    return f'{{ {sys.executable} -m {module} 2>&1 >&3 | tee -a "$SAID" >&2; }} 3>&1 | tee /dev/stderr | tail -n 1'


def _report(last_line: str) -> Any:
    """The task's result: the report that a command prints as its last line."""
    try:
        return json.loads(last_line)
    except ValueError:
        return {"last_line": last_line}


_ENV = {
    "AS_OF": "{{ dag_run.partition_key or '' }}",
    "FANOUT_RUN_ID": "{{ dag.dag_id }}/{{ run_id }}",
    "PYTHONPATH": str(CHECKOUT),
}
_SHELL: dict[str, Any] = {
    "cwd": str(CHECKOUT),
    "append_env": True,
    "skip_on_exit_code": None,
    "output_processor": _report,
}
_WITHOUT_KEY = "trigger this DAG with a partition key, the business date YYYY-MM-DD"
_REFUSE_WITHOUT_KEY = f'[ -n "$AS_OF" ] || {{ echo "{_WITHOUT_KEY}" | tee "$SAID" >&2; exit 2; }}'
_LINKS = """
---
[Ledger](/fanout/ledger) · [Gate results](/fanout/gates) · [Data Docs](/fanout/data_docs) · every task is a command that
can be run by hand from the checkout; the last line of its output is its report.

**When a task fails**: read its log, fix the cause, *clear* the failed task with those after it. The DAGs after it follow by
themselves.
"""
