"""Builds the images by buildah, without an engine and without a registry of images: their base is debootstrap's Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from contract.settings import CHECKOUT

BASE = "docker.io/library/debian:bookworm-slim"
CERTIFICATES = Path("/usr/local/share/ca-certificates")  # of a machine behind a proxy
WITHOUT_ENGINE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


def buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], env=os.environ | WITHOUT_ENGINE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def _provide_base() -> None:
    """Debian 12 slim under its usual name."""
    for program in ("buildah", "debootstrap"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing")
    if os.getuid() != 0:
        pytest.skip("only root can build an image without an engine")
    if BASE in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        return
    with TemporaryDirectory() as folder:
        root = Path(folder) / "debian"
        subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(root)], check=True)
        for certificate in CERTIFICATES.glob("*.crt"):
            shutil.copy(certificate, root / CERTIFICATES.relative_to("/"))
        subprocess.run(["chroot", str(root), "update-ca-certificates"], check=True)
        container = buildah("from", "scratch")
        buildah("add", "--quiet", container, str(root), "/")
        buildah("commit", "--quiet", "--rm", container, BASE)


@contextmanager
def container(image: str, build: str | None = None) -> Iterator[str]:
    """The name of a container of an image that is built for it: the platform's, or that of a folder below docker/."""
    _provide_base()
    if build is None:
        environ = os.environ | WITHOUT_ENGINE | {"IMAGE": image}
        subprocess.run(["docker/build.sh"], cwd=CHECKOUT, env=environ, check=True)
    else:
        buildah("bud", "--pull-never", "--layers=false", "--tag", image, str(CHECKOUT / "docker" / build))
    name = buildah("from", "--pull-never", image)
    try:
        yield name
    finally:
        buildah("rm", name)
        buildah("rmi", image)
