"""Write the exports of a published day.

    python -m exports --as-of 2026-03-20
"""

from __future__ import annotations

import argparse
import json
import sys

from expectations.settings import SettingError, Settings, parse_as_of
from exports.packs import export
from publication.versions import PublicationError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date")
    arguments = parser.parse_args()
    try:
        report = export(Settings.from_environment(), parse_as_of(arguments.as_of))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except PublicationError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
