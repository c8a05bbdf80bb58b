"""Compute model families as of a day and write their tables to the lake.

python -m spark_jobs.families merchant_churn lifetime_value --as-of 2026-03-20

Families of one session run concurrently, in one JVM. If one fails, the others still finish; it can be run again alone.
"""

from __future__ import annotations

import argparse
import json
import sys

from contract.lake_lock import at_work
from contract.object_store import StoreGone, gone, named
from contract.settings import SettingError, Settings, parse_as_of
from contract.tables import family_tables
from lineage import names
from lineage.emitter import Arguments, Job, emitting
from spark_jobs.engine.session import MissingJars, spark_session
from spark_jobs.families import FAMILIES, SESSIONS
from spark_jobs.families.runner import run_families
from spark_jobs.lake.event_tables import event_rows, refuse_before_first_event


def _inputs(arguments: Arguments) -> list[str]:
    return [names.event_type(event) for family in FAMILIES if family.name in arguments.words for event in family.reads]


def _outputs(arguments: Arguments) -> list[str]:
    chosen = [family.name for family in FAMILIES if family.name in arguments.words]
    return [names.lake(table.name) for family in chosen for table in family_tables(family)]


JOB = Job("spark_jobs.families", _inputs, _outputs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [family.name for family in FAMILIES]
    sessions = "; ".join(" ".join(families) for families in SESSIONS.values())
    parser.add_argument("family", nargs="+", choices=names, metavar="FAMILY", help=f"of one session: {sessions}")
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    given = parser.parse_args()
    chosen = list(dict.fromkeys(given.family))
    if not any({*chosen} <= {*families} for families in SESSIONS.values()):
        parser.error(f"{', '.join(chosen)} share no session; start a command for the families of each: {sessions}")
    try:
        as_of = parse_as_of(given.as_of)
        settings = Settings.from_environment()
        with named(settings), at_work(settings):
            refuse_before_first_event(settings, as_of)
            spark = spark_session(" ".join(chosen), settings, rows=event_rows(settings))
            report, failed = run_families(spark, settings, as_of, chosen)
    except StoreGone as error:
        print(error, file=sys.stderr)
        return 1
    except (SettingError, MissingJars) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report), flush=True)
    if failed:
        lost = gone(settings)
        reasons = "; ".join(f"{family} failed: {lost or reason}" for family, reason in failed.items())
        print(f"{reasons}. Fix the cause and run again: {' '.join(failed)} --as-of {as_of}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(emitting(main, JOB))
