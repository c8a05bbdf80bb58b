"""Airflow's own commands, for the Airflow that `make up` left running.

python -m operations.cli backfill create --dag-id ingest --from-date 2026-03-01 --to-date 2026-03-31
"""

from __future__ import annotations

import sys
from pathlib import Path

from contract.settings import SettingError, Settings
from operations import airflow_server


def main(arguments: list[str]) -> int:
    try:
        settings = Settings.from_environment()
        server = airflow_server.find(settings)
        if server is None:
            raise SettingError(f"no Airflow runs in FANOUT_HOME={settings.home}; make up")
    except SettingError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    airflow_server.run_within(settings, server, [str(Path(sys.executable).with_name("airflow")), *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
