"""Start an Airflow that stays, with its pages in the browser and the schedule on.

python -m operations.up        # what `make up` does; `make down` ends it
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from contract.settings import SettingError, Settings
from operations import airflow_server
from operations.airflow_server import AirflowError
from operations.readiness import end_of_next_year, require

PREFERRED_PORT = 8080


def main() -> int:
    airflow_server.forward_signals()
    try:
        settings = Settings.from_environment()
        require(settings, end_of_next_year(datetime.now(UTC)))
        with airflow_server.only_one(settings):
            server = airflow_server.find(settings)
            if server and server.mode == "run":  # left by a run that was killed
                airflow_server.stop(settings, server)
                server = None
            if server is None:
                server = airflow_server.start(settings, "up", airflow_server.free_port(PREFERRED_PORT))
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    except AirflowError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    print(f"Airflow: {server.base_url}   user {airflow_server.USER}   password {airflow_server.password(settings)}")
    print(f"logs:    {airflow_server.log_folder(settings)}")
    print("A day: trigger ingest with the partition key YYYY-MM-DD; the others follow.")
    print("A month: docs/runbooks/backfill.md. Airflow's own commands: .venv/bin/python -m operations.cli …")
    return 0


if __name__ == "__main__":
    sys.exit(main())
