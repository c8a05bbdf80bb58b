"""Who is told at night: a webhook, a mail address, both or neither."""

from __future__ import annotations

import json
import os
import urllib.request
from html import escape
from typing import Any

from contract.settings import read_secret

TIMEOUT_SECONDS = 10


def send(notice: dict[str, Any], subject: str) -> None:
    """Post the notice to FANOUT_ALERT_WEBHOOK and mail its `text` to FANOUT_ALERT_EMAIL, if they are set.

    `text` is what chat services show. The mail goes through Airflow's connection `smtp_default`.
    """
    if webhook := read_secret("FANOUT_ALERT_WEBHOOK"):
        request = urllib.request.Request(webhook, json.dumps(notice).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()
    if address := os.environ.get("FANOUT_ALERT_EMAIL"):
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        with SmtpHook() as smtp:
            smtp.send_email_smtp(to=address, subject=f"Fanout: {subject}", html_content=escape(notice["text"]))
