"""Names of rows that name nobody."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contract.settings import SettingError, Settings
from exports.packs.csv_text import unguarded
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from exports.write_packs import export
from tests.exports.contents import contents
from tests.small_warehouse import AS_OF

DAY_BEFORE = AS_OF - timedelta(days=1)


Export = Callable[..., Path]


Read = Callable[[Path], list[dict[str, str]]]


def row_ids(folder: Path, rows: Read) -> dict[tuple[str, ...], str]:
    """The name of every row of a person, by table, merchant, person and what else names the row."""
    found = {}
    for table in (*MERCHANT_TABLES, *MANAGER_TABLES):
        if table.person_key:
            for path in folder.rglob(f"csv/{table.name}.csv"):
                for row in rows(path):
                    if table.person_key in row:
                        found[table.name, *(unguarded(row[column]) for column in table.key)] = row["row_id"]
    assert len(found) > 10
    return found


def test_a_row_id_cannot_be_guessed(exported: Export, settings: Settings, rows: Read) -> None:
    found = row_ids(exported(), rows)
    assert all(re.fullmatch("r_[0-9a-f]{32}", name) for name in found.values())
    guesses = {hashlib.sha256("\x1f".join(row).encode()).hexdigest()[:32] for row in found}
    assert not guesses & {name.removeprefix("r_") for name in found.values()}
    file = settings.home / "keys" / "row_id"
    assert file.stat().st_mode & 0o777 == 0o600
    key = bytes.fromhex(file.read_text().strip())
    messages = {row: "".join(f"{len(part.encode())}:{part}" for part in row).encode() for row in found}
    assert found == {row: f"r_{hmac.new(key, text, hashlib.sha256).hexdigest()[:32]}" for row, text in messages.items()}


def test_a_row_id_stays_and_is_of_its_deployment(exported: Export, settings: Settings, rows: Read, tmp_path: Path) -> None:
    first = row_ids(exported(as_of=DAY_BEFORE), rows)
    assert row_ids(exported(), rows) == first
    export(settings, AS_OF)
    assert row_ids(settings.exports / "2026-03-20", rows) == first
    other = row_ids(exported(with_settings=replace(settings, home=tmp_path / "other"), alone=True), rows)
    assert other.keys() == first.keys()
    assert not set(other.values()) & set(first.values())


def test_a_row_id_comes_from_the_key_of_pseudonyms_where_there_is_one(
    exported: Export, settings: Settings, rows: Read, tmp_path: Path
) -> None:
    one, same, other = (
        replace(settings, pseudonym_key=key * 32, home=tmp_path / name) for key, name in (("k", "a"), ("k", "b"), ("l", "c"))
    )
    first = row_ids(exported(with_settings=one, alone=True), rows)
    assert row_ids(exported(with_settings=same, alone=True), rows) == first
    assert not set(row_ids(exported(with_settings=other), rows).values()) & set(first.values())
    assert not (one.home / "keys").exists()


def test_a_broken_key_is_refused(exported: Export, settings: Settings) -> None:
    exported()
    (settings.home / "keys" / "row_id").write_text("")
    with pytest.raises(SettingError, match=r"keys/row_id is not a key of 64 hexadecimal digits; put it back"):
        export(settings, AS_OF)


def test_no_pack_holds_the_key(exported: Export, settings: Settings) -> None:
    folder = exported()
    key = (settings.home / "keys" / "row_id").read_bytes().strip()
    everything = contents(folder)
    assert everything
    assert not [name for name, content in everything.items() if key in content or bytes.fromhex(key.decode()) in content]
