"""Connections: host, login and secrets of a destination or an object store, from the environment or from Airflow.

`AIRFLOW_CONN_<NAME>` holds a URI (`sftp://login:password@host:22/?host_key=...`) or JSON, as Airflow reads it; without it
Airflow's own store is asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from contract.setting_error import SettingError


@dataclass(frozen=True)
class Connection:
    """What is known of a connection; `extra` are the keys that its kind needs."""

    name: str
    host: str | None
    port: int | None
    login: str | None
    password: str | None = field(repr=False)
    extra: dict[str, Any] = field(repr=False, default_factory=dict)


def connection(name: str, environ: Mapping[str, str] = os.environ) -> Connection:
    """The connection of a name.

    Raises:
        SettingError: there is none, or it cannot be read. The message holds no secret.
    """
    variable = f"AIRFLOW_CONN_{name.upper().replace('-', '_')}"
    text = environ.get(variable)
    if text is None:
        return _from_airflow(name, variable)
    try:
        if text.lstrip().startswith("{"):
            return _from_json(name, json.loads(text))
        return _from_uri(name, text)
    except (ValueError, TypeError, AttributeError):
        raise SettingError(f"{variable} is neither a URI nor JSON of a connection") from None


def _from_json(name: str, content: dict[str, Any]) -> Connection:
    extra = content.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    port = content.get("port")
    return Connection(
        name, content.get("host"), None if port is None else int(port), content.get("login"), content.get("password"), extra
    )


def _from_uri(name: str, text: str) -> Connection:
    parts = urlsplit(text)
    if not parts.scheme:
        raise ValueError(text)
    extra = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "__extra__" in extra:
        extra = json.loads(extra["__extra__"])
    login, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
    host = None if parts.hostname is None else unquote(parts.hostname)
    return Connection(name, host or None, parts.port, login or None, password, extra)


def _from_airflow(name: str, variable: str) -> Connection:
    from airflow.models.connection import Connection as Stored
    from airflow.sdk.exceptions import AirflowNotFoundException  # takes seconds: only where the environment has nothing

    try:
        stored = Stored.get_connection_from_secrets(name)
    except AirflowNotFoundException:
        raise SettingError(f"there is no connection {name}: set {variable}, or: airflow connections add {name} ...") from None
    return Connection(name, stored.host, stored.port, stored.login, stored.password, stored.extra_dejson)
