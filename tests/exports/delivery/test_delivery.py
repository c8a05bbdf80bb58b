"""Delivery to a folder, to S3 and by SFTP: whole, once, resumed, and with words that a person understands."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import boto3
import paramiko
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from msgspec import convert, structs

from contract.connections import Connection, connection
from contract.settings import Settings
from exports.__main__ import main, run
from exports.delivery import deliver as delivery
from exports.delivery import folder, s3
from exports.delivery.deliver import deliver
from exports.delivery.destinations import Destination
from exports.delivery.folder import Folder
from exports.delivery.receipts import Journal, write_whole
from exports.delivery.s3 import S3
from exports.delivery.sftp import Sftp
from exports.delivery.transport import Broken, Refused
from exports.write_packs import export
from tests.exports.delivery.servers import (
    SftpServer,
    cutting_proxy,
    free_port,
    plain_sftp,
    refusing_s3,
    s3_server,
    sftp_server,
    strict_s3,
)
from tests.small_warehouse import AS_OF, SharedHome, published

FILES = ("workbook.xlsx", "report.html")  # a few are enough: two managers have four of them, their manifests, and one for all
Contents = Callable[[], dict[str, bytes]]


@pytest.fixture
def day(settings: Settings, small_home: SharedHome) -> Settings:
    """Settings of a home in which the exports of a day lie: those of the small one, which others read."""
    small_home.put(settings.home)
    assert (settings.exports / AS_OF.isoformat() / "managers").is_dir()
    return settings


@contextmanager
def place(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuts: list[int] | None = None
) -> Iterator[tuple[Destination, Contents]]:
    """A destination of a kind, and what it holds."""
    protocol = kind.rpartition(" ")[2]

    def destination(path: str) -> Destination:
        connection = None if kind == "folder" else "share"
        return convert(
            {"name": "share", "kind": protocol, "path": path, "connection": connection, "packs": ["managers"], "files": FILES},
            Destination,
        )

    if kind == "folder":
        root = tmp_path / "share"
        root.mkdir()
        yield destination(str(root)), lambda: files_below(root)
    elif kind == "s3":
        with s3_server("exports") as server, cutting_proxy(server.port, cuts or []) as port:
            monkeypatch.setenv("AIRFLOW_CONN_SHARE", server.connection(port))

            def contents() -> dict[str, bytes]:
                return {name.removeprefix("success/"): data for name, data in server.contents().items()}

            yield destination("exports/success"), contents
    elif kind == "strict s3":
        with strict_s3(tmp_path / "tls") as store:
            monkeypatch.setenv("AIRFLOW_CONN_SHARE", store.connection())
            monkeypatch.setenv("AWS_CA_BUNDLE", str(store.certificate))
            yield destination("exports"), lambda: dict(store.objects)
    elif kind == "plain sftp":
        with plain_sftp(tmp_path / "files") as plain:
            (plain.root / "upload").mkdir()
            monkeypatch.setenv("AIRFLOW_CONN_SHARE", plain.connection())
            yield destination("/upload"), lambda: files_below(plain.root / "upload")
    else:
        with sftp_server(tmp_path / "ssh") as openssh, cutting_proxy(openssh.port, cuts or []) as port:
            monkeypatch.setenv("AIRFLOW_CONN_SHARE", openssh.connection(port))
            yield destination(str(openssh.root)), lambda: files_below(openssh.root)


def files_below(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


# A strict S3 takes no aws-chunked bodies and speaks TLS; a plain SFTP server has no extension of OpenSSH.
KINDS = ["folder", "s3", "strict s3", "plain sftp", pytest.param("sftp", marks=pytest.mark.acceptance)]


def expected(settings: Settings) -> dict[str, bytes]:
    """What the destination should hold besides its manifest."""
    folder = settings.exports / AS_OF.isoformat()
    found = files_below(folder / "managers")
    return {f"{AS_OF}/managers/{name}": data for name, data in found.items() if Path(name).name in (*FILES, "manifest.json")}


def receipts(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((settings.exports / "receipts").glob("*"))]


def assert_delivered(settings: Settings, contents: dict[str, bytes]) -> None:
    manifest = contents.pop(f"{AS_OF}/manifest.json")
    assert contents == expected(settings)
    assert len(contents) == 6
    listed = json.loads(manifest)["files"]
    assert {f"{AS_OF}/{file['name']}": file["sha256"] for file in listed} == {
        name: hashlib.sha256(data).hexdigest() for name, data in contents.items()
    }
    [receipt] = receipts(settings)
    assert receipt["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()
    assert (receipt["files"], receipt["packs"], receipt["as_of"]) == (7, 2, "2026-03-20")


@pytest.mark.parametrize("kind", KINDS)
def test_a_delivery_is_whole_and_has_a_receipt(
    day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with place(kind, tmp_path, monkeypatch) as (destination, contents):
        receipt = deliver(day, AS_OF, destination)
        assert receipt["attempts"] == 1
        assert_delivered(day, contents())


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_delivery_sends_nothing(day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    with place(kind, tmp_path, monkeypatch) as (destination, contents):
        first = deliver(day, AS_OF, destination)
        monkeypatch.setattr(delivery, "connect", lambda _: pytest.fail("a delivery that is done was begun again"))
        assert deliver(day, AS_OF, destination) == first
        assert_delivered(day, contents())


@pytest.mark.parametrize("kind", KINDS)
def test_a_delivery_without_its_receipt_sends_the_manifest_alone(
    day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with place(kind, tmp_path, monkeypatch) as (destination, contents):
        deliver(day, AS_OF, destination)
        for path in (day.exports / "receipts").iterdir():
            path.unlink()
        sent: list[str] = []
        way = delivery.connect(destination)
        put = way.put

        def noted(path: Path, name: str) -> None:
            sent.append(name)
            put(path, name)

        monkeypatch.setattr(way, "put", noted)
        monkeypatch.setattr(delivery, "connect", lambda _: way)
        deliver(day, AS_OF, destination)
        assert sent == ["2026-03-20/manifest.json"]
        assert_delivered(day, contents())


@pytest.mark.parametrize("kind", ["s3", pytest.param("sftp", marks=pytest.mark.acceptance)])
@pytest.mark.parametrize("cuts", [[0], [9_000], [0, 9_000]])
def test_a_connection_that_is_cut_resumes(
    day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, cuts: list[int]
) -> None:
    pauses: list[float] = []
    with place(kind, tmp_path, monkeypatch, list(cuts)) as (destination, contents):
        receipt = deliver(day, AS_OF, destination, pauses.append)
        assert receipt["attempts"] <= len(cuts) + 1  # the client library may begin a request again by itself
        assert pauses == [1.0, 2.0][: receipt["attempts"] - 1]
        assert_delivered(day, contents())


@pytest.mark.acceptance
@pytest.mark.parametrize("kind", ["sftp"])
def test_after_the_last_try_it_says_so_and_shows_no_manifest(
    day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with place(kind, tmp_path, monkeypatch, [9_000, 12_000, 16_000]) as (destination, contents):
        with pytest.raises(Broken, match=r"after 2 tries: .*(broke|cannot be reached)"):
            deliver(day, AS_OF, structs.replace(destination, tries=2), lambda _: None)
        assert f"{AS_OF}/manifest.json" not in contents()
        assert not receipts(day) if (day.exports / "receipts").exists() else True


@pytest.mark.parametrize("kind", KINDS)
def test_another_version_of_a_day_replaces_what_changed(
    day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with place(kind, tmp_path, monkeypatch) as (destination, contents):
        deliver(day, AS_OF, destination)
        published(day, "update marts.merchants set account_manager = 'bob', name = 'new' where merchant_id = 'm-1'")
        export(day, AS_OF)
        deliver(day, AS_OF, destination)
        held = contents()
        manifest = json.loads(held.pop(f"{AS_OF}/manifest.json"))
        assert manifest["warehouse_version"] == "v000002"
        assert held == expected(day)
        assert not [name for name in held if "/amy/" in name]
        assert len(receipts(day)) == 2


def operations(work: Callable[[], object], limit: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run `work` in a fork that dies of SIGKILL before its operation of number `limit`; returns the wait status."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    left = [limit]

    def count(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments)

        return counted

    original = delivery.connect

    def connect(destination: Destination) -> Any:
        way = original(destination)
        for name in ("put", "delete", "size"):
            setattr(way, name, count(getattr(way, name)))
        return way

    try:
        monkeypatch.setattr(delivery, "connect", connect)
        monkeypatch.setattr(Journal, "note", count(Journal.note))
        for module in ("deliver", "receipts"):
            monkeypatch.setattr(f"exports.delivery.{module}.write_whole", count(write_whole))
        sys.addaudithook(lambda event, _: count(lambda: None)() if event in ("os.rename", "os.mkdir") else None)
        work()
    except BaseException:
        os._exit(1)
    os._exit(0)


@pytest.mark.acceptance
@pytest.mark.parametrize("kind", ["folder", "s3", "sftp"])
def test_killed_at_any_step_it_is_finished_by_the_next(
    day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    kills = 0
    for step in range(200):
        home = replace(day, home=tmp_path / f"home{step}")
        home.exports.mkdir(parents=True)
        (home.exports / AS_OF.isoformat()).symlink_to(day.exports / AS_OF.isoformat())
        scene = tmp_path / f"place{step}"
        scene.mkdir()
        with place(kind, scene, monkeypatch) as (destination, contents):
            status = operations(partial(deliver, home, AS_OF, destination), step, monkeypatch)
            seen = contents()
            if f"{AS_OF}/manifest.json" in seen:
                assert {name for name in seen if not name.endswith(".part")} == expected(day).keys() | {
                    f"{AS_OF}/manifest.json"
                }
            assert all(expected(day).get(name, seen[name]) == seen[name] for name in seen if not name.endswith(".part"))
            deliver(home, AS_OF, destination)
            assert_delivered(home, contents())
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            break
        kills += 1
    assert kills > 15


def test_a_full_disk_is_named(day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with place("folder", tmp_path, monkeypatch) as (destination, contents):
        folder = Path(destination.path) / AS_OF.isoformat() / "managers" / "amy"
        folder.mkdir(parents=True)
        (folder / ".workbook.xlsx.part").symlink_to("/dev/full")
        with pytest.raises(Refused, match="is full; make room there"):
            deliver(day, AS_OF, destination)
        assert f"{AS_OF}/managers/amy/workbook.xlsx" not in contents()
        deliver(day, AS_OF, destination)
        assert_delivered(day, contents())


def test_a_folder_that_must_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match="is not permitted; ask its owner for the right to write"):
        Folder(Destination("share", "folder", "/sys/kernel")).put(tmp_path / "file", "file")  # where not even root may


def test_a_drive_that_is_not_mounted_is_named(day: Settings, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="mount the drive"):
        deliver(day, AS_OF, Destination("share", "folder", str(tmp_path / "nowhere")))
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("RequestTimeTooSkewed", 403, "set its clock right"),
        ("AccessDenied", 403, "check them and their rights"),
        ("InvalidAccessKeyId", 403, "check them and their rights"),
        ("QuotaExceeded", 507, "make room there"),
    ],
)
def test_what_s3_refuses_is_said_in_words(
    day: Settings, monkeypatch: pytest.MonkeyPatch, code: str, status: int, words: str
) -> None:
    with refusing_s3(code, status) as port:
        monkeypatch.setenv("AIRFLOW_CONN_SHARE", f"aws://key:secret@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A{port}")
        with pytest.raises(Refused, match=words) as refused:
            deliver(day, AS_OF, Destination("share", "s3", "exports", "share"), lambda _: pytest.fail("it was tried again"))
    assert "secret" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_named(day: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server("exports") as server:
        monkeypatch.setenv("AIRFLOW_CONN_SHARE", server.connection())
        with pytest.raises(Refused, match="there is no bucket nowhere"):
            deliver(day, AS_OF, Destination("share", "s3", "nowhere/x", "share"))


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("SecondLevelDomainForbidden", 403, Refused, "add addressing_style=virtual to connection share"),
        ("AuthorizationHeaderMalformed", 400, Refused, "correct region_name and endpoint_url of connection share"),
        ("NotImplemented", 501, Broken, "a fault of its own .NotImplemented refused."),
        ("InvalidArgument", 400, Refused, "does not take this request .InvalidArgument refused.; ask who runs the storage"),
        ("RequestTimeout", 400, Broken, "a fault of its own"),
        ("BadDigest", 400, Broken, "a fault of its own"),
        ("SlowDown", 503, Broken, "a fault of its own"),
        ("TooManyRequests", 429, Broken, "a fault of its own"),
    ],
)
def test_only_what_may_hold_later_is_tried_again(
    tmp_path: Path, code: str, status: int, kind: type[Exception], words: str
) -> None:
    (tmp_path / "file").write_text("x")
    with refusing_s3(code, status) as port:
        found = Connection("share", None, None, "key", "secret", {"endpoint_url": f"http://127.0.0.1:{port}"})
        with S3(Destination("share", "s3", "exports", "share"), found) as store, pytest.raises(kind, match=words):
            store.put(tmp_path / "file", "file")


@pytest.mark.parametrize(
    ("path", "login", "extra", "words"),
    [
        ("exports", "key", {"endpoint_url": "s3.example"}, "connection share cannot be used: Invalid endpoint: s3.example"),
        ("exports", "key", {"addressing_style": "host"}, "connection share cannot be used: .*addressing style"),
        ("Exports!", "key", {"endpoint_url": "http://127.0.0.1:1"}, "no storage has a bucket 'Exports!'; correct path"),
        ("exports", None, {"endpoint_url": "http://127.0.0.1:1"}, "connection share has no keys"),
    ],
)
def test_what_no_storage_can_take_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, login: str | None, extra: dict[str, str], words: str
) -> None:
    (tmp_path / "file").write_text("x")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(Refused, match=words):
        S3(Destination("share", "s3", path, "share"), Connection("share", None, None, login, login, extra)).put(
            tmp_path / "file", "file"
        )


def test_a_strict_store_refuses_what_boto_sends_by_itself(tmp_path: Path) -> None:
    """The twin: without it, the deliveries to a strict store would show nothing."""
    with strict_s3(tmp_path / "tls") as store:

        def put(config: Config, **more: Any) -> None:
            client = boto3.client(
                "s3",
                endpoint_url=f"https://localhost:{store.port}",
                aws_access_key_id="key",
                aws_secret_access_key="secret",
                region_name="us-east-1",
                verify=str(store.certificate),
                config=config,
            )
            client.put_object(Bucket="exports", Key="x", Body=io.BytesIO(b"x"), **more)

        plain = Config(request_checksum_calculation="when_required")
        with pytest.raises(ClientError, match="aws-chunked is not supported"):
            put(Config())
        with pytest.raises(ClientError, match="aws-chunked is not supported"):
            put(plain, ChecksumAlgorithm="SHA256")
        with pytest.raises(ClientError, match="InvalidDigest"):
            put(plain)
        with pytest.raises(ClientError, match="BadDigest"):
            put(plain, ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")
        assert store.objects == {}


def test_a_large_file_goes_to_a_strict_store_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_SINGLE_PUT", 1_000)
    monkeypatch.setattr(s3, "_PART", 1_000)
    data = bytes(range(250)) * 10
    (tmp_path / "large").write_bytes(data)
    (tmp_path / "whole").write_bytes(data[:1_000])
    with place("strict s3", tmp_path, monkeypatch) as (destination, contents), delivery.connect(destination) as way:
        way.put(tmp_path / "whole", "day/whole")
        way.put(tmp_path / "large", "day/large")
        assert contents() == {"day/whole": data[:1_000], "day/large": data}
        assert way.size("day/large") == 2_500
        (tmp_path / "large").write_bytes(data[::-1])
        way.put(tmp_path / "large", "day/large")
        assert contents()["day/large"] == data[::-1]


def test_what_a_broken_upload_left_is_taken_away_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_SINGLE_PUT", 10)
    (tmp_path / "file").write_bytes(b"x" * 100)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "tls" / "authority.pem"))
    with strict_s3(tmp_path / "tls") as store:
        store.uploads["day/file#0"] = {1: b"left"}
        found = connection("share", {"AIRFLOW_CONN_SHARE": store.connection()})
        with S3(Destination("share", "s3", "exports", "share"), found) as way:
            way.put(tmp_path / "file", "day/file")
        assert (store.objects, store.uploads) == ({"day/file": b"x" * 100}, {})


def test_both_styles_of_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that wants the bucket in the name of the host gets it there, and says so to who does otherwise."""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "tls" / "authority.pem"))
    (tmp_path / "file").write_bytes(b"x")
    share = Destination("share", "s3", "exports/success", "share")
    for style, other in (("path", "virtual"), ("virtual", "path")):
        with strict_s3(tmp_path / "tls", style) as store:

            def way(wanted: str, uri: Callable[[str], str] = store.connection) -> S3:
                return S3(share, connection("share", {"AIRFLOW_CONN_SHARE": uri(f"&addressing_style={wanted}")}))

            way(style).put(tmp_path / "file", "file")
            assert store.objects == {"success/file": b"x"}
            with pytest.raises(Refused, match="add addressing_style=virtual to connection share"):
                way(other).put(tmp_path / "file", "file")


