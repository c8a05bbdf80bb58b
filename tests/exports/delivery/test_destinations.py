"""The file of destinations, and the connections that it names."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from contract.connections import connection
from contract.settings import SettingError
from exports.delivery import deliver, destinations
from exports.delivery.destinations import Destination, Kind, Schedule

GOOD = {"name": '"share"', "kind": '"folder"', "path": '"/mnt"'}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"name": '"My Share"'}, "name 'My Share' has to be small letters, digits and hyphens", id="name"),
        pytest.param({"kind": '"ftp"'}, "share: kind 'ftp' has to be one of folder, s3, sftp", id="kind"),
        pytest.param(
            {"path": '""'}, "path is missing; it has to be an absolute path of this machine, bucket/prefix, or", id="path"
        ),
        pytest.param({"path": "3"}, "path 3 has to be an absolute path", id="no text"),
        pytest.param({"path": '"mnt"'}, "is not absolute", id="relative"),
        pytest.param({"kind": '"s3"'}, "need a connection", id="no connection"),
        pytest.param({"connection": '"x"'}, "a folder has none", id="connection"),
        pytest.param({"connection": '""'}, "connection is missing; it has to be the name of a connection", id="no name"),
        pytest.param({"schedule": '"hourly"'}, "schedule 'hourly' has to be one of daily, monday, month_end", id="schedule"),
        pytest.param({"packs": '["everything"]'}, "'everything'. has to be a list of managers or merchants", id="packs"),
        pytest.param({"only": '"amy"'}, "only 'amy' has to be a list of managers or merchants", id="only"),
        pytest.param({"only": '["amy", ""]'}, "only .* has to be a list of managers or merchants", id="only nobody"),
        pytest.param({"tries": "0"}, "tries 0 has to be a number from 1 to 20", id="tries"),
        pytest.param({"tries": "21"}, "tries 21 has to be a number from 1 to 20", id="too many tries"),
        pytest.param({"tries": "true"}, "tries True has to be a number from 1 to 20", id="no number"),
        pytest.param({"colour": '"red"'}, "unknown colour; known are name, kind, path", id="unknown"),
        pytest.param({"name": "share"}, "Invalid value", id="no TOML"),
    ],
)
def test_the_file_of_destinations_is_checked(tmp_path: Path, change: dict[str, str], fault: str) -> None:
    def text(values: dict[str, str]) -> str:
        return "[[destination]]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())

    path = tmp_path / "destinations.toml"
    path.write_text(text(GOOD))
    assert [found.name for found in destinations.read(path)] == ["share"]
    path.write_text(text(GOOD | change))
    with pytest.raises(SettingError, match=fault) as error:
        destinations.read(path)
    assert str(error.value).startswith(f"{path}")


@pytest.mark.parametrize("text", ["destination = 'x'", "[[destinations]]\nname = 'share'", "[destination]\nname = 'share'"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(text)
    with pytest.raises(SettingError, match=r"the file holds tables .*destination.* and nothing else"):
        destinations.read(path)


def test_a_destination_that_lacks_a_name_is_told_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text("[[destination]]\nname = 'a'\nkind = 'folder'\npath = '/mnt'\n[[destination]]\nkind = 'folder'\n")
    with pytest.raises(SettingError, match=r"destinations\.toml, destination 2: name is missing; it has to be small letters"):
        destinations.read(path)


def test_every_kind_has_its_way() -> None:
    assert {"folder", *deliver._REMOTE} == {*get_args(Kind)}


def test_two_destinations_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text("[[destination]]\nname = 'a'\nkind = 'folder'\npath = '/mnt'\n" * 2)
    with pytest.raises(SettingError, match="two destinations are named a"):
        destinations.read(path)


@pytest.mark.parametrize(
    ("schedule", "day", "due"),
    [
        ("daily", date(2026, 3, 20), True),
        ("monday", date(2026, 3, 23), True),
        ("monday", date(2026, 3, 22), False),
        ("month_end", date(2026, 2, 28), True),
        ("month_end", date(2028, 2, 28), False),
        ("month_end", date(2026, 3, 30), False),
    ],
)
def test_schedules(schedule: Schedule, day: date, due: bool) -> None:
    assert Destination("a", "folder", "/mnt", schedule=schedule).is_due(day) is due


def test_connections_of_the_environment() -> None:
    uri = {"AIRFLOW_CONN_MY_SFTP": "sftp://user:p%40ss@host:2222/?host_key=ssh-ed25519%20AAAA"}
    found = connection("my-sftp", uri)
    assert (found.host, found.port, found.login, found.password) == ("host", 2222, "user", "p@ss")
    assert found.extra == {"host_key": "ssh-ed25519 AAAA"}
    assert "p@ss" not in repr(found)
    as_json = {
        "AIRFLOW_CONN_S": json.dumps({"conn_type": "aws", "login": "k", "password": "s", "extra": {"endpoint_url": "http://x"}})
    }
    assert connection("s", as_json).extra == {"endpoint_url": "http://x"}
    with pytest.raises(SettingError, match="AIRFLOW_CONN_S is neither a URI nor JSON") as fault:
        connection("s", {"AIRFLOW_CONN_S": "{secret"})
    assert "secret" not in str(fault.value)
