"""Why a command failed, in one line: the last error in its output, without secrets."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress

from contract.settings import SECRET_FILES, SettingError, read_secret

_MOST_CHARACTERS = 600
# What a JVM, Spark and loggers write as well; no error has one of these forms.
_NOISE = re.compile(
    r"(\d\d/\d\d/\d\d \d\d:\d\d:\d\d )?(TRACE|DEBUG|INFO|WARN|WARNING)\b|WARNING: |\[Stage |SLF4J|Picked up |:: |#|\s"
    r"|Setting default log level|To adjust logging level|Using Spark's default log4j|Command exited with|\.\.\. \d+ more"
)
_TRACEBACK = "Traceback (most recent call last):"
_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|KEY|WEBHOOK|CREDENTIAL|DSN|SQL_ALCHEMY", re.IGNORECASE)
_LEAST_SECRET = 6  # blacking out shorter values would hit ordinary words
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_SIGNATURE = re.compile(r"(?<=[?&])([\w-]*(?:sig|signature|token|key|credential|password)[\w-]*=)[^&\s'\"]+", re.IGNORECASE)


def cause(lines: Sequence[str]) -> str:
    """The last error in the lines that a command wrote to stderr; empty if it wrote nothing."""
    start = max((number for number, line in enumerate(lines) if line.startswith(_TRACEBACK)), default=None)
    if start is not None:
        said = [line for line in lines[start + 1 :] if _says_something(line)]
        root = [line for line in said if line.startswith("Caused by: ")]
        found = [*said[:1], *root[-1:]]
    else:
        found = [line for line in lines if _says_something(line)][-1:] or [line for line in lines if line.strip()][-1:]
    return without_secrets(" ".join(line.strip() for line in found))[:_MOST_CHARACTERS]


def without_secrets(text: str) -> str:
    """The text without the values of secret settings, and without credentials and signatures in URLs."""
    values = {name: value for name, value in os.environ.items() if name not in SECRET_FILES.values()}
    for name in SECRET_FILES:
        with suppress(SettingError):  # what cannot be read is told as the cause itself
            values[name] = read_secret(name)
    for name, value in values.items():
        if _SECRET_NAME.search(name) and len(value) >= _LEAST_SECRET:
            text = text.replace(value, "***")
    return _SIGNATURE.sub(r"\1***", _CREDENTIALS.sub("***@", text))


def _says_something(line: str) -> bool:
    return bool(line) and not _NOISE.match(line) and not _is_report(line)


def _is_report(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
