"""Superset's configuration; everything that differs between deployments comes from the environment.

SUPERSET_HOME         folder of metadata, cache and spilled queries
SUPERSET_SECRET_KEY   secret of at least 32 characters, which signs sessions and encrypts what is secret in the metadata
SUPERSET_METADATA     URL of the metadata database; default an SQLite file in SUPERSET_HOME

Of the last two a file may be named instead, by SUPERSET_SECRET_KEY_FILE and SUPERSET_METADATA_FILE.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import g, has_app_context
from sqlalchemy.engine.url import URL
from superset.security import SupersetSecurityManager

HOME = Path(os.environ["SUPERSET_HOME"])


def secret(name: str) -> str:
    """What a variable holds, or the file that the variable with `_FILE` behind its name leads to; empty if there is neither."""
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text().strip() if file else os.environ.get(name, "")


SECRET_KEY = secret("SUPERSET_SECRET_KEY")
if len(SECRET_KEY) < 32:
    raise SystemExit("SUPERSET_SECRET_KEY is missing or has fewer than 32 characters; make one with: openssl rand -base64 42")
SQLALCHEMY_DATABASE_URI = secret("SUPERSET_METADATA") or f"sqlite:///{HOME}/superset.db?timeout=20"

APP_NAME = "Fanout"
# Templates are for row-level security, which names the person who asks.
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True, "RLS_IN_SQLLAB": True}
WTF_CSRF_ENABLED = True
SESSION_COOKIE_SAMESITE = "Lax"
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
SQLLAB_TIMEOUT = 60


def _cache(name: str) -> dict[str, Any]:
    return {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(HOME / "cache" / name),
        "CACHE_DEFAULT_TIMEOUT": int(timedelta(days=2).total_seconds()),
        "CACHE_THRESHOLD": 10_000,
    }


CACHE_CONFIG = _cache("views")
DATA_CACHE_CONFIG = _cache("data")


def _published(path: str) -> str:
    """The file that a path leads to over the links `current`: one for a request, whatever is published meanwhile."""
    if not has_app_context():
        return os.path.realpath(path)
    seen: dict[str, str] = g.setdefault("published_files", {})
    return seen.setdefault(path, os.path.realpath(path))


class SecurityManager(SupersetSecurityManager):  # type: ignore[misc]
    """Makes the published version a part of every cache key, so that no answer of an older version is served."""

    def get_rls_cache_key(self, datasource: Any) -> list[str]:
        url: URL = datasource.database.url_object
        version = [_published(url.database)] if url.drivername == "duckdb" else []
        return [*super().get_rls_cache_key(datasource), *version]


CUSTOM_SECURITY_MANAGER = SecurityManager


def DB_CONNECTION_MUTATOR(url: URL, parameters: dict[str, Any], *_: object) -> tuple[URL, dict[str, Any]]:
    """Open the very file that the cache key of the request names, and spill into the folder that this Superset may write: into
    one of this process and file alone, since two DuckDBs that share a folder overwrite each other's files."""
    if url.drivername == "duckdb" and url.database:
        url = url.set(database=_published(url.database))
        spill = HOME / "spill" / f"{os.getpid()}-{'-'.join(Path(str(url.database)).parts[-3:-1])}"
        spill.parent.mkdir(exist_ok=True)
        parameters.setdefault("connect_args", {}).setdefault("config", {})["temp_directory"] = str(spill)
    return url, parameters
