"""A second S3 server, Adobe's S3Mock: what one server of tests answers may be how its makers read the protocol.

python -m tests.second_object_store      # fetch its JARs into the environment, once
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from spark_jobs.engine.session import JARS, jars, resolve_jars
from tests.object_stores import ObjectStore, certificate, free_port, running, with_bucket

FOLDER = JARS / "s3mock"
COORDINATES = ("com.adobe.testing:s3mock:4.11.0",)


@contextmanager
def second_object_store_server(folder: Path) -> Iterator[ObjectStore]:
    """Start Adobe's S3Mock; certificates and objects are written into a folder.

    Raises:
        MissingJars: they were not fetched.
    """
    found, port, password = certificate(folder, "localhost"), free_port(), "of the file"
    key = serialization.load_pem_private_key(found.key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    own = x509.load_pem_x509_certificate(found.server.read_bytes())
    locked = serialization.BestAvailableEncryption(password.encode())
    keys = folder / "server.p12"
    keys.write_bytes(pkcs12.serialize_key_and_certificates(b"server", key, own, None, locked))
    (folder / "objects").mkdir()
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.ssl.key-store": keys,
        "server.ssl.key-store-password": password,
        "server.ssl.key-password": password,
        "server.ssl.key-alias": "server",
        "com.adobe.testing.s3mock.http-port": free_port(),
        "com.adobe.testing.s3mock.store.root": folder / "objects",
    }
    java = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    java += ["-cp", ":".join(jars(FOLDER, COORDINATES)), "com.adobe.testing.s3mock.S3MockApplication"]
    with running([*java, *(f"--{name}={value}" for name, value in options.items())], "Started S3MockApplication"):
        yield with_bucket(ObjectStore(port, found.authority))


if __name__ == "__main__":
    resolve_jars(FOLDER, COORDINATES)
    print(f"{len(jars(FOLDER, COORDINATES))} JARs in {FOLDER}")
