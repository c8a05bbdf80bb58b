"""Servers that tests deliver to: S3 by moto, SFTP by OpenSSH, and a proxy that cuts connections."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import boto3


@dataclass
class S3Server:
    """A running server with one bucket."""

    port: int
    bucket: str = "exports"

    def connection(self, port: int | None = None) -> str:
        endpoint = quote(f"http://127.0.0.1:{port or self.port}", safe="")
        return f"aws://key:secret@/?endpoint_url={endpoint}&region_name=us-east-1"

    def contents(self) -> dict[str, bytes]:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        if self.bucket not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=self.bucket)
        listed = client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {entry["Key"]: client.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read() for entry in listed}


@contextmanager
def s3_server(bucket: str) -> Iterator[S3Server]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        reset = urllib.request.Request(f"http://127.0.0.1:{port}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset).close()  # servers of one process share their buckets
        found = S3Server(port, bucket)
        found.contents()
        yield found
    finally:
        server.stop()


@dataclass
class SftpServer:
    """A running OpenSSH server that serves `root`."""

    port: int
    root: Path
    user: str
    host_key: str
    key_file: Path

    def connection(self, port: int | None = None, host_key: str | None = None) -> str:
        key = quote(self.host_key if host_key is None else host_key, safe="")
        trust = f"host_key={key}&" if key else ""
        return f"sftp://{self.user}@127.0.0.1:{port or self.port}/?{trust}key_file={quote(str(self.key_file), safe='')}"


@contextmanager
def sftp_server(folder: Path, options: str = "") -> Iterator[SftpServer]:
    """Start sshd as the user who runs the tests, on a free port of the loopback.

    Args:
        folder: holds keys and configuration, new.
        options: of the SFTP subsystem; `-R` refuses to write.
    """
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert sshd is not None, "OpenSSH's server is missing: apt-get install openssh-server"
    folder.mkdir()
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized_keys").write_text((folder / "client.pub").read_text())
    port = free_port()
    (folder / "sshd_config").write_text(
        "\n".join(
            [
                f"Port {port}",
                "ListenAddress 127.0.0.1",
                f"HostKey {folder / 'host'}",
                f"AuthorizedKeysFile {folder / 'authorized_keys'}",
                f"PidFile {folder / 'pid'}",
                "StrictModes no",
                "UsePAM no",
                "PasswordAuthentication no",
                "PermitRootLogin yes",
                f"Subsystem sftp internal-sftp {options}",
            ]
        )
        + "\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)  # where a privileged sshd separates its privileges
    process = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.PIPE)
    try:
        wait_for(port, process)
        kind, key, *_ = (folder / "host.pub").read_text().split()
        root = folder / "upload"
        root.mkdir()
        user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        yield SftpServer(port, root, user, f"{kind} {key}", folder / "client")
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise AssertionError(f"nothing listens on port {port}")


@contextmanager
def cutting_proxy(port: int, cuts: list[int]) -> Iterator[int]:
    """A port that leads to another; whenever the bytes to the server exceed the next of `cuts`, their connection is cut."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()
    passed = [0]

    def serve() -> None:
        while not stopped.is_set():
            with suppress(OSError):
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=pump, args=(client, server, True), daemon=True).start()
                threading.Thread(target=pump, args=(server, client, False), daemon=True).start()

    def pump(source: socket.socket, sink: socket.socket, is_counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if is_counted:
                    passed[0] += len(data)
                    if cuts and passed[0] > cuts[0]:
                        cuts.pop(0)
                        break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        stopped.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@contextmanager
def refusing_s3(code: str, status: int) -> Iterator[int]:
    """An S3 server that answers every request with one error."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>refused</Message></Error>".encode()
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_PUT = do_GET = do_HEAD = do_DELETE = do_POST = answer

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
