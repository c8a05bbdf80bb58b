"""What the ingest commands share: settings, a session, the report as the last line of output, faults as sentences."""

from __future__ import annotations

import builtins
import json
import logging
import re
import sys
from collections.abc import Callable
from typing import Any

from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from contract.object_store import StoreGone, named
from contract.settings import SettingError, Settings
from spark_jobs.engine.session import MissingJars, spark_session
from spark_jobs.ingest.job import LostLines, WithdrawalError

_FAULT = re.compile(r"^(?P<name>\w+): .+$", re.MULTILINE)


def run(
    name: str, step: Callable[[SparkSession, Settings], dict[str, Any]], rows: Callable[[Settings], int] | None = None
) -> int:
    """Run a step and print its report; gives the exit status.

    Args:
        name: of the session.
        rows: about how many lines the step will see, if that is known beforehand.
    """
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        settings = Settings.from_environment()
        with named(settings):
            spark = spark_session(name, settings, rows=rows(settings)) if rows else spark_session(name, settings)
            report = step(spark, settings)
    except (SettingError, MissingJars, WithdrawalError, LostLines) as error:
        print(error, file=sys.stderr)
        return 2
    except StoreGone as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except PythonException as error:
        fault = _storage_fault(str(error))
        if fault is None:
            raise
        print(f"{name}: {fault}; nothing of this load was recorded. Make the storage readable and run again.", file=sys.stderr)
        return 1
    print(json.dumps(report))
    return 0


def _storage_fault(traceback: str) -> str | None:
    """The line of a worker's traceback that names an operating system error, such as a missing file."""
    for found in _FAULT.finditer(traceback):
        kind = getattr(builtins, found["name"], None)
        if isinstance(kind, type) and issubclass(kind, OSError):
            return found[0]
    return None
