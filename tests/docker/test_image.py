"""The image runs the main job."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docker.images import buildah
from tests.end_to_end.conftest import DAYS, NEWEST, Place, deliver

pytestmark = pytest.mark.soak


def test_the_image_runs_the_main_job(of_platform: str, tmp_path: Path) -> None:
    place = Place(tmp_path / "landing", tmp_path / "home")
    for day in DAYS:
        deliver(place.landing, day)
    place.home.mkdir()
    uid = int(buildah("run", of_platform, "--", "id", "--user"))
    assert uid != 0
    os.chown(place.home, uid, uid)
    folders = ("--volume", f"{place.landing}:/landing:ro", "--volume", f"{place.home}:/data")
    settings = ("--env", "FANOUT_LANDING=/landing", "--env", "FANOUT_SPARK_MEMORY=2g")
    said = buildah("run", *folders, *settings, of_platform, "--", "python", "-m", "operations.run")
    assert f"{NEWEST} is published." in said
    assert (place.current() / "run.json").exists()
    assert list((place.home / "exports" / NEWEST).iterdir())
