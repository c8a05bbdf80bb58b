"""Servers that tests deliver to, and a proxy that cuts connections.

S3 by moto, and by a store over TLS that takes nothing but S3's own protocol; SFTP by OpenSSH, and by a server without its
extensions.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import boto3
import paramiko

from tests.object_stores import certificate


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
class StrictS3:
    """A running store, over TLS, that knows S3's first protocol and none of the later ways to write a body.

    It refuses bodies in aws-chunked and checksums behind them, as Aliyun OSS, Huawei OBS and older Ceph do, bodies without a
    digest, and any other address of a bucket than that of `style`.
    """

    style: str
    port: int
    certificate: Path
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def connection(self, extra: str = "") -> str:
        endpoint = quote(f"https://localhost:{self.port}", safe="")
        return f"aws://key:secret@/?endpoint_url={endpoint}&region_name=us-east-1{extra}"


@contextmanager
def strict_s3(folder: Path, style: str = "path") -> Iterator[StrictS3]:
    """Start a store with one bucket, `exports`; its certificate is written into `folder`."""
    authority, of_server, key = certificate(folder, "localhost", "exports.localhost")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _StrictHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(of_server, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.store = StrictS3(style, server.server_address[1], authority)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.store  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _StrictHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, ssl.SSLError):  # a client that trusts the certificate no longer, or not yet
            super().handle_one_request()

    def answer(self) -> None:
        store: StrictS3 = self.server.store  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        style, key = "virtual", unquote(url.path).lstrip("/")
        if not self.headers["Host"].startswith("exports."):
            style, (bucket, _, key) = "path", key.partition("/")
            if bucket != "exports":
                return self.say(404, "NoSuchBucket")
        foreign = [
            "aws-chunked" in self.headers.get("Content-Encoding", ""),
            "chunked" in self.headers.get("Transfer-Encoding", ""),
            "STREAMING" in self.headers.get("X-Amz-Content-SHA256", ""),
            "X-Amz-Trailer" in self.headers,
        ]
        if any(foreign):
            self.drain()
            return self.say(400, "InvalidArgument", "aws-chunked is not supported")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if style != store.style:
            return self.say(403, "SecondLevelDomainForbidden")
        digest = self.headers.get("Content-MD5", "")
        if self.command == "PUT" and digest != base64.b64encode(hashlib.md5(body).digest()).decode():
            return self.say(400, "BadDigest" if digest else "InvalidDigest")
        return self.work(store, key, query, body)

    def drain(self) -> None:
        """Read a body in chunks of HTTP, to the last one of no bytes and the trailer behind it."""
        while size := int(self.rfile.readline(), 16):
            self.rfile.read(size + 2)
        while self.rfile.readline().strip():
            pass

    def work(self, store: StrictS3, key: str, query: dict[str, str], body: bytes) -> None:
        upload = query.get("uploadId", "")
        match self.command:
            case "PUT" if upload:
                store.uploads[upload][int(query["partNumber"])] = body
                return self.say(200, headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})
            case "PUT":
                store.objects[key] = body
            case "POST" if "uploads" in query:
                store.uploads[f"{key}#1"] = {}
                return self.say(
                    200, body=f"<InitiateMultipartUploadResult><UploadId>{key}#1</UploadId></InitiateMultipartUploadResult>"
                )
            case "POST":
                parts = store.uploads.pop(upload)
                assert body.count(b"<Part>") == len(parts)
                store.objects[key] = b"".join(parts[number] for number in sorted(parts))
                return self.say(200, body="<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
            case "GET":
                found = "".join(
                    f"<Upload><Key>{name.rpartition('#')[0]}</Key><UploadId>{name}</UploadId></Upload>"
                    for name in store.uploads
                )
                return self.say(200, body=f"<ListMultipartUploadsResult>{found}</ListMultipartUploadsResult>")
            case "DELETE" if upload:
                store.uploads.pop(upload)
                return self.say(204)
            case "DELETE":
                store.objects.pop(key, None)
                return self.say(204)
            case "HEAD":
                if key not in store.objects:
                    return self.say(404, "NoSuchKey")
                return self.say(200, body=store.objects[key].decode("latin-1"))
        return self.say(200)

    do_PUT = do_GET = do_HEAD = do_DELETE = do_POST = answer

    def say(
        self, status: int, code: str = "", message: str = "", body: str = "", headers: dict[str, str] | None = None
    ) -> None:
        text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>" if code else body
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode("latin-1"))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode("latin-1"))

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@dataclass
class PlainSftp:
    """A running SFTP server that has version 3 of the protocol and no extension; `renames` are those that it was asked for."""

    port: int
    root: Path
    host_key: str
    renames: list[str]

    def connection(self) -> str:
        return f"sftp://me:secret@127.0.0.1:{self.port}/?host_key={quote(self.host_key, safe='')}"


@contextmanager
def plain_sftp(root: Path) -> Iterator[PlainSftp]:
    """Start paramiko's own server, which answers "operation unsupported" to posix-rename and refuses to rename onto a file."""
    root.mkdir()
    renames: list[str] = []

    class Files(_PlainFiles):
        folder = root
        asked = renames

    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    sessions: list[paramiko.Transport] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                session = paramiko.Transport(client)
                session.add_server_key(key)
                session.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
                session.start_server(server=_AnyLogin())
                sessions.append(session)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield PlainSftp(listener.getsockname()[1], root, f"{key.get_name()} {key.get_base64()}", renames)
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for session in sessions:
            session.close()


class _AnyLogin(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko brings no types
    def check_auth_password(self, username: str, password: str) -> int:
        return int(paramiko.AUTH_SUCCESSFUL)

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)


class _PlainFiles(paramiko.SFTPServerInterface):  # type: ignore[misc]  # paramiko brings no types
    folder: Path
    asked: list[str]

    def _do(self, work: Any) -> Any:
        try:
            return work() or paramiko.SFTP_OK
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def _at(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def stat(self, path: str) -> Any:
        return self._do(lambda: paramiko.SFTPAttributes.from_stat(os.stat(self._at(path))))

    lstat = stat

    def list_folder(self, path: str) -> Any:
        def listed() -> list[paramiko.SFTPAttributes]:
            return [paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in sorted(self._at(path).iterdir())]

        return self._do(listed)

    def mkdir(self, path: str, attr: Any) -> Any:
        return self._do(lambda: self._at(path).mkdir())

    def remove(self, path: str) -> Any:
        return self._do(lambda: self._at(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> Any:
        self.asked.append(Path(newpath).name)
        if self._at(newpath).exists():
            return paramiko.SFTP_FAILURE
        return self._do(lambda: self._at(oldpath).rename(self._at(newpath)) and None)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        def opened() -> paramiko.SFTPHandle:
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = handle.writefile = self._at(path).open("w+b" if flags & os.O_CREAT else "rb")
            return handle

        return self._do(opened)


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
