"""The model families, and which of them share a Spark session.

    python -m spark_jobs.families FAMILY [FAMILY …] --as-of 2026-03-20

A family is the package of its name in `spark_jobs`: pure modules, and `job.py` with `run`, which computes and writes the tables
that `contract.tables` declares as the family's (see `families.day`). The DAG `build_models`, benchmarks and end-to-end tests
read the registry below; importing it neither imports nor starts Spark.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.events import EVENT_TYPES, merchant_id


@dataclass(frozen=True)
class Family:
    """A row of the registry.

    Attributes:
        name: of its package, and of its argument to the command.
        session: families with the same session run concurrently in one Spark session, a task of the DAG `build_models`.
        reads: the event types that its tables are made of.
    """

    name: str
    session: str
    reads: tuple[str, ...]


# A merchant begins with the first event that names it.
_NAMING_MERCHANTS = tuple(
    event.name for event in EVENT_TYPES.values() if merchant_id.name in (field.name for field in event.fields)
)
_SALES = ("shop.order_paid.v1", "shop.order_refunded.v1")


FAMILIES = (
    Family("spread_graph", session="spread_graph", reads=("shop.share_created.v1", "shop.share_opened.v1", *_SALES)),
    Family(
        "group_survival",
        session="retention",
        reads=("group.chat_created.v1", "group.message_posted.v1", "group.member_joined.v1"),
    ),
    Family(
        "merchant_churn",
        session="retention",
        reads=_NAMING_MERCHANTS,
    ),
    Family("lifetime_value", session="retention", reads=(*_SALES, "shop.spend_recorded.v1")),
)

# Each session with its families.
SESSIONS = {family.session: tuple(other.name for other in FAMILIES if other.session == family.session) for family in FAMILIES}


def command(session: str) -> str:
    """The module and arguments that compute all families of a session; `--as-of` is still to be added."""
    return f"spark_jobs.families {' '.join(SESSIONS[session])}"
