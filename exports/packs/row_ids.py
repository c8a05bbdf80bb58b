"""Names of rows that name nobody: HMAC-SHA256 under a key of the deployment.

A row of a person has a `row_id`, by which the end of it is told without the person. A plain hash would name the person to
anybody who has a list of ids and hashes them all; a keyed one does not. The key comes from `FANOUT_PSEUDONYM_KEY` where that is
set, else from a file that the first export makes. It never leaves, and stays the same from day to day, so that a row keeps
its name.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import duckdb

from contract.settings import SettingError, Settings
from publication.versions import one_publisher

ROW_ID = "row_id"
_PREFIX = "r_"  # which no spreadsheet takes for a part of a number
_CHARACTERS = 32  # of hexadecimal: 128 bits
_BLOCK = 64  # bytes of a block of SHA-256, as HMAC (RFC 2104) pads its key
# What is derived from the key of pseudonyms for this use alone; a pseudonym's own message begins with a digit.
_PURPOSE = b"row_id"


def key_file(settings: Settings) -> Path:
    return settings.home / "keys" / ROW_ID


def use_key(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Set what `sql` reads: the deployment's key, in the two forms in which HMAC hashes it. No query holds the key itself.

    Raises:
        SettingError: the file of the key holds none.
    """
    padded = _key(settings).ljust(_BLOCK, b"\0")
    for name, pad in (("row_id_inner", 0x36), ("row_id_outer", 0x5C)):
        con.execute(f"set variable {name} = ?::blob", [bytes(byte ^ pad for byte in padded)])


def sql(table: str, columns: Sequence[str]) -> str:
    """SQL of the name of a row of a table, from the columns that name it; each part has its length in front."""
    parts = [f"'{len(table.encode())}:{table}'"]
    parts += [f"strlen({column}::varchar)::varchar || ':' || {column}::varchar" for column in columns]
    inner = f"unhex(sha256(getvariable('row_id_inner') || encode({' || '.join(parts)})))"
    return f"'{_PREFIX}' || sha256(getvariable('row_id_outer') || {inner})[:{_CHARACTERS}]"


def _key(settings: Settings) -> bytes:
    if settings.pseudonym_key is not None:
        return hmac.digest(settings.pseudonym_key.encode(), _PURPOSE, hashlib.sha256)
    path = key_file(settings)
    with one_publisher(path.parent):
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise SettingError(
            f"{path} is not a key of 64 hexadecimal digits; put it back from a backup, or delete it for a new key, "
            "under which every row_id of the exports is another"
        )
    return bytes.fromhex(text)


def _make(path: Path) -> None:
    """Write a new key for its owner alone, whole or not at all; the caller holds the folder."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(f"{secrets.token_hex(32)}\n")
        out.flush()
        os.fsync(out.fileno())
    part.rename(path)
