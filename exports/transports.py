"""How files get to a destination: under a temporary name first, so that nobody sees half of one.

Every fault becomes a `Refused`, which trying again does not mend, or a `Broken`, which it may; both say what a person can do.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, Self

import boto3
import paramiko
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from exports.connections import Connection
from exports.destinations import Destination

TIMEOUT_SECONDS = 20
_SINGLE_PUT = 64 << 20  # bytes of an S3 object that is sent in one piece


class DeliveryError(RuntimeError):
    """A file could not be delivered."""


class Refused(DeliveryError):
    """Somebody has to mend something first."""


class Broken(DeliveryError):
    """The way there broke; it may hold at the next try."""


class Transport(Protocol):
    """A way to a destination; names are paths below its folder, with `/`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def put(self, path: Path, name: str) -> None:
        """Send a file; it has its name only when all of it is there, and replaces one that had it."""

    def size(self, name: str) -> int | None:
        """Bytes of a file, None if it is not there."""

    def delete(self, name: str) -> None:
        """Remove a file that may be there."""


def _part(name: str) -> str:
    """The temporary name of a file, always the same, so that the next try replaces what a broken one left."""
    path = PurePosixPath(name)
    return str(path.with_name(f".{path.name}.part"))


class Folder:
    """A folder of this machine, perhaps a network drive."""

    def __init__(self, destination: Destination):
        self.root = Path(destination.path)
        if not self.root.is_dir():
            raise Refused(f"{self.root} is no folder; make it, or mount the drive that holds it")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def put(self, path: Path, name: str) -> None:
        target, part = self.root / name, self.root / _part(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as source, part.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise _os_fault(error, str(target)) from error

    def size(self, name: str) -> int | None:
        try:
            return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _os_fault(error, str(self.root / name)) from error

    def delete(self, name: str) -> None:
        try:
            (self.root / name).unlink(missing_ok=True)
        except OSError as error:
            raise _os_fault(error, str(self.root / name)) from error


def _os_fault(error: OSError, where: str) -> DeliveryError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return Refused(f"the disk that holds {where} is full; make room there")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return Refused(f"writing {where} is not permitted; ask its owner for the right to write")
        case _:
            return Broken(f"{where}: {error.strerror or error}")


class S3:
    """A bucket of S3-compatible storage: an object is visible when its upload is complete."""

    def __init__(self, destination: Destination, connection: Connection):
        self.bucket, _, prefix = destination.path.strip("/").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        extra = connection.extra
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=extra.get("endpoint_url") or None,
            region_name=extra.get("region_name") or "us-east-1",
            aws_access_key_id=connection.login,
            aws_secret_access_key=connection.password,
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
                s3={"addressing_style": extra.get("addressing_style", "path")},
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()

    def put(self, path: Path, name: str) -> None:
        key = self.prefix + name
        try:
            if path.stat().st_size <= _SINGLE_PUT:
                with path.open("rb") as source:
                    self.client.put_object(Bucket=self.bucket, Key=key, Body=source, ChecksumAlgorithm="SHA256")
            else:
                self._abort_uploads(key)
                self.client.upload_file(str(path), self.bucket, key)
        except (ClientError, BotoCoreError, boto3.exceptions.S3UploadFailedError) as error:
            raise self._fault(error) from error

    def size(self, name: str) -> int | None:
        try:
            return int(self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)["ContentLength"])
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            raise self._fault(error) from error
        except BotoCoreError as error:
            raise self._fault(error) from error

    def delete(self, name: str) -> None:
        try:
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)
        except (ClientError, BotoCoreError) as error:
            raise self._fault(error) from error

    def _abort_uploads(self, key: str) -> None:
        """Drop the parts that an upload of this object left when it was killed: they are invisible, but cost."""
        for upload in self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=key).get("Uploads", []):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    def _fault(self, error: Exception) -> DeliveryError:
        if not isinstance(error, ClientError):
            return Broken(f"the storage of bucket {self.bucket} cannot be reached: {error}")
        code = error.response["Error"]["Code"]
        match code:
            case "NoSuchBucket":
                return Refused(f"there is no bucket {self.bucket}; make it, or mend path")
            case "RequestTimeTooSkewed" | "RequestExpired" | "AuthFailure":
                return Refused(f"the storage refuses this machine's time ({code}); set its clock right (NTP)")
            case "AccessDenied" | "403" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AllAccessDisabled":
                return Refused(f"bucket {self.bucket} refuses the keys of the connection ({code}); check them and their rights")
            case "QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage" | "507":
                return Refused(f"bucket {self.bucket} is full ({code}); make room there")
            case _:
                return Broken(f"bucket {self.bucket}: {code} {error.response['Error'].get('Message', '')}".strip())


