"""A job on a standalone cluster that says what it waits for.

Spark itself says at the log level WARN that a job has got no executor, and waits for ever.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

# A session that waits for the lake's lock has run nothing yet, and so holds no cores: otherwise two ingests would wait for each
# other, one with the cores and one with the lock.
CONF = {
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.initialExecutors": "0",
    "spark.dynamicAllocation.minExecutors": "0",
}
LOOK_EVERY_SECONDS = 10
# A worker that is started together with the job has registered by then.
GIVE_UP_SECONDS = 180


@dataclass(frozen=True)
class Worker:
    """A worker as its master knows it."""

    is_alive: bool
    memory_mb: int


@dataclass(frozen=True)
class Cluster:
    """What a master says of itself."""

    workers: Collection[Worker]
    knows_this_job: bool = True


def shortage(master: str, cluster: Cluster | None, executor_mb: int) -> str | None:
    """Why the cluster can start no executor of this size, however long one waits; None if it is merely busy.

    Args:
        cluster: None if the master did not answer.
    """
    if cluster is None:
        return f"the master {master} does not answer; start it again, then run this again"
    if not cluster.knows_this_job:
        return f"the master {master} was started again meanwhile, and does not know this job; run it again"
    workers = cluster.workers
    memory = [worker.memory_mb for worker in workers if worker.is_alive]
    if not memory:
        return f"{master} has no worker; start one, or look why those that were started have not registered"
    if max(memory) < executor_mb:
        return (
            f"an executor wants {executor_mb} MB, and the largest worker of {master} offers {max(memory)} MB; lower "
            "FANOUT_EXECUTOR_MEMORY or give a worker more memory"
        )
    return None


def watch(spark: SparkSession) -> None:
    """Look, beside the job, whether it gets executors; end the process with the reason if it cannot."""
    threading.Thread(target=_watch, args=(spark,), daemon=True).start()


def _watch(spark: SparkSession) -> None:
    context: Any = spark.sparkContext
    since = time.monotonic()
    while True:
        time.sleep(LOOK_EVERY_SECONDS)
        try:
            executors = context._jsc.sc().getExecutorMemoryStatus().size() - 1  # the driver is one of them
            if executors or not context.statusTracker().getActiveStageIds():
                since = time.monotonic()
                continue
            waited = time.monotonic() - since
            reason = shortage(context.master, _cluster(spark), context._jsc.sc().executorMemory())
        except (AttributeError, OSError, Py4JError):  # the session has been stopped
            return
        if waited < GIVE_UP_SECONDS:
            continue
        if reason is None:
            print(
                f"waiting for cores of {context.master} for {waited:.0f} s: other jobs hold them", file=sys.stderr, flush=True
            )
            continue
        print(f"no executor for {waited:.0f} s: {reason}", file=sys.stderr, flush=True)
        # The main thread hangs in the JVM, which ends with this process and gives the lake's lock back.
        os._exit(1)


def _cluster(spark: SparkSession) -> Cluster | None:
    """What the master says, which answers drivers as it answers its own page; None if it does not."""
    jvm: Any = spark._jvm
    context: Any = spark.sparkContext
    host, _, port = context.master.removeprefix("spark://").rpartition(":")
    deploy = jvm.org.apache.spark.deploy
    try:
        address = jvm.org.apache.spark.rpc.RpcAddress(host, int(port))
        master = jvm.org.apache.spark.SparkEnv.get().rpcEnv().setupEndpointRef(address, "Master")
        question = getattr(getattr(deploy, "DeployMessages$RequestMasterState$"), "MODULE$")
        any_class = jvm.scala.reflect.ClassTag.apply(jvm.java.lang.Class.forName("java.lang.Object"))
        state = master.askSync(question, any_class)
    except Py4JError:
        return None
    workers = [Worker(str(worker.state()) == "ALIVE", worker.memory()) for worker in state.workers()]
    return Cluster(workers, context.applicationId in {str(job.id()) for job in state.activeApps()})
