"""How files get to a destination: under a temporary name first, so that nobody sees half of one.

Only what S3 and SFTP version 3 themselves say is needed of a server; an extension is used where the server has it. Every fault
becomes a `Refused`, which trying again does not mend, or a `Broken`, which it may; both say what a person can do.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol, Self

import boto3
import paramiko
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError, SSLError

from exports.connections import Connection
from exports.destinations import Destination

TIMEOUT_SECONDS = 20
_SINGLE_PUT = 64 << 20  # bytes of an S3 object that is sent in one piece
_PART = 16 << 20  # bytes of each part of a larger one; S3 takes 10,000 parts


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
        case errno.ENAMETOOLONG | errno.EINVAL | errno.EILSEQ | errno.ENOTDIR | errno.EISDIR | errno.ELOOP:
            return Refused(
                f"the drive does not take {where} ({error.strerror}); look at what stands there, or choose another path"
            )
        case _:
            return Broken(
                f"the drive that holds {where} does not answer ({error.strerror or error}); look whether it is mounted"
            )


class S3:
    """A bucket of S3-compatible storage: an object is visible when its upload is complete.

    Bodies are sent as they are, with their MD5 worked out before, in the header that every such storage knows and checks. What
    boto3 does by itself, a checksum behind the body (aws-chunked), many of them refuse.
    """

    def __init__(self, destination: Destination, connection: Connection):
        self.bucket, _, prefix = destination.path.strip("/").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self.connection = connection.name
        extra = connection.extra
        try:
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
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    s3={"addressing_style": extra.get("addressing_style", "path")},
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise Refused(f"connection {connection.name} cannot be used: {error}; docs/exports.md shows one") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()

    def put(self, path: Path, name: str) -> None:
        key = self.prefix + name
        try:
            with path.open("rb") as source:
                if path.stat().st_size <= _SINGLE_PUT:
                    digest = hashlib.file_digest(source, _md5).digest()
                    source.seek(0)
                    self.client.put_object(Bucket=self.bucket, Key=key, Body=source, ContentMD5=_in_header(digest))
                else:
                    self._put_parts(source, key)
        except (ClientError, BotoCoreError) as error:
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

    def _put_parts(self, source: BinaryIO, key: str) -> None:
        self._abort_uploads(key)
        upload = {"Bucket": self.bucket, "Key": key}
        upload["UploadId"] = self.client.create_multipart_upload(**upload)["UploadId"]
        parts: list[dict[str, Any]] = []
        while body := source.read(_PART):
            number = len(parts) + 1
            sent = self.client.upload_part(**upload, PartNumber=number, Body=body, ContentMD5=_in_header(_md5(body).digest()))
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def _abort_uploads(self, key: str) -> None:
        """Drop the parts that a broken or killed upload of this object left: they are invisible, but cost."""
        for upload in self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=key).get("Uploads", []):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    def _fault(self, error: Exception) -> DeliveryError:
        match error:
            case ClientError():
                return self._answer(error.response)
            case NoCredentialsError():
                return Refused(f"connection {self.connection} has no keys; put them in as login and password")
            case ParamValidationError():
                return Refused(f"no storage has a bucket {self.bucket!r}; correct path, which is bucket/prefix")
            case SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return Refused(
                    f"the certificate of the storage of bucket {self.bucket} is not trusted: {error}; "
                    "correct endpoint_url, or name the authority's certificate in AWS_CA_BUNDLE"
                )
            case _:
                return Broken(f"the storage of bucket {self.bucket} cannot be reached: {error}; check endpoint_url")

    def _answer(self, response: Any) -> DeliveryError:
        """What the storage answered, in words."""
        code, message = response["Error"]["Code"], response["Error"].get("Message", "")
        match code:
            case "NoSuchBucket":
                return Refused(f"there is no bucket {self.bucket}; make it, or correct path")
            case "RequestTimeTooSkewed" | "RequestExpired" | "AuthFailure":
                return Refused(f"the storage refuses this machine's time ({code}); set its clock right (NTP)")
            case "AccessDenied" | "403" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AllAccessDisabled":
                return Refused(f"bucket {self.bucket} refuses the keys of the connection ({code}); check them and their rights")
            case "QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage" | "507":
                return Refused(f"bucket {self.bucket} is full ({code}); make room there")
            case "SecondLevelDomainForbidden":
                return Refused(
                    f"the storage wants bucket {self.bucket} in the name of the host ({code}); "
                    f"add addressing_style=virtual to connection {self.connection}"
                )
            case "PermanentRedirect" | "301" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException":
                return Refused(
                    f"bucket {self.bucket} lies in another region or at another address ({code} {message}); "
                    f"correct region_name and endpoint_url of connection {self.connection}"
                )
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if 400 <= status < 500 and not {status, code} & _MAY_HOLD_LATER:
            return Refused(f"bucket {self.bucket} does not take this request ({code} {message}); ask who runs the storage")
        return Broken(f"bucket {self.bucket} has a fault of its own ({code} {message}); if it stays, ask who runs the storage")


# Of HTTP's client errors: a time-out, a conflict, too early, too many requests, a body that was damaged on its way.
_MAY_HOLD_LATER = {408, 409, 425, 429, "RequestTimeout", "BadDigest", "NoSuchUpload"}


def _md5(data: bytes = b"") -> Any:
    return hashlib.md5(data, usedforsecurity=False)


def _in_header(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


class Sftp:
    """A folder on an SSH server, whose host key has to be the one that the connection names."""

    def __init__(self, destination: Destination, connection: Connection):
        self.root = PurePosixPath(destination.path)
        self.where = f"{connection.host}:{connection.port or 22}"
        self.client = paramiko.SSHClient()
        self._trust(connection)
        key_file, key = connection.extra.get("key_file"), connection.extra.get("private_key")
        if key_file:
            _readable("key_file", key_file, connection)
        private_key = _private_key(key, connection) if key else None
        try:
            self.client.connect(
                connection.host or "",
                connection.port or 22,
                connection.login,
                None if key or key_file else connection.password,
                pkey=private_key,
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
            self._rename(str(part), str(target))
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
            _readable("known_hosts", known, connection)
            self.client.load_host_keys(known)
        else:
            self.client.load_system_host_keys()

    def _rename(self, part: str, target: str) -> None:
        """Give a file its name, in place of another that has it.

        OpenSSH's extension does so in one step. Where the server lacks it, the other is removed first, since the protocol's own
        RENAME refuses a name that is taken. For a moment there is neither; the manifest, which would name it, is away then.
        """
        try:
            self.sftp.posix_rename(part, target)
        except OSError as error:
            if error.errno is not None:  # a fault that has a name; that the server lacks the extension has none
                raise
            with suppress(FileNotFoundError):
                self.sftp.stat(target)
                self.sftp.remove(target)
            self.sftp.rename(part, target)

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
            case paramiko.PasswordRequiredException():
                return Refused(_ENCRYPTED)
            case paramiko.AuthenticationException():
                return Refused(f"{self.where} refuses the login of the connection; check login, password or key")
            case paramiko.IncompatiblePeer():
                return Refused(
                    f"{self.where} speaks no algorithm that this machine knows ({error}); ask its owner for newer ones"
                )
            case paramiko.SSHException() if "not found in known_hosts" in str(error):
                return Refused(
                    f"the host key of {self.where} is not known; put it into the connection as host_key (ssh-keyscan)"
                )
            case socket.gaierror():
                return Broken(f"no address is known for {self.where} ({error.strerror}); check the host of the connection")
            case paramiko.ssh_exception.NoValidConnectionsError() | ConnectionRefusedError():
                return Broken(
                    f"{self.where} cannot be reached: {error.strerror}; check host and port, and that the server runs"
                )
            case TimeoutError():
                return Broken(f"{self.where} gave no answer for {TIMEOUT_SECONDS} seconds; check host, port and firewall")
            case PermissionError():
                return Refused(f"writing {where} is not permitted; ask the server's owner for the right to write")
            case FileNotFoundError():
                return Refused(f"{where}: the folder {self.root} is not there; make it on the server")
            case OSError(errno=errno.ENOSPC | errno.EDQUOT):
                return Refused(f"the disk behind {where} is full; make room there")
            case EOFError() | ConnectionError() | paramiko.SSHException():
                return self._broke(error)
            case OSError(errno=None):
                return self._status(str(error), where)
            case OSError(errno=errno.EHOSTUNREACH | errno.ENETUNREACH | errno.ENETDOWN | errno.EHOSTDOWN):
                return Broken(f"{self.where} cannot be reached: {error.strerror}; check this machine's network")
            case _:
                return Broken(f"sending {where} failed: {error or type(error).__name__}; if it stays, ask the server's owner")

    def _broke(self, error: Exception) -> Broken:
        return Broken(f"the connection to {self.where} broke: {str(error) or type(error).__name__}; if it stays, ask its owner")

    def _status(self, text: str, where: str) -> DeliveryError:
        """A fault that SFTP has no number of its own for, or paramiko hands on as words alone."""
        if "Socket is closed" in text:
            return self._broke(ConnectionError(text))
        if "unsupported" in text.lower():
            return Refused(f"{self.where} cannot do what is needed for {where} ({text}); ask its owner for RENAME and REMOVE")
        if "Failure" in text or "size mismatch" in text:  # what SFTP calls every other fault; a full disk among them
            return Broken(f"{where}: the server could not write it ({text}); perhaps its disk is full")
        return Broken(f"{where}: the server says {text!r}; if it stays, ask its owner")


_ENCRYPTED = "the private key of the connection is encrypted; put its passphrase in as password"


def _readable(what: str, name: str, connection: Connection) -> None:
    try:
        Path(name).open("rb").close()
    except OSError as error:
        raise Refused(f"{what} of connection {connection.name}, {name}, cannot be read: {error.strerror}") from error


def _private_key(text: str, connection: Connection) -> paramiko.PKey:
    import io

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), connection.password)
        except paramiko.PasswordRequiredException as error:
            raise Refused(_ENCRYPTED) from error
        except (paramiko.SSHException, ValueError):
            continue
    raise Refused(f"private_key of connection {connection.name} is not an Ed25519, ECDSA or RSA key in OpenSSH's form")
