"""Ingest: what was delivered, what was refused and why, and what the gates found."""

from __future__ import annotations

from contract.events import SOURCES
from static_site import charts
from static_site.pages.telling import ALL, month_choice
from static_site.published_day import PublishedDay
from static_site.section import Choice, Column, Form, Page, Section

_BY_SOURCE = ("source",)
_DAYS = 60
_MONTHS = 12
_FATES = ("duplicate", "quarantined", "erased", "withdrawn")
_LISTED = 40


def page(day: PublishedDay) -> Page:
    days = [
        row["dt"]
        for row in day.rows(f"select distinct dt::varchar as dt from marts.ingest_ledger order by dt desc limit {_DAYS}")
    ]
    found = day.rows("select distinct strftime(dt, '%Y-%m') as month from marts.quarantine_reasons order by month desc")
    months = [row["month"] for row in found[:_MONTHS]]
    return Page(
        "ingest",
        "Ingest",
        "What was delivered, what was refused, and why.",
        (_accepted(day, days[::-1]), _others(day, days[::-1]), _reasons(day, months), _gates(day), _unreadable(day)),
        choices=(
            Choice("source", "Source", [(ALL, "all sources"), *((source, source) for source in SOURCES)]),
            month_choice(months),
        ),
    )


_DELIVERY = Column("dt", "day of the delivery")


def _accepted(day: PublishedDay, days: list[str]) -> Section:
    rows = day.rows(
        """
        select
            coalesce(source, ?) as source, dt::varchar as dt, sum(accepted)::bigint as accepted, sum(rows_read)::bigint as read
        from marts.ingest_ledger
        where dt::varchar in (select unnest(?::varchar[]))
        group by grouping sets ((source, dt), (dt))
        order by source, dt desc
        """,
        [ALL, days],
    )
    accepted = Column("accepted", "lines accepted", Form.COUNT)
    columns = (_DELIVERY, accepted, Column("read", "lines read", Form.COUNT))
    note = f"Lines that became events, by the day of their delivery; the last {_DAYS} days with one."
    total = day.row("select sum(accepted)::bigint as accepted, sum(rows_read)::bigint as read from marts.ingest_ledger")
    if total["read"]:
        part = total["accepted"] / total["read"]
        note += f" Of all deliveries so far {total['accepted']:,} of {total['read']:,} lines ({part:.2%}) are accepted."
    return Section(
        "Lines accepted",
        note,
        rows,
        columns,
        charts.columns_over_time(_DELIVERY, accepted, [column.tooltip for column in columns], days, _BY_SOURCE),
        _BY_SOURCE,
        gloss=("ingest_ledger.accepted", "ingest_ledger.rows_read"),
    )


def _others(day: PublishedDay, days: list[str]) -> Section:
    rows = day.rows(
        f"""
        unpivot (
            select
                coalesce(source, ?) as source, dt::varchar as dt,
                {", ".join(f"sum({fate})::bigint as {fate}" for fate in _FATES)}
            from marts.ingest_ledger
            where dt::varchar in (select unnest(?::varchar[]))
            group by grouping sets ((source, dt), (dt))
        ) on {", ".join(_FATES)} into name fate value lines
        order by source, dt desc, fate
        """,
        [ALL, days],
    )
    rows = [row for row in rows if row["lines"]]
    fate, lines = Column("fate", "fate"), Column("lines", "lines", Form.COUNT)
    columns = (_DELIVERY, fate, lines)
    return Section(
        "Lines with another fate",
        "Lines that were read and are no events, by the day of their delivery: copies, lines that were refused, lines that "
        "name somebody who asked to be forgotten, and lines that an operator took out.",
        rows,
        columns,
        charts.columns_over_time(_DELIVERY, lines, [column.tooltip for column in columns], days, _BY_SOURCE, (fate, _FATES)),
        _BY_SOURCE,
        gloss=tuple(f"ingest_ledger.{name}" for name in _FATES),
        empty=f"Every line of the last {_DAYS} days of deliveries was accepted.",
    )


def _reasons(day: PublishedDay, months: list[str]) -> Section:
    rows = day.rows(
        """
        select
            coalesce(source, $all) as source, coalesce(month, $all) as month, replace(reason, '_', ' ') as reason,
            sum(rows)::bigint as lines, min(example_file || ':' || example_line) as example
        from (select *, strftime(dt, '%Y-%m') as month from marts.quarantine_reasons)
        group by grouping sets ((source, month, reason), (source, reason), (month, reason), (reason))
        order by source, month, lines desc, reason
        """.replace("$all", f"'{ALL}'")
    )
    rows = [row for row in rows if row["month"] in (ALL, *months)]
    reason, lines = Column("reason", "reason"), Column("lines", "lines refused", Form.COUNT)
    columns = (reason, lines, Column("example", "such as"))
    return Section(
        "Why lines were refused",
        "Lines in quarantine, by the first reason that held, of all deliveries so far. They can be fixed and loaded again.",
        rows,
        columns,
        charts.bars(reason, lines, [column.tooltip for column in columns], ("source", "month")),
        ("source", "month"),
        gloss=("quarantine_reasons.reason",),
        empty="No line was refused.",
    )


def _gates(day: PublishedDay) -> Section:
    rows = [
        {
            "gate": name,
            "verdict": "passed" if gate["passed"] else "failed",
            "expectations": gate["expectations"],
            "warnings": "; ".join(gate["warnings"]) or "none",
        }
        for name, gate in sorted(day.run["gates"].items())
    ]
    return Section(
        "What the gates found",
        "A gate stops the day when an expectation of severity fail is broken; warnings are told, and stop nothing.",
        rows,
        (
            Column("gate", "gate"),
            Column("verdict", "verdict"),
            Column("expectations", "expectations", Form.COUNT),
            Column("warnings", "warnings"),
        ),
    )


def _unreadable(day: PublishedDay) -> Section:
    rows = day.rows(f"select file, bytes, error from marts.unreadable_files order by dt desc, file limit {_LISTED}")
    return Section(
        "Files that could not be read",
        f"Landing files that are cut or damaged, at most the last {_LISTED}. Each is read when a whole copy comes.",
        rows,
        (Column("file", "file"), Column("bytes", "bytes", Form.COUNT), Column("error", "what is wrong")),
        empty="Every file could be read.",
    )
