"""Who is told when a task has failed for good."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import Webhook

CONTEXT = {
    "task_instance": SimpleNamespace(dag_id="build_marts", task_id="gate", log_url="http://127.0.0.1:8080/log"),
    "dag_run": SimpleNamespace(run_id="asset_1", partition_key="2026-03-20"),
    "exception": RuntimeError("3 rows break it"),
}


def test_the_webhook_gets_task_key_reason_and_log(
    airflow_home: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dags.alerts import alert

    monkeypatch.setenv("FANOUT_ALERT_WEBHOOK", webhook.address)
    monkeypatch.delenv("FANOUT_ALERT_EMAIL", raising=False)
    alert(CONTEXT)
    assert list(webhook.bodies.queue) == [
        {
            "dag": "build_marts",
            "task": "gate",
            "run": "asset_1",
            "partition_key": "2026-03-20",
            "reason": "3 rows break it",
            "log": "http://127.0.0.1:8080/log",
            "text": "build_marts.gate failed for 2026-03-20: 3 rows break it http://127.0.0.1:8080/log",
        }
    ]


def test_the_mail_address_gets_a_mail(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.smtp.hooks import smtp

    from dags.alerts import alert

    mails: list[dict[str, str]] = []

    class Smtp:
        def __enter__(self) -> Smtp:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def send_email_smtp(self, **mail: str) -> None:
            mails.append(mail)

    monkeypatch.setattr(smtp, "SmtpHook", Smtp)
    monkeypatch.setenv("FANOUT_ALERT_EMAIL", "night@example.org")
    monkeypatch.delenv("FANOUT_ALERT_WEBHOOK", raising=False)
    alert(CONTEXT)
    assert [mail["to"] for mail in mails] == ["night@example.org"]
    assert "3 rows break it" in mails[0]["html_content"]
    alert(CONTEXT | {"exception": RuntimeError('first {"name": "<b>"}')})
    assert "&lt;b&gt;" in mails[1]["html_content"]


@pytest.mark.parametrize(
    ("exception", "reason"),
    [
        (
            RuntimeError("no route to https://bot:hunter22@chat.example/x?token=abc&day=1"),
            "no route to https://***@chat.example/x?token=***&day=1",
        ),
        (RuntimeError("the key is not-to-be-told"), "the key is ***"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_notice_tells_no_secret(
    exception: Exception, reason: str, airflow_home: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dags.alerts import alert

    monkeypatch.setenv("FANOUT_ALERT_WEBHOOK", webhook.address)
    monkeypatch.setenv("FANOUT_PSEUDONYM_KEY", "not-to-be-told")
    alert(CONTEXT | {"exception": exception})
    notice = webhook.bodies.get(timeout=10)
    assert notice["reason"] == reason
    assert reason in notice["text"]


def test_nobody_is_told_where_nobody_is_named(airflow_home: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.alerts import alert

    monkeypatch.delenv("FANOUT_ALERT_WEBHOOK", raising=False)
    monkeypatch.delenv("FANOUT_ALERT_EMAIL", raising=False)
    alert(CONTEXT)
    assert webhook.bodies.empty()
