"""An S3 server over TLS in a process of its own, a door before one that can be shut, and certificates for servers of tests."""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contract import object_store

KEY, SECRET = "fanout", "a-secret-of-the-store"
BUCKET = "fanout"


class Certificate(NamedTuple):
    """PEM files of an authority, of a server's certificate that it vouches for, and of the server's key."""

    authority: Path
    server: Path
    key: Path


def certificate(folder: Path, *hosts: str) -> Certificate:
    """A certificate for hosts, which also holds for 127.0.0.1, written into a folder."""
    folder.mkdir(exist_ok=True)
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("authority of a test")
    names = [*map(x509.DNSName, hosts), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    of_authority = _builder(issuer, issuer, authority, 1).add_extension(x509.BasicConstraints(True, None), critical=True)
    of_server = _builder(_name(hosts[0]), issuer, key, 2).add_extension(x509.SubjectAlternativeName(names), critical=False)
    found = Certificate(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    for path, builder in ((found.authority, of_authority), (found.server, of_server)):
        path.write_bytes(builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    found.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return found


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, number: int) -> x509.CertificateBuilder:
    ends = (datetime(2000, 1, 1), datetime(2099, 1, 1))
    named = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return named.serial_number(number).not_valid_before(ends[0]).not_valid_after(ends[1])


@dataclass
class Door:
    """A port that leads to another while it is open; it shuts by itself once `until` bytes have gone in.

    A shut door refuses connections and ends those that there are, as a server that is gone does. One that shut by itself opens
    again `away` seconds later, if that is given.
    """

    behind: int
    port: int = 0
    until: int | None = None
    away: float | None = None
    passed: int = 0
    times_shut: int = 0
    _listener: socket.socket | None = None
    _ends: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}"

    def opened(self) -> Door:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()
        return self

    def shut(self) -> None:
        listener, self._listener, self.until = self._listener, None, None
        self.times_shut += 1
        for end in filter(None, (listener, *self._ends)):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    @property
    def is_open(self) -> bool:
        return self._listener is not None

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.behind))
                self._ends += (client, server)
                threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _is_time(self) -> bool:
        """Whether so many bytes have gone in; said once."""
        with self._lock:
            is_time = self.until is not None and self.passed > self.until
            self.until = None if is_time else self.until
        return is_time

    def _pump(self, source: socket.socket, sink: socket.socket, goes_in: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self.passed += len(data) if goes_in else 0
                if self._is_time():
                    self.shut()
                    if self.away is not None:
                        threading.Timer(self.away, self.opened).start()
                    return
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class ObjectStore:
    """A running store with one bucket, and where it is reached."""

    port: int
    authority: Path

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}"

    def environ(self) -> dict[str, str]:
        """How a command reaches it."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CA_BUNDLE": str(self.authority),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def put(self, folder: Path, prefix: str) -> None:
        """Put the files of a folder under a prefix."""
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.client().upload_file(str(file), BUCKET, f"{prefix}/{file.relative_to(folder)}")

    def client(self) -> Any:  # boto3 brings no types
        return boto3.client(
            "s3", endpoint_url=self.endpoint, verify=str(self.authority), region_name="us-east-1",
            aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        )  # fmt: skip


def reached(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A fixture's store, which this process reaches as long as the fixture is there."""
    for name, text in server.environ().items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    forget_the_store()
    yield server
    forget_the_store()


def forget_the_store() -> None:
    """This process reads again how it reaches the store."""
    object_store.access.cache_clear()
    object_store.filesystem.cache_clear()


@contextmanager
def object_store_server(folder: Path) -> Iterator[ObjectStore]:
    """Start moto's server; certificates are written into a folder."""
    found, port = certificate(folder, "localhost"), free_port()
    program = str(Path(sys.executable).with_name("moto_server"))
    command = [program, "-H", "127.0.0.1", "-p", str(port), "-s", "-c", str(found.server), "-k", str(found.key)]
    with running(command, "Running on"):
        yield with_bucket(ObjectStore(port, found.authority))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def with_bucket(store: ObjectStore) -> ObjectStore:
    store.client().create_bucket(Bucket=BUCKET)
    return store


@contextmanager
def running(command: Sequence[str], says: str) -> Iterator[None]:
    """A server, from when it says that it is there."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if says in line:
                    break
            else:
                raise AssertionError(f"{command[0]} ended:\n{''.join(said)}")
            threading.Thread(target=process.stdout.read, daemon=True).start()  # it logs each request
            yield
        finally:
            process.terminate()
