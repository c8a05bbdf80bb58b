"""The few calls to Airflow's REST API that it takes to follow a day through the DAGs."""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

TIMEOUT_SECONDS = 60
ATTEMPTS = 5


class Airflow:
    """A client that logs in when it has to, and uses no proxy, since Airflow listens on loopback."""

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self.base_url = base_url
        self._login = {"username": user, "password": password}
        self._token = ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def is_healthy(self) -> bool:
        """Whether the database, the scheduler and the DAG processor are up."""
        health = self._request("GET", "/api/v2/monitor/health")
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def parsed_dags(self, since: datetime) -> set[str]:
        """DAGs that are not paused and whose files were parsed after `since`."""
        dags = self._request("GET", "/api/v2/dags?limit=100")["dags"]
        parsed = {dag["dag_id"]: dag["last_parsed_time"] for dag in dags if not dag["is_paused"]}
        return {dag_id for dag_id, at in parsed.items() if at and datetime.fromisoformat(at) >= since}

    def import_errors(self) -> dict[str, str]:
        """DAG files that do not load, with their tracebacks."""
        errors = self._request("GET", "/api/v2/importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in errors}

    def set_pool(self, name: str, slots: int) -> None:
        """Create the pool, or change it to this many slots."""
        body = {"name": name, "slots": slots, "description": "tasks that write the lake", "include_deferred": False}
        try:
            self._request("POST", "/api/v2/pools", body)
        except HTTPError as error:
            if error.code != 409:
                raise
            self._request("PATCH", f"/api/v2/pools/{name}", body)

    def trigger(self, dag_id: str, partition_key: str, run_id: str) -> None:
        """Start a run of the DAG for the key; asking twice for the same `run_id` starts only one."""
        body = {"logical_date": None, "partition_key": partition_key, "dag_run_id": run_id}
        try:
            self._request("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)
        except HTTPError as error:
            if error.code != 409:
                raise

    def runs(self, partition_key: str, since: datetime) -> list[dict[str, Any]]:
        """Runs of all DAGs for the key that were requested after `since`, oldest first."""
        query = urlencode({"run_after_gte": since.isoformat(), "order_by": "run_after", "limit": 100})
        runs = self._request("GET", f"/api/v2/dags/~/dagRuns?{query}")["dag_runs"]
        return [run for run in runs if run["partition_key"] == partition_key]

    def tasks(self, since: datetime) -> list[dict[str, Any]]:
        """The current task instances of the runs that were requested after `since`."""
        query = urlencode({"run_after_gte": since.isoformat(), "limit": 100})
        return list(self._request("GET", f"/api/v2/dags/~/dagRuns/~/taskInstances?{query}")["task_instances"])

    def report(self, task: dict[str, Any]) -> dict[str, Any]:
        """The report that the task's command printed as its last line; empty if there is none."""
        run = f"/api/v2/dags/{task['dag_id']}/dagRuns/{quote(task['dag_run_id'])}"
        try:
            value = self._request("GET", f"{run}/taskInstances/{task['task_id']}/xcomEntries/return_value")["value"]
        except HTTPError as error:
            if error.code != 404:
                raise
            return {}
        return value if isinstance(value, dict) else {}

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request; log in if that is needed, and retry while Airflow's database is busy.

        Raises:
            HTTPError: Airflow refused, or failed `ATTEMPTS` times.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._send(method, path, body)
            except HTTPError as error:
                if error.code == 401:
                    self._token = str(self._send("POST", "/auth/token", self._login)["access_token"])
                elif error.code < 500 or attempt == ATTEMPTS:
                    raise
                else:
                    time.sleep(1)
        return self._send(method, path, body)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}{path}", data, headers, method=method)
        with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
