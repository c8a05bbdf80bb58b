"""Registers the timetable of the ingests with Airflow, which only accepts registered classes in stored DAGs."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from dags.timetable import DayBefore


class FanoutTimetable(AirflowPlugin):
    """Registers the timetable."""

    name = "fanout_timetable"
    timetables = [DayBefore]  # noqa: RUF012  (so declared by Airflow)
