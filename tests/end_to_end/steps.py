"""The commands of a day up to its publication, in the order in which the DAGs start them."""

from __future__ import annotations

from contract.events import SOURCES
from spark_jobs.families import SESSIONS, command

INGEST_GATES = tuple(f"expectations.gate ingest --source {source}" for source in SOURCES)
BUILD = (*map(command, SESSIONS), "dbt_project.build")
PUBLISH = ("expectations.gate publication", "publication")
