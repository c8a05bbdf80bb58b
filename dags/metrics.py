"""The figures of a command's report as Airflow's metrics, by StatsD or OpenTelemetry, whichever Airflow is told to use.

`fanout.<dag>.<task>.<figure>` is a gauge: each number of the report (rows by fate, files, bytes, expectations, failures,
warnings), those of its parts behind the name of the part, and `seconds`, which the task took. Airflow itself counts failures.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from airflow.sdk.observability import stats

log = logging.getLogger(__name__)

_PARTS = 4  # families, a family, its tables, their rows


def figures(report: Mapping[str, Any], depth: int = _PARTS) -> Iterator[tuple[str, float]]:
    """The numbers of a report by name; of a part behind the part's name and a point; yes and no are 1 and 0."""
    for name, value in report.items():
        if isinstance(value, bool | int | float):
            yield name, float(value)
        elif isinstance(value, Mapping) and depth > 1:
            yield from ((f"{name}.{inner}", number) for inner, number in figures(value, depth - 1))


def tell(dag_id: str, task_id: str, report: Any, seconds: float) -> None:
    """Set the gauges of a task that has ended well. A fault of the metrics is logged, and is none of the task."""
    try:
        found = dict(figures(report)) if isinstance(report, Mapping) else {}
        for name, number in {**found, "seconds": seconds}.items():
            stats.gauge(stats.normalize_name_for_stats(f"fanout.{dag_id}.{task_id}.{name}", log_warning=False), number)
    except Exception:
        log.exception("no metrics of %s.%s", dag_id, task_id)