def test_a_store_whose_certificate_is_not_trusted_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with strict_s3(tmp_path / "tls") as store:
        way = S3(Destination("share", "s3", "exports", "a"), connection("a", {"AIRFLOW_CONN_A": store.connection()}))
        with pytest.raises(Refused, match=r"is not trusted: .*name the authority's certificate in AWS_CA_BUNDLE"):
            way.put(tmp_path / "file", "file")


def test_a_server_without_posix_rename_gets_files_and_other_versions_of_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("first")
    with plain_sftp(tmp_path / "files") as server:
        (server.root / "upload").mkdir()
        found = connection("box", {"AIRFLOW_CONN_BOX": server.connection()})
        with Sftp(Destination("share", "sftp", "/upload", "box"), found) as way:
            with pytest.raises(OSError, match="unsupported"):  # the twin: this server has no such extension
                way.sftp.posix_rename("/upload", "/elsewhere")
            way.put(tmp_path / "file", "2026-03-20/a.csv")
            assert files_below(server.root) == {"upload/2026-03-20/a.csv": b"first"}
            (tmp_path / "file").write_text("second")
            way.put(tmp_path / "file", "2026-03-20/a.csv")
            assert files_below(server.root) == {"upload/2026-03-20/a.csv": b"second"}
            (server.root / "upload" / "2026-03-20" / "b.csv").mkdir()
            with pytest.raises(Broken, match=r"b\.csv: the server could not write it .Failure."):
                way.put(tmp_path / "file", "2026-03-20/b.csv")
        assert server.renames == ["a.csv", "a.csv"]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        pytest.param(ConnectionResetError(104, "reset by peer"), Broken, "the connection to box:22 broke", id="reset"),
        pytest.param(EOFError(), Broken, "the connection to box:22 broke: EOFError", id="end"),
        pytest.param(OSError("Socket is closed"), Broken, "the connection to box:22 broke", id="closed"),
        pytest.param(paramiko.SSHException("dropped"), Broken, "the connection to box:22 broke: dropped", id="ssh"),
        pytest.param(TimeoutError(), Broken, "box:22 gave no answer for 20 seconds", id="time-out"),
        pytest.param(socket.gaierror(-2, "not known"), Broken, "no address is known for box:22", id="name"),
        pytest.param(ConnectionRefusedError(111, "refused"), Broken, "box:22 cannot be reached: refused", id="port"),
        pytest.param(OSError(errno.EHOSTUNREACH, "No route"), Broken, "cannot be reached: No route; check this", id="route"),
        pytest.param(OSError("Operation unsupported"), Refused, "cannot do what is needed for box:22/a", id="unsupported"),
        pytest.param(OSError("Failure"), Broken, "could not write it .Failure.; perhaps its disk is full", id="failure"),
        pytest.param(OSError("Quota reached"), Broken, "the server says 'Quota reached'; if it stays, ask", id="words"),
        pytest.param(OSError(errno.ENOSPC, "full"), Refused, "the disk behind box:22/a is full", id="full"),
        pytest.param(OSError(errno.EIO, "I/O error"), Broken, "sending box:22/a failed: .*I/O error", id="unnamed"),
        pytest.param(PermissionError(13, "no"), Refused, "writing box:22/a is not permitted", id="right"),
        pytest.param(FileNotFoundError(2, "no"), Refused, "the folder /upload is not there; make it", id="folder"),
        pytest.param(
            paramiko.AuthenticationException("Authentication failed: transport shut down or saw EOF"),
            Broken,
            "the connection to box:22 broke at the login",
            id="end at the login",
        ),
        pytest.param(paramiko.AuthenticationException("Authentication failed."), Refused, "refuses the login", id="login"),
        pytest.param(paramiko.IncompatiblePeer("no kex"), Refused, "no algorithm that this machine knows", id="algorithm"),
        pytest.param(paramiko.PasswordRequiredException("x"), Refused, "is encrypted; put its passphrase in", id="passphrase"),
        pytest.param(ValueError("odd"), Broken, "sending box:22/a failed: odd", id="any other"),
    ],
)
def test_a_fault_of_sftp_is_what_it_is(error: Exception, kind: type[Exception], words: str) -> None:
    way = object.__new__(Sftp)
    way.where, way.root = "box:22", PurePosixPath("/upload")
    found = way._fault(error, "box:22/a")
    assert type(found) is kind
    assert re.search(words, str(found)), found


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"key_file": "/nowhere/key"}, "key_file of connection box, /nowhere/key, cannot be read: No such file"),
        ({"known_hosts": "/nowhere/hosts"}, "known_hosts of connection box, /nowhere/hosts, cannot be read: No such file"),
        ({"private_key": "-----BEGIN"}, "private_key of connection box is not an Ed25519, ECDSA or RSA key"),
        ({"host_key": "AAAA"}, "host_key of connection box is not like"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_before_the_server_is_asked(extra: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        Sftp(Destination("share", "sftp", "/upload", "box"), Connection("box", "127.0.0.1", 1, "me", "x", extra))


def test_a_server_that_does_not_run_is_named() -> None:
    port = free_port()
    found = Connection("box", "127.0.0.1", port, "me", "x")
    with pytest.raises(Broken, match=f"127.0.0.1:{port} cannot be reached: .*check host and port, and that the server runs"):
        Sftp(Destination("share", "sftp", "/upload", "box"), found)


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, Refused, "is full; make room there"),
        (errno.EROFS, Refused, "is not permitted; ask its owner"),
        (errno.ENAMETOOLONG, Refused, "the drive does not take /mnt/a .*choose another path"),
        (errno.ESTALE, Broken, "the drive that holds /mnt/a does not answer .*look whether it is mounted"),
    ],
)
def test_a_fault_of_a_drive_is_what_it_is(number: int, kind: type[Exception], words: str) -> None:
    found = folder._os_fault(OSError(number, os.strerror(number)), "/mnt/a")
    assert type(found) is kind
    assert re.search(words, str(found)), found


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("another host key", "another server, or somebody who listens"),
        ("no host key", "is not known; put it into the connection"),
        ("another login", "refuses the login"),
        ("read only", "is not permitted"),
        ("no folder", "make it on the server"),
        ("full", "perhaps its disk is full"),
    ],
)
def test_what_sftp_refuses_is_said_in_words(
    day: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, words: str
) -> None:
    with sftp_server(tmp_path / "ssh", "-R" if fault == "read only" else "") as server:
        monkeypatch.setenv("AIRFLOW_CONN_SHARE", _connection(server, fault))
        monkeypatch.setenv("HOME", str(tmp_path))
        folder = server.root / "nowhere" if fault == "no folder" else server.root
        if fault == "full":
            (server.root / AS_OF.isoformat() / "managers" / "amy").mkdir(parents=True)
            (server.root / AS_OF.isoformat() / "managers" / "amy" / ".report.html.part").symlink_to("/dev/full")
        with pytest.raises((Refused, Broken), match=words):
            deliver(day, AS_OF, Destination("share", "sftp", str(folder), "share", files=FILES, tries=1))
        assert f"{AS_OF}/manifest.json" not in files_below(server.root)


