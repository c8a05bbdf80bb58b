"""The site of a published day with the marts of ten million events: seconds and the size of its pages.

    python -m benchmarks.site [--published data/published/current] [--events 10000000] [--rounds 3]

The marts are those of a published day, such as the sample's, as often beside each other as it takes; each copy has merchants
and people of its own. The library is brought out of its wheel in every round, as in every run of the task.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks._copies import multiply
from contract.settings import Settings, parse_as_of
from publication.versions import CURRENT, DATABASE, RUN, point
from static_site import render
from static_site.write import write


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--published", type=Path, default=Settings.from_environment().published / CURRENT)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    source = arguments.published.resolve()
    if not (source / DATABASE).is_file():
        print(f"{source / DATABASE} is missing; run: make run, or name a folder by --published", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="fanout-site-") as scratch:
        settings, as_of = Settings.from_environment({"FANOUT_HOME": scratch}), parse_as_of(source.parent.name)
        version = settings.published / as_of.isoformat() / source.name
        version.mkdir(parents=True)
        copies = multiply(source / DATABASE, version / DATABASE, arguments.events)
        shutil.copy(source / RUN, version / RUN)
        point(settings.published, as_of, version.name)
        with duckdb.connect(str(version / DATABASE), read_only=True) as con:
            [(merchants,)] = con.execute("select count(*) from marts.merchants").fetchall()
        seconds = []
        for _ in range(arguments.rounds):
            shutil.rmtree(settings.site, ignore_errors=True)
            render.vega_bundle.cache_clear()
            started = time.perf_counter()
            write(settings, as_of)
            seconds.append(time.perf_counter() - started)
        sizes = {page.stem: page.stat().st_size for page in (settings.site / CURRENT).iterdir()}
        print(f"{copies} copies, {merchants:,} merchants, {(version / DATABASE).stat().st_size / 1e6:,.0f} MB of marts")
    largest = max(sizes, key=lambda name: sizes[name])
    print(f"site {statistics.median(seconds):.1f} s, {len(sizes)} pages, the largest {largest}: {sizes[largest] / 1e6:.2f} MB")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB; load {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
