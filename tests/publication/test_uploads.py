"""Published versions in an object store: whole before they are named, and gone when `published/` has them no longer."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from contract.object_path import ObjectPath
from contract.settings import Settings
from publication.uploads import write
from publication.versions import PublicationError, point
from tests.object_stores import BUCKET, ObjectStore

FIRST, SECOND = date(2026, 3, 20), date(2026, 3, 21)


@pytest.fixture
def uploading(settings: Settings, store: ObjectStore, tmp_path: Path) -> Settings:
    return replace(settings, published_uri=f"s3://{BUCKET}/{tmp_path.name}")


def publish(settings: Settings, as_of: date, version: str) -> None:
    folder = settings.published / as_of.isoformat() / version
    folder.mkdir(parents=True)
    (folder / "fanout.duckdb").write_bytes(f"marts of {as_of} {version}".encode())
    (folder / "run.json").write_text(json.dumps({"version": version}))
    point(settings.published, as_of, version)


def there(settings: Settings, name: str) -> str:
    return ObjectPath(f"{settings.published_uri}/{name}").read_bytes().decode()


def test_a_version_is_put_and_named(uploading: Settings) -> None:
    publish(uploading, FIRST, "v000001")
    report = write(uploading, FIRST)
    assert report == {
        "folder": f"{uploading.published_uri}/2026-03-20/v000001",
        "version": "v000001",
        "is_new": True,
        "removed": [],
    }
    name = "2026-03-20/v000001/fanout.duckdb"
    assert there(uploading, "current") == there(uploading, "2026-03-20/current") == name
    assert there(uploading, name) == "marts of 2026-03-20 v000001"
    assert write(uploading, FIRST)["is_new"] is False


def test_the_newest_day_is_current_and_an_old_version_goes(uploading: Settings) -> None:
    for day in (FIRST, SECOND):
        publish(uploading, day, "v000001")
        write(uploading, day)
    publish(uploading, FIRST, "v000002")
    shutil.rmtree(uploading.published / "2026-03-20" / "v000001")
    assert write(uploading, FIRST)["removed"] == ["v000001"]
    assert there(uploading, "2026-03-20/current") == "2026-03-20/v000002/fanout.duckdb"
    assert there(uploading, "current") == "2026-03-21/v000001/fanout.duckdb"
    assert not ObjectPath(f"{uploading.published_uri}/2026-03-20/v000001").exists()


def test_a_version_that_was_cut_short_is_put_again(uploading: Settings) -> None:
    publish(uploading, FIRST, "v000001")
    ObjectPath(f"{uploading.published_uri}/2026-03-20/v000001/fanout.duckdb").write_bytes(b"of a home that is lost")
    assert write(uploading, FIRST)["is_new"] is True
    assert there(uploading, "2026-03-20/v000001/fanout.duckdb") == "marts of 2026-03-20 v000001"


def test_an_older_version_is_there_as_it_is_here(uploading: Settings) -> None:
    """People may be taken out of it; one that was never put stays here."""
    for version in ("v000001", "v000002"):
        publish(uploading, FIRST, version)
        write(uploading, FIRST)
    older = uploading.published / "2026-03-20" / "v000001"
    (older / "fanout.duckdb").write_bytes(b"without somebody")
    (older / "run.json").write_text(json.dumps({"rows_forgotten": 1}))
    publish(uploading, FIRST, "v000003")
    point(uploading.published, FIRST, "v000002")
    assert write(uploading, FIRST)["is_new"] is False
    assert there(uploading, "2026-03-20/v000001/fanout.duckdb") == "without somebody"
    assert not ObjectPath(f"{uploading.published_uri}/2026-03-20/v000003").exists()


def test_a_day_that_is_not_published_is_told(uploading: Settings) -> None:
    with pytest.raises(PublicationError, match="current is missing"):
        write(uploading, FIRST)
