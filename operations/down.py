"""Stop the Airflow that `make up` left running, with all its tasks.

python -m operations.down
"""

from __future__ import annotations

import sys

from contract.settings import SettingError, Settings
from operations import airflow_server


def main() -> int:
    try:
        settings = Settings.from_environment()
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    server = airflow_server.find(settings)
    if server is None:
        print(f"no Airflow runs in {settings.home}")
        return 0
    airflow_server.stop(settings, server)
    print(f"stopped {server.base_url}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
