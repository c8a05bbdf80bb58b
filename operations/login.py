"""Create the login `admin` of a team's Airflow, or give it the password of a file again.

    python -m operations.login --password-file /run/secrets/airflow_admin_password

Airflow's own command takes a password as an argument, which every user of the machine sees, or asks a person for it. The logins
of people are made by `admin`, in Airflow's pages.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ADMIN = "admin"
LEAST_CHARACTERS = 12


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0, or 2 if the file holds no password."""
    parser = argparse.ArgumentParser(
        prog="python -m operations.login", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--password-file", type=Path, required=True)
    file = parser.parse_args(arguments).password_file
    try:
        password = file.read_text().strip()
    except OSError as error:
        print(f"refused: --password-file cannot be read: {error}", file=sys.stderr)
        return 2
    if len(password) < LEAST_CHARACTERS:
        print(f"refused: {file} holds fewer than {LEAST_CHARACTERS} characters; docker/secrets.sh makes one", file=sys.stderr)
        return 2
    # Only now, since it reads Airflow's configuration.
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    @providers_configuration_loaded
    def keep() -> None:
        with get_application_builder() as builder:
            security = builder.sm
            admin = security.find_user(ADMIN)
            if admin is None:
                security.add_user(ADMIN, "Fanout", "Admin", f"{ADMIN}@localhost", security.find_role("Admin"), password)
            else:
                security.reset_password(admin.id, password)

    keep()
    return 0


if __name__ == "__main__":
    sys.exit(main())
