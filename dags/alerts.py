"""The alert when a task has failed for good: to a webhook, to a mail address, to both or to neither."""

from __future__ import annotations

import json
import os
import urllib.request
from html import escape
from typing import Any

from airflow.providers.smtp.hooks.smtp import SmtpHook

from operations.cause import without_secrets

TIMEOUT_SECONDS = 10


def alert(context: Any) -> None:
    """Airflow's failure callback: posts to FANOUT_ALERT_WEBHOOK and mails to FANOUT_ALERT_EMAIL, if they are set.

    The mail goes through Airflow's connection `smtp_default`.
    """
    instance, run, reason = context["task_instance"], context["dag_run"], context.get("exception")
    notice = {
        "dag": instance.dag_id,
        "task": instance.task_id,
        "run": run.run_id,
        "partition_key": run.partition_key,
        "reason": without_secrets(str(reason) or type(reason).__name__),
        "log": instance.log_url,
    }
    # `text` is what chat services show.
    notice["text"] = "{dag}.{task} failed for {partition_key}: {reason} {log}".format(**notice)
    if webhook := os.environ.get("FANOUT_ALERT_WEBHOOK"):
        request = urllib.request.Request(webhook, json.dumps(notice).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()
    if address := os.environ.get("FANOUT_ALERT_EMAIL"):
        with SmtpHook() as smtp:
            smtp.send_email_smtp(
                to=address, subject=f"Fanout: {notice['dag']}.{notice['task']} failed", html_content=escape(notice["text"])
            )
