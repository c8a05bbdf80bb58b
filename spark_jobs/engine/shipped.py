"""What a session hands to executors on other machines, which share no folder with it."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509 import load_pem_x509_certificates

from contract.settings import CHECKOUT

CODE = "fanout"  # the folder that executors unpack it into
# What the jobs' Python workers import of the project.
_PACKAGES = ("contract", "spark_jobs")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def code(folder: Path) -> Path:
    """An archive of the project's own code, in a folder; named by its content, so that a session under way keeps its own."""
    files = [file for package in _PACKAGES for file in sorted((CHECKOUT / package).rglob("*")) if _is_source(file)]
    contents = {str(file.relative_to(CHECKOUT)): file.read_bytes() for file in files}
    digest = hashlib.sha256(b"\0".join(part for name, text in contents.items() for part in (name.encode(), text)))
    archive = folder / f"{CODE}-{digest.hexdigest()[:16]}.zip"
    if not archive.exists():
        part = archive.with_suffix(f".{os.getpid()}.part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as out:
            for name, text in contents.items():
                out.writestr(zipfile.ZipInfo(name, _EPOCH), text)
        part.replace(archive)
    return archive


def _is_source(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts


def truststore(pem: str, folder: Path) -> Path:
    """The certificates of a PEM file as the JVM reads them, in a folder."""
    text = Path(pem).read_bytes()
    store = folder / f"authorities-{hashlib.sha256(text).hexdigest()[:16]}.p12"
    if not store.exists():
        found = [
            pkcs12.PKCS12Certificate(one, b"authority %d" % number)
            for number, one in enumerate(load_pem_x509_certificates(text))
        ]
        part = store.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(pkcs12.serialize_java_truststore(found, NoEncryption()))
        part.replace(store)
    return store
