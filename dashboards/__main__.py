"""Make Superset's dashboards, put them into a running Superset, and warm them after a publication.

python -m dashboards write --out DIR      # the bundle as files: what `import` uploads
python -m dashboards import               # into the Superset of FANOUT_SUPERSET_URL, with the role merchant_reader
python -m dashboards refresh --as-of D    # after a publication; nothing is done where a newer day is published
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from contract.settings import SettingError, Settings, parse_as_of
from dashboards import access, bundle, warming
from dashboards.charts import BundleError
from dashboards.datasets import datasets
from dashboards.server import ServerError, Superset, password
from lineage import names
from lineage.emitter import Job, emitting

JOB = Job(
    "dashboards",
    lambda _: names.published_marts(),
    lambda _: map(names.superset, datasets()),
    lambda arguments: "write" not in arguments.words,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="write the bundle as files")
    write.add_argument("--out", required=True, type=Path, help="folder")
    commands.add_parser("import", help="import the bundle, and renew who sees what")
    refresh = commands.add_parser("refresh", help="warm the charts after a publication")
    refresh.add_argument("--as-of", required=True, help="business date")
    arguments = parser.parse_args()
    try:
        settings = Settings.from_environment()
        if arguments.command == "write":
            report: dict[str, Any] = {"files": bundle.write(settings, arguments.out)}
        elif settings.superset_url is None and arguments.command == "refresh":
            report = {"superset": "FANOUT_SUPERSET_URL is not set"}
        else:
            report = _serve(settings, parse_as_of(arguments.as_of) if arguments.command == "refresh" else None)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except (BundleError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"step": "dashboards", **report}))
    return 0


def _serve(settings: Settings, refreshed: date | None) -> dict[str, Any]:
    if settings.superset_url is None:
        raise SettingError("FANOUT_SUPERSET_URL is not set; name the address of Superset, such as http://127.0.0.1:8088")
    superset = Superset(settings.superset_url, settings.superset_user, password(settings))
    if refreshed is not None:
        return warming.warm(superset, settings, refreshed)
    bundle.put(superset, settings)
    access.keep(superset)
    return {"superset": superset.url}


if __name__ == "__main__":
    sys.exit(emitting(main, JOB))
