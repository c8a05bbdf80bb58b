"""Publish the marts of a day, or make an earlier version of it current again.

python -m publication --as-of 2026-03-20
python -m publication rollback --as-of 2026-03-20 [--version v000002]
"""

from __future__ import annotations

import argparse
import json
import sys

from contract.object_store import StoreGone, named
from contract.settings import SettingError, Settings, parse_as_of
from lineage.emitter import emitting
from lineage.jobs import PUBLICATION
from publication.publish import publish, roll_back
from publication.versions import PublicationError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=["publish", "rollback"], default="publish")
    parser.add_argument("--as-of", required=True, help="business date")
    parser.add_argument("--version", help="of a rollback; default the version before the current one")
    arguments = parser.parse_args()
    if arguments.version and arguments.command == "publish":
        parser.error("--version belongs to rollback")
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(arguments.as_of)
        rolls_back = arguments.command == "rollback"
        with named(settings):
            report = roll_back(settings, as_of, arguments.version) if rolls_back else publish(settings, as_of)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except (PublicationError, StoreGone) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(emitting(main, PUBLICATION))
