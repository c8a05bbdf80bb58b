"""What must hold after an ingest: the ledger of every file, the fates of the lines, the volume of the newest delivery.

`prepare` summarises the view `events`, the event table of one source, in small tables, which the suites query.
"""

from __future__ import annotations

from contract.events import EVENT_TYPES, RETURNED_CALLS, Fate, Kind, Reason, source_fields
from expectations.suites import Expectation, Severity, Suite, holds

LINE_FATES = (Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED, Fate.ERASED, Fate.WITHDRAWN)
_LISTED_FATES = ", ".join(f"'{fate}'" for fate in LINE_FATES)
COMPARED_DAYS = 7  # deliveries before the newest, with which its volume is compared
LEAST_COMPARED_DAYS = 3
VOLUME_FACTOR = 3  # warn if the newest delivery is this many times smaller or larger than their median
QUARANTINE_SHARE = 0.01
AMOUNT_FACTOR = 1000  # warn about amounts this many times the 99.9th percentile of the source

_PREPARE = """
create temp table files as
select
    file, min(dt) as dt, max(rows_read) as rows_read, count(*) filter (where line = 0) as markers,
    count(*) filter (where line > 0) as lines, count(distinct line) filter (where line > 0) as distinct_lines,
    count(*) filter (where fate = 'accepted') as accepted, count(*) filter (where fate = 'duplicate') as duplicate,
    count(*) filter (where fate = 'quarantined') as quarantined, count(*) filter (where fate = 'erased') as erased,
    count(*) filter (where fate = 'withdrawn') as withdrawn, count(*) filter (where fate = 'unreadable') as unreadable,
    max(reread_by) as reread_by
from events group by file;

create temp table kinds as
select
    fate, reason, event_type, count(*) as lines, min(file) as first_file,
    count(*) filter (where event_date is null) as undated, count(*) filter (where event_key is null) as keyless,
    count(*) filter (where raw is null) as without_raw,
    count(*) filter (where withdrawn_by is null) as not_withdrawn,
    count(*) filter (where coalesce(event_id, event_source, event_type, extra) is not null
        or raw is not null or persons is not null) as with_content
from events where line > 0 group by all;

create temp table copies as
select event_key, accepted, copies from (
    select event_key, count(*) filter (where fate = 'accepted') as accepted, count(*) as copies
    from events where event_key is not null and fate <> 'withdrawn' group by event_key
) where accepted <> 1;

create temp table old as
select dt, file, line, event_type, event_date from events where fate = 'accepted' and event_date < dt - interval 1 year;

create temp table days as
with daily as (
    select dt, sum(lines) as lines, sum(quarantined) as quarantined from files
    where not contains(file, '/$returned') group by dt having sum(lines) > 0
)

select *, lines / usual as ratio, quarantined / lines as quarantined_share from (
    select
        *, median(lines) over before as usual, count(*) over before as compared
    from daily window before as (order by dt rows between $days preceding and 1 preceding)
) order by dt desc limit 1;
""".replace("$days", str(COMPARED_DAYS)).replace("$returned", RETURNED_CALLS)

_AMOUNTS = """
create temp table usual as
with amounts as (
    select unnest([$amounts]) as amount from events where fate = 'accepted'
),

paid as (
    select amount from amounts where amount > 0
)

select amount from paid order by amount desc
limit 1 offset (select greatest(count(*) // 1000, 1) from paid);

create temp table excessive as
select file, line, event_type, greatest($amounts) as amount, (select amount from usual) as usual
from events where fate = 'accepted' and greatest($amounts) > $factor * (select amount from usual);
"""


def prepare(source: str) -> str:
    """SQL that makes the tables of `SUITES` from the view `events`."""
    amounts = [name for name, field in source_fields(source).items() if field.kind is Kind.MONEY]
    listed = ", ".join(f'"{name}"' for name in amounts) or "null::decimal"  # a source may have no money
    return _PREPARE + _AMOUNTS.replace("$amounts", listed).replace("$factor", str(AMOUNT_FACTOR))


LEDGER = Suite(
    "files",
    (
        Expectation(
            "has rows",
            "files came",
            "select 0 as files where not exists (select 1 from files)",
            Severity.WARN,
            breaks="delete from events",
        ),
        holds(
            "files",
            "file",
            "ledger",
            "unreadable > 0 or markers = 1 and rows_read = lines"
            " and rows_read = accepted + duplicate + quarantined + erased + withdrawn",
            "rows_read, accepted, duplicate, quarantined, erased, withdrawn",
            breaks="delete from events where file like '%f-3' and line = 7",
        ),
        holds(
            "files",
            "file",
            "lines are there once",
            "lines = distinct_lines",
            "lines, distinct_lines",
            breaks="update events set line = 8 where file like '%f-3' and line = 7",
        ),
        holds(
            "files",
            "file",
            "unreadable files gave no rows",
            "unreadable = 0 or markers = 1 and lines = 0",
            "lines",
            breaks="update events set fate = 'unreadable' where file like '%f-5' and line = 0",
        ),
        Expectation(
            "unchanged",
            "no file has changed since it was read; this run has read again those that have",
            "select file, lines, unreadable from files where reread_by = getvariable('run_id')",
            Severity.WARN,
            breaks="update events set reread_by = 'this run' where file like '%f-3' and line = 0",
        ),
    ),
)

