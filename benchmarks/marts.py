"""All marts from lakes of several sizes: time and memory, model by model, beside one DuckDB scan of the lake.

    python -m benchmarks.marts [--events 1000000 3000000 10000000] [--dearest 12]

The lakes are made here, without ingest and Spark: events as the ingest leaves them, share trees as the spread graph leaves
them. The growth is the slope of log time over log events between the smallest and the largest.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from datetime import date

import duckdb
from deltalake import write_deltalake

from dbt_project.extensions import load_extensions
from expectations.contract import COLUMN_KINDS, EVENT_TYPES, SOURCES, Kind, source_fields
from expectations.settings import Settings

AS_OF = date(2026, 3, 31)
DAYS = 450
# Of 1,000 events: how many of each type. Pages and opens prevail, as they do in life.
MIX = {
    "page_viewed": 300,
    "share_opened": 190,
    "share_created": 80,
    "order_paid": 90,
    "order_refunded": 8,
    "fan_followed": 60,
    "fan_unfollowed": 12,
    "user_registered": 30,
    "team_opened": 15,
    "team_joined": 30,
    "team_formed": 8,
    "chat_created": 2,
    "member_joined": 20,
    "message_posted": 80,
    "live_started": 1,
    "live_ended": 1,
    "viewer_joined": 40,
    "viewer_left": 33,
}
# SQL of the fields, where i numbers the events of a type, m its merchant's number and u a user's.
FIELDS = {
    "merchant_id": "'m-' || m",
    "user_id": "'u-' || u",
    "leader_id": "'u-' || u",
    "owner_id": "'u-' || u",
    "order_id": "'o-' || i",
    "refund_id": "'r-' || i",
    "share_id": "'s-' || i",
    "team_id": "'t-' || i",
    "group_id": "'g-' || i % greatest(n // 40, 1)",
    "live_id": "'l-' || i % greatest(n // 40, 1)",
    "product_id": "'p-' || i % 50",
    "object_type": "'product'",
    "object_id": "'p-' || i % 50",
    "channel": "['group', 'group', 'moments', 'direct'][1 + i % 4]",
    "amount": "cast(1 + h % 40000 / 100 as decimal(18, 2))",
    "currency": "'CNY'",
    "region": "['CN-SH', 'CN-ZJ', 'CN-JL', 'CN-HL', 'CN-GD', null][1 + h % 6]",
    "via_share_id": "if(i % 2 = 0, 's-' || h % s, null)",
    "size_required": "2 + i % 3",
    "expires_at": "event_time + interval 1 day",
    "auto_filled": "i % 5 // 4",
}
SPARK_TO_DUCKDB = {"timestamp": "timestamptz", COLUMN_KINDS[Kind.ORDER_LINES]: "struct(product_id varchar)[]"}


def make_lake(settings: Settings, events: int) -> None:
    """Events of `DAYS` days to `AS_OF`; a merchant for 5,000 events, a user for 20; trees of seven shares."""
    connection = duckdb.connect()
    load_extensions(connection)
    connection.execute("set timezone = 'UTC'; set python_enable_replacements = false")
    counts = {name: max(events * share // 1000, 1) for name, share in MIX.items()}
    merchants, users, shares = max(events // 5000, 3), max(events // 20, 50), counts["share_created"]
    for source in SOURCES:
        parts = " union all by name ".join(
            _events_sql(name, counts[name], merchants, users, shares) for name in MIX if f"{source}.{name}.v1" in EVENT_TYPES
        )
        columns = {name: COLUMN_KINDS[field.kind] for name, field in source_fields(source).items()}
        empty = ", ".join(f'null::{SPARK_TO_DUCKDB.get(kind, kind)} as "{name}"' for name, kind in columns.items())
        query = f"""
            with typed as (select {empty}, ''::text as reason, ''::text as error, 0::bigint as bytes where false)
            from typed union all by name ({parts}) union all by name
            select 'read' as fate, date '{AS_OF}' as dt, '{source}/all' as file, 0::bigint as line, count(*) as rows_read
            from ({parts})
            order by fate, event_month, event_type, event_time
        """
        write_deltalake(f"{settings.lake}/{source}_events", connection.sql(query).arrow(), partition_by=["fate", "event_month"])
    connection.execute(_nodes_sql(shares, merchants, users))
    for name, query in TREES.items():
        write_deltalake(f"{settings.lake}/{name}", connection.sql(query).arrow())


def _events_sql(name: str, n: int, merchants: int, users: int, shares: int) -> str:
    (event,) = (event for event in EVENT_TYPES.values() if event.short_name == name)
    known = {field.name for field in event.fields} & FIELDS.keys()
    fields = ", ".join(f'{FIELDS[field]} as "{field}"' for field in sorted(known))
    return f"""
        select
            'accepted' as fate, date '{AS_OF}' as dt, '{event.source}/all' as file, line, event_id, event_source, event_type,
            event_time, cast(timezone('{Settings.from_environment({}).timezone}', event_time) as date) as event_date,
            strftime(event_date, '%Y-%m') as event_month, {fields}
        from (
            select
                *, {n} as n, {shares} as s, i as line, '{name}-' || i as event_id, '{event.source}' as event_source,
                '{event.name}' as event_type, h % {merchants} as m, h // 7 % {users} as u,
                timestamptz '{AS_OF} 15:00:00+00' - to_seconds(h // 11 % {DAYS * 86400}) as event_time
            from (select range as i, cast(hash(range, '{name}') // 16 as bigint) as h from range({n}))
        )
    """


def _nodes_sql(shares: int, merchants: int, users: int) -> str:
    """Binary trees of seven: share 7t + k hangs below 7t + (k - 1) // 2."""
    return f"""
        create table nodes as
        select
            'm-' || cast(hash(i // 7, 'tree') // 16 as bigint) % {merchants} as merchant_id, 's-' || i as share_id,
            'u-' || cast(hash(i, 'node') // 16 as bigint) % {users} as user_id, 'group' as channel,
            timestamptz '{AS_OF} 00:00:00+00' - to_days(400) + to_seconds(i % 1000000) as shared_at,
            's-' || i - i % 7 as root_share_id, if(i % 7 = 0, null, 's-' || i - i % 7 + (i % 7 - 1) // 2) as parent_share_id,
            if(i % 7 = 0, 'root', 'declared') as parent_status, cast(floor(log2(i % 7 + 1)) as bigint) as depth,
            least(7, {shares} - i) as subtree_shares, 0::bigint as subtree_orders, 0::decimal(18, 2) as subtree_revenue,
            date '{AS_OF}' as as_of
        from (select range as i from range({shares}))
    """


TREES = {
    "cascade_nodes": "from nodes",
    "cascade_layers": """
        select
            merchant_id, root_share_id, depth, count(*) as shares, count(distinct user_id) as sharers, 0::bigint as openers,
            0::bigint as orders, 0::decimal(18, 2) as revenue, any_value(as_of) as as_of
        from nodes
        group by merchant_id, root_share_id, depth
    """,
    "cascades": """
        select
            merchant_id, root_share_id, min(user_id) as root_user_id, 'product' as object_type, 'p' as object_id,
            min(shared_at) as started_at, count(*) as shares, count(distinct user_id) as sharers, 0::bigint as reach,
            max(depth) as depth, least(greatest(count(*) - 3, least(count(*) - 1, 2), 1), 4) as max_breadth,
            null::double as structural_virality, 0::double as seconds_to_half, 0::bigint as orders,
            0::decimal(18, 2) as revenue, any_value(as_of) as as_of
        from nodes
        group by merchant_id, root_share_id
    """,
}


def scan_seconds(settings: Settings) -> float:
    """One DuckDB scan of the columns that the marts read: the contract's."""
    connection = duckdb.connect()
    load_extensions(connection)
    started = time.perf_counter()
    for source in SOURCES:
        columns = ", ".join(f'count("{name}")' for name in ["event_id", "event_time", "event_date", *source_fields(source)])
        connection.execute(f"select {columns} from delta_scan('{settings.lake}/{source}_events')").fetchall()
    return time.perf_counter() - started


def build_seconds(settings: Settings) -> tuple[float, float, dict[str, float]]:
    """Seconds, peak memory in GB, and seconds by model, of one build in its own process."""
    code = (
        "import resource, sys\n"
        "from datetime import date\n"
        "from dbt_project.build import build\n"
        "from expectations.settings import Settings\n"
        f"build(Settings.from_environment(), date.fromisoformat('{AS_OF}'))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    environment = {"FANOUT_HOME": str(settings.home), "FANOUT_LAKE": settings.lake, "PATH": os.environ["PATH"]}
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    taken = time.perf_counter() - started
    results = json.loads((settings.work(AS_OF) / "dbt" / "run_results.json").read_text())["results"]
    models = {result["unique_id"].split(".")[2]: result["execution_time"] for result in results}
    return taken, int(done.stdout.splitlines()[-1]) / (1 << 20), models


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000])
    parser.add_argument("--dearest", type=int, default=12)
    args = parser.parse_args()
    totals, table = {}, {}
    with tempfile.TemporaryDirectory(prefix="fanout-bench-") as folder:
        for events in sorted(args.events):
            settings = Settings.from_environment({"FANOUT_HOME": f"{folder}/{events}"})
            make_lake(settings, events)
            scan = scan_seconds(settings)
            totals[events], memory, table[events] = build_seconds(settings)
            print(f"{events:>12,} events: {totals[events]:.1f} s, {memory:.1f} GB; one scan {scan:.1f} s", flush=True)
    largest = table[max(table)]
    print(f"\n{'model or test':60}" + "".join(f"{events:>14,}" for events in table))
    for name in sorted(largest, key=largest.__getitem__, reverse=True)[: args.dearest]:
        print(f"{name[:60]:60}" + "".join(f"{table[events].get(name, 0):>13.1f}s" for events in table))
    if len(totals) > 1:
        low, high = min(totals), max(totals)
        print(f"\nexponent {math.log(totals[high] / totals[low]) / math.log(high / low):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
