"""The alert when a task has failed for good."""

from __future__ import annotations

from typing import Any

from operations.cause import without_secrets
from operations.notices import send


def alert(context: Any) -> None:
    """Airflow's failure callback: tells whom the settings name."""
    instance, run, reason = context["task_instance"], context["dag_run"], context.get("exception")
    notice = {
        "dag": instance.dag_id,
        "task": instance.task_id,
        "run": run.run_id,
        "partition_key": run.partition_key,
        "reason": without_secrets(str(reason) or type(reason).__name__),
        "log": instance.log_url,
    }
    notice["text"] = "{dag}.{task} failed for {partition_key}: {reason} {log}".format(**notice)
    send(notice, "{dag}.{task} failed".format(**notice))