LINES = Suite(
    "kinds",
    (
        Expectation(
            "fate is known",
            f"fate is one of {_LISTED_FATES}",
            f"select lines, first_file, fate from kinds where fate not in ({_LISTED_FATES})",
            breaks="update events set fate = 'lost' where line = 7",
        ),
        Expectation(
            "reason is known",
            "the reason of a quarantined line is one of the contract's",
            f"""select reason, lines, first_file from kinds where fate = '{Fate.QUARANTINED}'
            and reason not in ({", ".join(f"'{reason}'" for reason in Reason)})""",
            breaks="update events set reason = 'other' where reason = 'bad_enum'",
        ),
        holds(
            "kinds",
            "fate, reason, lines, first_file",
            "quarantine has a reason",
            f"fate is not null and (reason is not null) = (fate in ('{Fate.QUARANTINED}', '{Fate.WITHDRAWN}'))",
            breaks="update events set reason = null where fate = 'quarantined'",
        ),
        holds(
            "kinds",
            "lines, without_raw, first_file",
            "quarantine keeps the line",
            f"fate <> '{Fate.QUARANTINED}' or reason = '{Reason.CONFLICTING_DUPLICATE}' or without_raw = 0",
            breaks="update events set raw = null",
        ),
        holds(
            "kinds",
            "lines, without_raw, not_withdrawn, first_file",
            "withdrawn lines can come back",
            f"fate <> '{Fate.WITHDRAWN}' or without_raw = 0 and not_withdrawn = 0",
            breaks="update events set raw = null where fate = 'withdrawn'",
        ),
        Expectation(
            "accepted types are declared",
            "every accepted event is of a type in the contract",
            f"""select event_type, lines, first_file from kinds where fate = '{Fate.ACCEPTED}'
            and (event_type in ({", ".join(f"'{name}'" for name in EVENT_TYPES)})) is not true""",
            breaks="update events set event_type = 'shop.order_paid.v9' where line = 10",
        ),
        holds(
            "kinds",
            "event_type, lines, first_file",
            "accepted events are dated",
            f"fate <> '{Fate.ACCEPTED}' or undated = 0 and keyless = 0",
            breaks="update events set event_date = null where line = 10",
        ),
        holds(
            "kinds",
            "lines, with_content, first_file",
            "erased lines are empty",
            f"fate <> '{Fate.ERASED}' or with_content = 0",
            breaks="update events set persons = ['u-2'] where fate = 'erased'",
        ),
        Expectation(
            "unknown types",
            "no line is of a type that the contract does not know",
            f"select event_type, lines, first_file from kinds where reason = '{Reason.UNKNOWN_TYPE}'",
            Severity.WARN,
            breaks="update events set reason = 'unknown_type' where reason = 'bad_enum'",
        ),
    ),
)

COPIES = Suite(
    "copies",
    (
        Expectation(
            "one copy is accepted",
            "of the copies of an event exactly one is accepted",
            "select hex(event_key) as event_key, accepted, copies from copies",
            breaks="update events set fate = 'accepted' where fate = 'duplicate'",
        ),
    ),
)

DAYS = Suite(
    "days",
    (
        Expectation(
            "volume",
            f"the newest delivery is within {VOLUME_FACTOR} times the median of the {COMPARED_DAYS} before",
            f"""select dt, lines, usual from days
            where compared >= {LEAST_COMPARED_DAYS} and ratio not between 1.0 / {VOLUME_FACTOR} and {VOLUME_FACTOR}""",
            Severity.WARN,
            breaks="delete from events where file like '%f-5' and line in (2, 3, 4, 5)",
        ),
        Expectation(
            "quarantine",
            f"at most {QUARANTINE_SHARE:.0%} of the newest delivery is quarantined",
            f"select dt, lines, quarantined from days where quarantined_share > {QUARANTINE_SHARE}",
            Severity.WARN,
            breaks="select 1",
        ),
    ),
)

OLD = Suite(
    "old",
    (
        Expectation(
            "events are young",
            "no event is dated more than a year before its delivery; docs/runbooks/wrong_line.md says what to do",
            "select file, line, event_type, event_date from old",
            Severity.WARN,
            breaks="update events set event_date = date '2025-03-02' where file like '%f-2' and line = 7",
        ),
    ),
)

EXCESSIVE = Suite(
    "excessive",
    (
        Expectation(
            "amounts are usual",
            f"no amount is {AMOUNT_FACTOR:,} times the source's 99.9th percentile; docs/runbooks/wrong_line.md says what to do",
            "select file, line, event_type, amount, usual from excessive",
            Severity.WARN,
            breaks="update events set amount = 10001 where file like '%f-2' and line = 7",
        ),
    ),
)

SUITES = (LEDGER, LINES, COPIES, DAYS, OLD, EXCESSIVE)
TABLES = frozenset(suite.table for suite in SUITES)
