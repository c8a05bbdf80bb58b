"""Sheets that come back through a destination: fetched once, answered there, and left where they lie."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from contract.settings import SettingError
from exports.delivery import destinations
from exports.returns import places
from exports.returns.places import safe_name
from tests.exports.delivery.servers import plain_sftp, s3_server
from tests.exports.returns.conftest import DAY_AFTER, Office
from tests.exports.returns.test_returns import EVENT, TALKED, below, without_id
from tests.small_warehouse import AS_OF

Put = Callable[[str, bytes], None]
Contents = Callable[[], dict[str, bytes]]


@contextmanager
def return_folder(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Put, Contents]]:
    """A place of a kind as the file of destinations declares it, a way to put a file there, and what it holds."""
    root = tmp_path / "share"
    entry = '[[destination]]\nname = "share"\nkind = "{}"\npath = "{}"\nreturns = "{}"\n'

    def put(name: str, content: bytes) -> None:
        (root / "back" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "back" / name).write_bytes(content)

    if kind == "folder":
        (root / "back").mkdir(parents=True)
        yield entry.format(kind, root, root / "back"), put, lambda: below(root / "back")
    elif kind == "sftp":
        with plain_sftp(root) as server:
            (root / "back").mkdir()
            monkeypatch.setenv("AIRFLOW_CONN_SHARE", server.connection())
            yield entry.format(kind, "/upload", "/back") + 'connection = "share"\n', put, lambda: below(root / "back")
    else:
        with s3_server("exports") as store:
            monkeypatch.setenv("AIRFLOW_CONN_SHARE", store.connection())
            client = boto3.client(
                "s3",
                endpoint_url=f"http://127.0.0.1:{store.port}",
                aws_access_key_id="key",
                aws_secret_access_key="secret",
                region_name="us-east-1",
            )

            def put_object(name: str, content: bytes) -> None:
                client.put_object(Bucket="exports", Key=f"back/{name}", Body=content)

            def contents() -> dict[str, bytes]:
                return {name.removeprefix("back/"): data for name, data in store.contents().items()}

            yield entry.format(kind, "exports/success", "exports/back") + 'connection = "share"\n', put_object, contents


def with_destinations(office: Office, tmp_path: Path, text: str) -> Office:
    path = tmp_path / "destinations.toml"
    path.write_text(text)
    return replace(office, settings=replace(office.settings, destinations=path))


@pytest.mark.parametrize("kind", ["folder", "s3", "sftp"])
def test_a_sheet_at_a_destination_is_taken_once_and_stays(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    sheet = office.lay(office.filled({"m-1": TALKED})).read_bytes()
    (office.settings.returns / "Today.xlsx").unlink()
    with return_folder(kind, tmp_path, monkeypatch) as (text, put, contents):
        office = with_destinations(office, tmp_path, text)
        assert office.run()["files"] == 0
        put("Today (小王).xlsx", sheet)
        put("below/other.csv", b"result,called_on,merchant_id\n")
        put(".Today.part", b"half")
        report = office.run()
        assert (report["files"], report["rows_out"], report["faults"]) == (1, 1, 0)
        assert without_id(office.landed()) == [EVENT]
        found = contents()
        assert (found.pop("Today (小王).xlsx"), found.pop("below/other.csv"), found.pop(".Today.part")) == (
            sheet,
            b"result,called_on,merchant_id\n",
            b"half",
        )
        [(name, answer)] = found.items()
        assert name.startswith("answers/")
        assert name.endswith("_share~Today -小王-.xlsx.csv")
        assert "Calls taken: 1" in answer.decode("utf-8-sig")
        again = office.run()
        assert (again["files"], again["faults"]) == (0, 0)
        assert contents().keys() == {"Today (小王).xlsx", "below/other.csv", ".Today.part", name}
        assert office.waiting() == set()
        put("Today (小王).xlsx", sheet + b"\0")  # another under the same name
        assert office.run()["files"] == 1
        assert without_id(office.landed()) == [EVENT]


def test_a_place_that_cannot_be_reached_holds_nothing_up(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = f'[[destination]]\nname = "gone"\nkind = "folder"\npath = "{tmp_path}"\nreturns = "{tmp_path}/gone"\n'
    office = with_destinations(office, tmp_path, gone)
    office.lay(office.filled({"m-1": TALKED}))
    with caplog.at_level(logging.WARNING):
        report = office.run(DAY_AFTER)
    assert report["faults"] == 2
    assert f"{tmp_path}/gone is no folder; make it, or mount the drive that holds it" in caplog.text
    assert "gone has not got the answers to its sheets" in caplog.text
    assert without_id(office.landed()) == [EVENT]


def test_a_large_file_is_not_fetched(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "LARGEST_FILE", 3)
    with return_folder("folder", tmp_path, monkeypatch) as (text, put, _):
        put("a.csv", b"1234")
        office = with_destinations(office, tmp_path, text)
        report = office.run()
        assert (report["files"], report["faults"]) == (0, 1)
        assert office.waiting() == set()


def test_a_waiting_sheet_is_fetched_again_and_waits_once(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = office.lay(office.filled({"m-1": TALKED})).read_bytes()
    (office.settings.returns / "Today.xlsx").unlink()
    with return_folder("folder", tmp_path, monkeypatch) as (text, put, _):
        put("Today.xlsx", sheet)
        office = with_destinations(office, tmp_path, text)
        for _ in range(2):
            assert office.run(AS_OF)["waiting"] == 1
            assert office.waiting() == {"share~Today.xlsx"}
        assert office.run(DAY_AFTER)["rows_out"] == 1


def test_the_return_folder_of_a_folder_is_absolute(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text('[[destination]]\nname = "share"\nkind = "folder"\npath = "/mnt"\nreturns = "back"\n')
    with pytest.raises(SettingError, match="returns 'back' is not absolute"):
        destinations.read(path)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Today.xlsx", "Today.xlsx"),
        ("../../etc/passwd", "..-..-etc-passwd"),
        ("a\nb\u202ec.csv", "a-b-c.csv"),
        ("很" * 100 + ".xlsx", "很" * 38 + ".xlsx"),
        ("x" * 300, "x" * 120),
        ("a.very-long-suffix", "a.very-long-suffix"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
