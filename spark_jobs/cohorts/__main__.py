"""Work out the cohort models of a day and write them to the lake.

python -m spark_jobs.cohorts --as-of 2026-03-20
"""

from __future__ import annotations

import argparse
import json
import sys

from contract.settings import SettingError, Settings, parse_as_of
from spark_jobs.cohorts.job import cohorts
from spark_jobs.engine.session import MissingJars, spark_session
from spark_jobs.lake.event_tables import event_rows, refuse_before_first_event


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    try:
        as_of = parse_as_of(parser.parse_args().as_of)
        settings = Settings.from_environment()
        refuse_before_first_event(settings, as_of)
        spark = spark_session("cohorts", settings, rows=event_rows(settings))
        report = cohorts(spark, settings, as_of)
    except (SettingError, MissingJars) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
