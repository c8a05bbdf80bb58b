"""Load a source's new landing files into the lake.

python -m spark_jobs.ingest --source shop
"""

from __future__ import annotations

import argparse
import sys

from contract.events import SOURCES
from lineage.emitter import emitting
from lineage.jobs import INGEST
from spark_jobs.ingest.command import run
from spark_jobs.ingest.job import ingest, landed_rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, choices=SOURCES)
    source = parser.parse_args().source
    return run(
        f"ingest_{source}",
        lambda spark, settings: ingest(spark, settings, source),
        rows=lambda settings: landed_rows(settings, source),
    )


if __name__ == "__main__":
    sys.exit(emitting(main, INGEST))
