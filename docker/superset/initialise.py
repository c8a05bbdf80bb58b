"""Creates or upgrades Superset's metadata, its roles, and the login `admin` with the password in SUPERSET_ADMIN_PASSWORD, or in
the file that SUPERSET_ADMIN_PASSWORD_FILE names.

One process instead of Superset's three commands, of which `fab create-admin` takes the password as an argument, which every
user of the machine sees.
"""

from __future__ import annotations

import os

from flask_migrate import upgrade
from superset.app import create_app
from superset_config import secret

app = create_app()
with app.app_context():
    upgrade(directory=os.path.join(os.path.dirname(create_app.__code__.co_filename), "migrations"))

# Again, since what the first one registers looks into the tables that were not there yet.
app = create_app()
with app.app_context():
    security = app.appbuilder.sm
    app.appbuilder.add_permissions(update_perms=True)
    security.sync_role_definitions()
    password = secret("SUPERSET_ADMIN_PASSWORD")
    if not password:
        raise SystemExit("SUPERSET_ADMIN_PASSWORD is missing: the password that the login admin is to have")
    admin = security.find_user("admin")
    if admin is None:
        security.add_user("admin", "Fanout", "Admin", "admin@localhost", security.find_role("Admin"), password=password)
    else:
        security.reset_password(admin.id, password)
