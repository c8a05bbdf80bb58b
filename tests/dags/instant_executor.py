"""An executor whose tasks do nothing and end together: what was queued at once succeeds within milliseconds.

It starts and ends each task at the API server as a worker does, so all of Airflow's bookkeeping is the real one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from queue import Empty, SimpleQueue
from threading import Barrier
from typing import Any

from airflow.configuration import conf
from airflow.executors.base_executor import BaseExecutor
from airflow.sdk.api.client import Client

AT_ONCE = 24


class InstantExecutor(BaseExecutor):
    """Ends the tasks of a heartbeat together."""

    is_local = True

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.parallelism = AT_ONCE

    def start(self) -> None:
        from airflow.dag_processing.dagbag import DagBag

        self._ended: SimpleQueue[tuple[Any, str]] = SimpleQueue()
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._outlets = {
            (dag.dag_id, task.task_id): [{"name": asset.name, "uri": asset.uri, "type": "Asset"} for asset in task.outlets]
            for dag in DagBag(conf.get("core", "dags_folder")).dags.values()
            for task in dag.tasks
        }

    def _process_workloads(self, workload_items: Sequence[Any]) -> None:
        together = Barrier(len(workload_items))
        for workload in workload_items:
            del self.queued_tasks[workload.ti.key]
            self.running.add(workload.ti.key)
            done = self._threads.submit(self._work, workload, together)
            done.add_done_callback(partial(self._note, workload.ti.key))

    def _work(self, workload: Any, together: Barrier) -> None:
        base_url = conf.get("core", "execution_api_server_url")
        task = workload.ti
        try:
            with Client(base_url=base_url, token=workload.token) as client:
                client.task_instances.start(task.id, os.getpid(), datetime.now(UTC))
                together.wait(timeout=60)
                outlets = self._outlets[task.dag_id, task.task_id]
                client.task_instances.succeed(task.id, datetime.now(UTC), outlets, [], None)
        except BaseException:
            together.abort()
            raise

    def _note(self, key: Any, done: Any) -> None:
        self._ended.put((key, "failed" if done.exception() else "success"))
        if done.exception():
            self.log.error("%s", done.exception(), exc_info=done.exception())

    def sync(self) -> None:
        try:
            while True:
                key, state = self._ended.get_nowait()
                self.success(key) if state == "success" else self.fail(key)
        except Empty:
            pass

    def end(self) -> None:
        self._threads.shutdown()

    def terminate(self) -> None:
        self.end()
