"""Start a Superset that stays, with the dashboards in it.

python -m operations.superset        # what `make superset` does; `make down` ends it
"""

from __future__ import annotations

import sys

from contract.settings import SettingError, Settings
from dashboards import access, bundle
from dashboards.charts import BundleError
from dashboards.server import ServerError, Superset
from operations import superset_server
from operations.airflow_server import forward_signals, free_port
from operations.superset_server import SupersetError
from publication.versions import CURRENT, DATABASE

PREFERRED_PORT = 8088


def main() -> int:
    forward_signals()
    try:
        settings = Settings.from_environment()
        if not (settings.published / CURRENT / DATABASE).exists():
            raise SettingError(f"nothing is published in {settings.published} yet; run: make run")
        superset_server.install()
        server = superset_server.find(settings) or superset_server.start(settings, free_port(PREFERRED_PORT))
        superset = Superset(server.base_url, superset_server.USER, superset_server.password(settings))
        bundle.put(superset, settings)
        access.keep(superset)
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    except (BundleError, ServerError, SupersetError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    print(f"Superset: {server.base_url}   user {superset_server.USER}   password {superset_server.password(settings)}")
    print(f"logs:     {superset_server.log_folder(settings)}")
    print(f"After each publication: FANOUT_SUPERSET_URL={server.base_url} for `make run` and `make up`, or by hand:")
    print(f"          FANOUT_SUPERSET_URL={server.base_url} .venv/bin/python -m dashboards refresh --as-of <date>")
    return 0


if __name__ == "__main__":
    sys.exit(main())
