"""Work out who spreads, as of a day, and write it to the lake.

python -m spark_jobs.spread_graph --as-of 2026-03-20
"""

from __future__ import annotations

import argparse
import json
import sys

from contract.settings import SettingError, Settings, parse_as_of
from spark_jobs.engine.session import MissingJars, spark_session
from spark_jobs.lake.event_tables import event_rows, refuse_before_first_event
from spark_jobs.spread_graph.job import partitions, spread_graph


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    try:
        as_of = parse_as_of(parser.parse_args().as_of)
        settings = Settings.from_environment()
        refuse_before_first_event(settings, as_of)
        spark = spark_session("spread_graph", settings, rows=event_rows(settings))
        spark.conf.set("spark.sql.shuffle.partitions", str(partitions(spark, settings)))
        report = spread_graph(spark, settings, as_of)
    except (SettingError, MissingJars) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