def _connection(server: SftpServer, fault: str) -> str:
    if fault == "another host key":
        return server.connection(host_key=(server.key_file.with_suffix(".pub")).read_text().rsplit(" ", 1)[0])
    if fault == "no host key":
        return server.connection(host_key="")
    if fault == "another login":
        return server.connection().replace(f"//{server.user}@", "//nobody-here@")
    return server.connection()


def test_one_failure_leaves_the_other_destinations_theirs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published(settings)
    (tmp_path / "share").mkdir()
    file = tmp_path / "destinations.toml"
    file.write_text(
        f"""
        [[destination]]
        name = "gone"
        kind = "folder"
        path = "{tmp_path}/gone"
        [[destination]]
        name = "share"
        kind = "folder"
        path = "{tmp_path}/share"
        packs = ["managers"]
        only = ["amy"]
        [[destination]]
        name = "mondays"
        kind = "folder"
        path = "{tmp_path}/share"
        schedule = "monday"
        """
    )
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    monkeypatch.setenv("FANOUT_DESTINATIONS", str(file))
    monkeypatch.setattr(sys, "argv", ["exports", "--as-of", AS_OF.isoformat()])
    assert main() == 1
    out, err = capsys.readouterr()
    assert "gone has not got the exports of 2026-03-20" in err
    delivered = json.loads(out.splitlines()[-1])["delivered"]
    assert delivered["gone"] == "failed"
    assert delivered["mondays"] == "not due (monday)"
    assert (tmp_path / "share" / "2026-03-20" / "managers" / "amy" / "workbook.xlsx").is_file()
    assert not (tmp_path / "share" / "2026-03-20" / "managers" / "unassigned").exists()
    assert [receipt["destination"] for receipt in receipts(settings)] == ["share"]


