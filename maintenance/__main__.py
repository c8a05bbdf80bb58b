"""Keep the lake and FANOUT_HOME small, and take out what still names people who asked to be forgotten.

    python -m maintenance [--as-of 2026-03-20]      # or: make maintain; the newest day that is published

The event tables are compacted; days that are older than FANOUT_KEEP_DAYS go from derived tables and folders, and old runs
from Airflow's database; data files that no table has named for FANOUT_KEEP_DEAD_HOURS are removed, after an erasure all dead
ones; logs get a checkpoint. Where people asked to be forgotten, everything is searched for them before and after
(`maintenance.proof`), and published days that named them are handed on again. A run that is killed has lost nothing, and the
next one goes on.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from datetime import date
from typing import Any

from contract.lake_lock import alone
from contract.object_store import StoreGone, named
from contract.settings import SettingError, Settings, parse_as_of
from maintenance import airflow_metadata, erasure, lake, proof, retention
from maintenance.lake import Step
from maintenance.needles import Needles
from maintenance.search import LANDING, REPORTS, Search, landing_findings, people_to_forget, search
from publication.bi import hand_over
from publication.versions import one_publisher
from spark_jobs.engine.session import MissingJars
from spark_jobs.lake.lock import one_writer_without_jvm

log = logging.getLogger(__name__)


def maintain(settings: Settings, as_of: date, step: Step = log.info) -> dict[str, Any]:
    """Do all of it; returns the report of the step.

    Args:
        step: is told what comes next.
    """
    with one_publisher(settings.home / REPORTS):  # two maintenances would take files away from each other's search
        return _maintain(settings, as_of, step)


def _maintain(settings: Settings, as_of: date, step: Step) -> dict[str, Any]:
    oldest = retention.oldest_kept(settings, as_of)
    removed = retention.remove_old(settings, oldest, step)
    step("airflow metadata")
    warnings = []
    try:
        metadata = airflow_metadata.clean(settings, oldest)
    except airflow_metadata.MetadataError as error:
        metadata = "failed"
        warnings.append(str(error))
    people = people_to_forget(settings)
    needles = Needles(people)
    before = search(settings, people)
    is_erasing = any(finding.place != LANDING for finding in before.findings)
    is_changed = is_erasing or (settings.rewrite_landing and bool(before.findings))
    erased: Counter[str] = Counter()
    if is_changed:
        erased["lines"] = erasure.erase_events(settings, before.findings, step)
        erased += erasure.erase_files(settings, before.findings, needles, step)
        if settings.rewrite_landing:
            landed = [*landing_findings(settings, Search(len(people)))]  # with lines that were erased just now
            erased["landing_files"], refused = erasure.empty_landing_lines(settings, landed, step)
            warnings += [f"{name} was not rewritten: {why}" for name, why in refused.items()]
        for day in erasure.days_to_hand_on(settings, before.findings):
            step(f"hand on {day}")
            _, failures = hand_over(settings, day)
            warnings += [f"copies of {day} may still name people: {why}" for why in failures]
    again = erasure.derived_days(before.findings)
    with one_writer_without_jvm(settings), alone(settings):
        compacted = lake.compact(settings, step)
        days = lake.remove_days(settings, oldest, again, step)
        dead = lake.vacuum(settings, 0 if is_erasing else settings.keep_dead_hours, step)
        lake.shorten_logs(settings, step)
    report: dict[str, Any] = {
        "step": "maintain",
        "as_of": as_of.isoformat(),
        "oldest_day": oldest.isoformat(),
        "removed": dict(removed),
        "removed_days": days,
        "lake": dict(compacted + dead),
        "airflow_metadata": metadata,
        "erased": dict(+erased),
        "compute_again": sorted(again),
    }
    step("proof")
    after = search(settings, people) if is_changed else before
    told = proof.describe(settings, before, after, needles)
    report["proof"] = proof.summary(told, proof.write(settings, as_of, told))
    return report | {"warnings": warnings}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", help="business date up to which days are counted, YYYY-MM-DD")
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        given = parser.parse_args().as_of
        settings = Settings.from_environment()
        as_of = retention.newest(settings) if given is None else parse_as_of(given)
        with named(settings):
            report = maintain(settings, as_of)
    except (SettingError, MissingJars) as error:
        print(error, file=sys.stderr)
        return 2
    except StoreGone as error:
        print(error, file=sys.stderr)
        return 1
    for warning in report["warnings"]:
        print(warning, file=sys.stderr)
    print(json.dumps(report))
    if report["proof"]["remained"]:
        print(f"people who asked to be forgotten are still named: {report['proof']['report']}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
