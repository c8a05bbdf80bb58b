"""Command line: `python -m simulator --out DIR [--seed 7] [--events N] [--days N] [--end YYYY-MM-DD] [--future DAYS]`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path

from simulator.platform import Plan, simulate

EVENTS, DAYS, END = 150_000, 240, date(2026, 4, 30)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="Write the landing of a simulated platform.")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default %(default)s)")
    parser.add_argument("--events", type=_positive, default=EVENTS, help="about so many, up to 10^8 (default %(default)s)")
    parser.add_argument("--days", type=_positive, default=DAYS, help="days of deliveries (default %(default)s)")
    parser.add_argument("--end", type=date.fromisoformat, default=END, help="the last of them (default %(default)s)")
    parser.add_argument("--future", type=_positive, default=0, help="days after the end, written to OUT/_future (default none)")
    given = parser.parse_args(arguments)
    try:
        world, outbox = simulate(Plan(given.seed, given.events, given.days, given.end, given.future), given.out)
    except OSError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    report = {
        "step": "simulator",
        "rows_in": 0,
        "rows_out": sum(outbox.planted.events.values()),
        "out": str(given.out),
        "as_of": given.end.isoformat(),
        "people": len(world.people),
        "merchants": len(world.merchants),
    }
    print(json.dumps(report, separators=(",", ":")))
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