def test_differences_are_against_what_this_destination_got(settings: Settings, tmp_path: Path) -> None:
    """A weekly destination gets the changes of a week, a daily one those of a day."""
    (tmp_path / "daily").mkdir()
    (tmp_path / "weekly").mkdir()
    daily, weekly = (Destination(name, "folder", str(tmp_path / name), packs=("merchants",)) for name in ("daily", "weekly"))
    for days, revenue in ((2, 48), (1, 49), (0, 50)):
        day = AS_OF - timedelta(days=days)
        published(settings, f"update marts.growth_split set revenue = {revenue} where month = '2026-02'", as_of=day)
        export(settings, day)
        deliver(settings, day, daily)
        if days != 1:
            deliver(settings, day, weekly)
    found = {}
    for name in ("daily", "weekly"):
        text = (tmp_path / name / AS_OF.isoformat() / "merchants" / "m-1" / "csv" / "growth_split.changes.csv").read_text(
            "utf-8-sig"
        )
        found[name] = text.splitlines()[1].split(",")[4:6]
    assert found == {"daily": ["50.00", "49.00"], "weekly": ["50.00", "48.00"]}
    assert [receipt["changes_since"] for receipt in receipts(settings) if receipt["destination"] == "weekly"] == [
        None,
        "2026-03-18 v000001",
    ]
    assert not list((settings.home / "work").rglob("exports_weekly"))


def test_an_export_without_destinations_stays_here(settings: Settings) -> None:
    published(settings)
    report, failures = run(settings, AS_OF)
    assert (report["delivered"], failures) == ({}, [])
