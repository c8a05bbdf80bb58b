"""A source's delivery of a day must have come, be readable, and not be empty.

Under the schedule a day without an expected delivery is refused, since its figures would be those of an empty day; by hand it
is a warning. A delivery of which no file can be read is refused either way, expected or not. Calls of returned sheets, which
Fanout lays into the landing itself, are no delivery.
"""

from __future__ import annotations

from contract.events import RETURNED_CALLS
from expectations.suites import Expectation, Severity, Suite

TABLE = "deliveries"
NOT_DELIVERED = 3  # exit status of a command if only the delivery is missing
# Reads `files`, for the variables `source` and `as_of`.
PREPARE = f"""
create temp table {TABLE} as
select
    getvariable('source') || '/dt=' || getvariable('as_of') as delivery, count(*) as files,
    count(*) filter (where unreadable > 0) as unreadable_files, coalesce(sum(lines), 0)::bigint as lines
from files where dt = getvariable('as_of') and not contains(file, '/{RETURNED_CALLS}');
"""

_READABLE = Expectation(
    "can be read",
    "not every file of the day is unreadable",
    f"select delivery, unreadable_files from {TABLE} where files > 0 and unreadable_files = files",
    breaks="delete from events where file like '%f-5'",
)


def suite(*, expected: bool, scheduled: bool) -> Suite:
    """The expectations of a day's delivery.

    Args:
        expected: whether the source delivers every day.
        scheduled: whether the schedule started the run.
    """
    severity = Severity.FAIL if scheduled else Severity.WARN
    wanted = (
        Expectation(
            "came",
            "the landing holds a file of the day",
            f"select delivery as missing from {TABLE} where files = 0",
            severity,
            breaks="delete from events where dt = '2026-03-06'",
        ),
        Expectation(
            "has lines",
            "the files of the day that can be read hold a line",
            f"select delivery, files from {TABLE} where files > unreadable_files and lines = 0",
            severity,
            breaks="delete from events where file like '%f-5' and line > 0",
        ),
    )
    return Suite(TABLE, (_READABLE, *(wanted if expected else ())))
