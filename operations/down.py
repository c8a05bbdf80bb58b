"""Stop the Airflow that `make up` left running, with all its tasks, and the Superset of `make superset`.

python -m operations.down
"""

from __future__ import annotations

import sys

from contract.settings import SettingError, Settings
from operations import airflow_server, superset_server


def main() -> int:
    try:
        settings = Settings.from_environment()
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    airflow = airflow_server.find(settings)
    if airflow is not None:
        airflow_server.stop(settings, airflow)
        print(f"stopped {airflow.base_url}")
    superset = superset_server.find(settings)
    if superset is not None:
        superset_server.stop(settings, superset)
        print(f"stopped {superset.base_url}")
    if airflow is None and superset is None:
        print(f"neither an Airflow nor a Superset runs in {settings.home}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
