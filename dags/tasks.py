"""The operators: a command whose report becomes metrics, or that reports the cause of its failure, and a gate that waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException

from dags.alerts import alert
from dags.metrics import tell
from expectations.suites.deliveries import NOT_DELIVERED
from operations.cause import cause

# A slightly late delivery is noticed soon; one that is days late is checked every ten minutes, for a week.
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=10), timedelta(minutes=10)
MOST_CHECKS = 7 * 24 * 6


class CommandFailed(AirflowException):
    """A command ended with an exit status other than 0; the message is its last error."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class Command(BashOperator):
    """Runs a shell command, which copies its stderr to the file `$SAID`."""

    def execute(self, context: Any) -> Any:
        with NamedTemporaryFile() as said:
            self.env = {**(self.env or {}), "SAID": said.name}
            try:
                began = time.monotonic()
                report = super().execute(context)
                tell(self.dag_id, self.task_id, report, round(time.monotonic() - began, 3))
                return report
            except AirflowException as error:
                process = self.subprocess_hook.sub_process
                if process is None or not process.returncode:
                    raise
                lines = Path(said.name).read_text(errors="replace").splitlines()
                reason = cause(lines) or "the command said nothing; the log has its output"
                raise CommandFailed(f"{reason} (exit status {process.returncode})", process.returncode) from error


class IngestGate(Command):
    """A gate's command; if only a delivery is missing, the task frees its slot and looks again later.

    An alert goes out when the delivery is first found missing, and when the task stops waiting for it. In between the task has
    not failed, and it keeps its retries for other faults.
    """

    def execute(self, context: Any) -> Any:
        try:
            return super().execute(context)
        except CommandFailed as failure:
            if failure.status != NOT_DELIVERED:
                raise
            checks = context["task_reschedule_count"]
            if checks >= MOST_CHECKS:
                raise AirflowFailException(f"no longer waited for: {failure}") from failure
            if checks == 0:
                self._tell({**context, "exception": failure})
            raise AirflowRescheduleException(datetime.now(UTC) + delay(checks)) from failure  # type: ignore[no-untyped-call]

    def _tell(self, context: Any) -> None:
        try:
            alert(context)
        except Exception:  # a failed alert must not end the wait
            self.log.exception("nobody could be told")


def delay(checks: int) -> timedelta:
    """How long to wait after this many checks: twice as long each time, up to `LONGEST_DELAY`."""
    return min(FIRST_DELAY * (1 << min(checks, 10)), LONGEST_DELAY)
