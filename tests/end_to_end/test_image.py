"""The image, built by buildah on a base of debootstrap, runs the main job."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.settings import CHECKOUT
from tests.end_to_end.conftest import NEWEST, Place

pytestmark = pytest.mark.soak

BASE = "docker.io/library/debian:bookworm-slim"
IMAGE = "localhost/fanout:test"
CERTIFICATES = Path("/usr/local/share/ca-certificates")  # of a machine behind a proxy


WITHOUT_ENGINE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


def buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], env=os.environ | WITHOUT_ENGINE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Debian 12 slim under its usual name, without a registry of images."""
    for program in ("buildah", "debootstrap"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing")
    if os.getuid() != 0:
        pytest.skip("only root can build an image without an engine")
    if BASE in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        return
    root = tmp_path_factory.mktemp("debian")
    subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(root)], check=True)
    for certificate in CERTIFICATES.glob("*.crt"):
        shutil.copy(certificate, root / CERTIFICATES.relative_to("/"))
    subprocess.run(["chroot", str(root), "update-ca-certificates"], check=True)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, str(root), "/")
    buildah("commit", "--quiet", "--rm", container, BASE)


@pytest.fixture
def container(base: None) -> Iterator[str]:
    subprocess.run(["docker/build.sh"], cwd=CHECKOUT, env=os.environ | WITHOUT_ENGINE | {"IMAGE": IMAGE}, check=True)
    name = buildah("from", "--pull-never", IMAGE)
    yield name
    buildah("rm", name)
    buildah("rmi", IMAGE)


def test_the_image_runs_the_main_job(container: str, make_place: Callable[[], Place]) -> None:
    place = make_place()
    (place.home).mkdir()
    uid = int(buildah("run", container, "--", "id", "--user"))
    assert uid != 0
    os.chown(place.home, uid, uid)
    folders = ("--volume", f"{place.landing}:/landing:ro", "--volume", f"{place.home}:/data")
    settings = ("--env", "FANOUT_LANDING=/landing", "--env", "FANOUT_SPARK_MEMORY=2g")
    said = buildah("run", *folders, *settings, container, "--", "python", "-m", "operations.run")
    assert f"{NEWEST} is published." in said
    assert (place.current() / "run.json").exists() or (place.home / "published" / "current").is_symlink()
    assert list((place.home / "exports" / NEWEST).iterdir())
