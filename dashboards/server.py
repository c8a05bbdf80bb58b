"""A running Superset over its REST interface: import the bundle, keep who sees what, warm the charts."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from contract.settings import SettingError, Settings

TIMEOUT_SECONDS = 300
_PAGE = 100  # the most that Superset gives
_BOUNDARY = "fanout-5d9c1f0a7b3e"


class ServerError(RuntimeError):
    """Superset cannot be reached or refuses; the message says what it was asked and what it answered."""


def password_file(settings: Settings) -> Path:
    """The password of `admin` that `make superset` generates; only its owner reads it."""
    return settings.home / "superset" / "password"


def password(settings: Settings) -> str:
    """The password of FANOUT_SUPERSET_USER.

    Raises:
        SettingError: none is set, and none was generated here.
    """
    file = password_file(settings)
    if settings.superset_password is None and not file.exists():
        raise SettingError("FANOUT_SUPERSET_PASSWORD is not set; it is the password of FANOUT_SUPERSET_USER")
    return settings.superset_password or file.read_text()


class Superset:
    """A session of one person."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Log in.

        Raises:
            ServerError: Superset cannot be reached, or refuses the login.
        """
        self.url = url.rstrip("/")
        self.user = user
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._headers = {"Referer": self.url}
        login = {"username": user, "password": password, "provider": "db", "refresh": False}
        self._headers["Authorization"] = f"Bearer {self.post('security/login', login)['access_token']}"
        self._headers["X-CSRFToken"] = self.get("security/csrf_token/")["result"]

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: Any) -> Any:
        return self._ask("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def put(self, path: str, body: Any) -> Any:
        return self._ask("PUT", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def upload(self, path: str, field: str, name: str, content: bytes) -> Any:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
        return self._ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"})

    def download(self, path: str) -> bytes:
        with self._open("GET", path, None, {}) as answer:
            content: bytes = answer.read()
        return content

    def rows(self, path: str, order: str) -> list[dict[str, Any]]:
        """All rows of a list, over its pages, in the order of a column that Superset can sort this list by."""
        found: list[dict[str, Any]] = []
        while True:
            query = urllib.parse.quote(
                f"(page:{len(found) // _PAGE},page_size:{_PAGE},order_column:{order},order_direction:asc)"
            )
            page = self.get(f"{path}?q={query}")
            found += page["result"]
            if not page["result"] or len(found) >= page["count"]:
                return found

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
        with self._open(method, path, body, headers) as answer:
            return json.load(answer)

    def _open(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}", data=body, method=method, headers={**self._headers, **headers}
        )
        try:
            return self._opener.open(request, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:2000]
            raise ServerError(f"Superset at {self.url} refuses {method} {path} of {self.user} ({error.code}): {said}") from None
        except OSError as error:
            raise ServerError(f"Superset at {self.url} cannot be reached ({error}); start it, or correct the address") from None
