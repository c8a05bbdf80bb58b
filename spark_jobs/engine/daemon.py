"""Spark's daemon of Python workers, so that a task in Python costs milliseconds more than one in the JVM.

    python -m spark_jobs.engine.daemon pyspark.worker      # Spark starts it

Before each task a worker makes Python look again at everything on its path, and Python 3.11 then reads the directories of
archives again: 0.1 s for those that Spark puts there, whose content the environment has as packages. After each task a worker
collects garbage, and would go through all modules. Workers are forks, so they start with what the daemon has imported.
"""

from __future__ import annotations

import gc
import os
import sys

if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if not os.path.isfile(entry)]
    sys.path_importer_cache.clear()
    import pandas  # noqa: F401
    import pyarrow.compute  # noqa: F401
    from pyspark.daemon import manager

    gc.freeze()
    manager()  # type: ignore[no-untyped-call]
