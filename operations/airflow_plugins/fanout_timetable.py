"""Makes the timetable of the ingests known to Airflow, which stores DAGs by the names of registered classes."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from dags.timetable import DayBefore


class FanoutTimetable(AirflowPlugin):
    """Registers the timetable."""

    name = "fanout_timetable"
    timetables = [DayBefore]  # noqa: RUF012  (so declared by Airflow)