class Sftp:
    """A folder on an SSH server, whose host key has to be the one that the connection names."""

    def __init__(self, destination: Destination, connection: Connection):
        self.root = PurePosixPath(destination.path)
        self.where = f"{connection.host}:{connection.port or 22}"
        self.client = paramiko.SSHClient()
        self._trust(connection)
        key_file, key = connection.extra.get("key_file"), connection.extra.get("private_key")
        try:
            self.client.connect(
                connection.host or "",
                connection.port or 22,
                connection.login,
                None if key or key_file else connection.password,
                pkey=_private_key(key, connection.password) if key else None,
                key_filename=key_file,
                passphrase=connection.password if key or key_file else None,
                timeout=TIMEOUT_SECONDS,
                banner_timeout=TIMEOUT_SECONDS,
                auth_timeout=TIMEOUT_SECONDS,
                look_for_keys=False,
                allow_agent=False,
            )
            self.sftp = self.client.open_sftp()
            channel = self.sftp.get_channel()
            if channel is not None:
                channel.settimeout(TIMEOUT_SECONDS)
        except Exception as error:
            self.client.close()
            raise self._fault(error, self.where) from error
        self.folders: set[PurePosixPath] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()

    def put(self, path: Path, name: str) -> None:
        target, part = self.root / name, self.root / _part(name)
        try:
            self._make_folder(target.parent)
            self.sftp.put(str(path), str(part))  # compares the sizes
            self.sftp.posix_rename(str(part), str(target))
        except Exception as error:
            with suppress(Exception):
                self.sftp.remove(str(part))
            raise self._fault(error, f"{self.where}{target}") from error

    def size(self, name: str) -> int | None:
        try:
            size: int | None = self.sftp.stat(str(self.root / name)).st_size
            return size
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._fault(error, f"{self.where}{self.root / name}") from error

    def delete(self, name: str) -> None:
        try:
            self.sftp.remove(str(self.root / name))
        except FileNotFoundError:
            pass
        except Exception as error:
            raise self._fault(error, f"{self.where}{self.root / name}") from error

    def _trust(self, connection: Connection) -> None:
        """Trust the host key of the connection (`host_key`: type and base64), or those of `known_hosts`, and no other."""
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        if text := connection.extra.get("host_key"):
            try:
                host = connection.host or ""
                name = host if (connection.port or 22) == 22 else f"[{host}]:{connection.port}"
                entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {text}")
                if entry is None or entry.key is None:
                    raise ValueError(text)
                self.client.get_host_keys().add(name, entry.key.get_name(), entry.key)
            except Exception as error:
                raise Refused(f"host_key of connection {connection.name} is not like 'ssh-ed25519 AAAA…'") from error
        elif known := connection.extra.get("known_hosts"):
            self.client.load_host_keys(known)
        else:
            self.client.load_system_host_keys()

    def _make_folder(self, folder: PurePosixPath) -> None:
        if folder in self.folders or folder == self.root:
            return
        self._make_folder(folder.parent)
        try:
            self.sftp.stat(str(folder))
        except FileNotFoundError:
            self.sftp.mkdir(str(folder))
        self.folders.add(folder)

    def _fault(self, error: Exception, where: str) -> DeliveryError:
        match error:
            case paramiko.BadHostKeyException():
                return Refused(
                    f"{self.where} shows another host key than the connection names: another server, or somebody who listens. "
                    "Ask its owner for the new key before you change host_key"
                )
            case paramiko.AuthenticationException():
                return Refused(f"{self.where} refuses the login of the connection; check login, password or key")
            case paramiko.SSHException() if "not found in known_hosts" in str(error):
                return Refused(
                    f"the host key of {self.where} is not known; put it into the connection as host_key (ssh-keyscan)"
                )
            case PermissionError():
                return Refused(f"writing {where} is not permitted; ask the server's owner for the right to write")
            case FileNotFoundError():
                return Refused(f"{where}: the folder {self.root} is not there; make it on the server")
            case OSError(errno=errno.ENOSPC | errno.EDQUOT):
                return Refused(f"the disk behind {where} is full; make room there")
            case OSError() if "Failure" in str(error) or "size mismatch" in str(error):
                # What SFTP calls every fault that it has no name for; a full disk among them.
                return Broken(f"{where}: the server could not write it; perhaps its disk is full")
            case TimeoutError() | EOFError() | socket.error() | paramiko.SSHException():
                return Broken(f"the connection to {self.where} broke: {str(error) or type(error).__name__}")
            case _:
                return Broken(f"{where}: {error}")


def _private_key(text: str, password: str | None) -> paramiko.PKey:
    import io

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(text), password)
    raise Refused("private_key of the connection is not an Ed25519, ECDSA or RSA key in OpenSSH's form")
