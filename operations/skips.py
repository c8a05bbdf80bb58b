"""Fails if a test was skipped for any reason other than missing data beside the checkout.

    python -m operations.skips report.xml [more.xml …]

Reads the JUnit reports that pytest writes. A skipped test proves nothing, and is easily overlooked.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

ALLOWED = "../shared"  # data with licences of their own, which are no part of the project


def skipped(report: Path) -> Iterator[str]:
    """Tests of a report that were skipped for another reason, with that reason."""
    tests = list(ET.parse(report).iter("testcase"))
    if not tests:
        yield f"{report}: no test was run"
    for test in tests:
        for skip in test.iter("skipped"):
            reason = skip.get("message", "")
            if ALLOWED not in reason:
                yield f"{test.get('classname')}.{test.get('name')}: {reason}"


def main(arguments: list[str]) -> int:
    found = [line for report in arguments for line in skipped(Path(report))]
    for line in found:
        print(f"skipped: {line}", file=sys.stderr)
    return 1 if found or not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
