"""Delivery to a folder on an SSH server."""

from __future__ import annotations

import errno
import io
import socket
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Self

import paramiko

from contract.connections import Connection
from exports.delivery.destinations import Destination
from exports.delivery.transport import TIMEOUT_SECONDS, Broken, DeliveryError, Refused, part_name


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
        target, part = self.root / name, self.root / part_name(name)
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

    def files(self) -> dict[str, int]:
        try:
            listed = self.sftp.listdir_attr(str(self.root))
        except Exception as error:
            raise self._fault(error, f"{self.where}{self.root}", is_read=True) from error
        return {one.filename: one.st_size or 0 for one in listed if one.st_mode and stat.S_ISREG(one.st_mode)}

    def get(self, name: str, path: Path) -> None:
        try:
            self.sftp.get(str(self.root / name), str(path))
        except Exception as error:
            raise self._fault(error, f"{self.where}{self.root / name}", is_read=True) from error

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

    def _fault(self, error: Exception, where: str, *, is_read: bool = False) -> DeliveryError:
        doing, do = ("reading", "read") if is_read else ("writing", "write")
        match error:
            case paramiko.BadHostKeyException():
                return Refused(
                    f"{self.where} shows another host key than the connection names: another server, or somebody who listens. "
                    "Ask its owner for the new key before you change host_key"
                )
            case paramiko.PasswordRequiredException():
                return Refused(_ENCRYPTED)
            # paramiko says so of a connection that ends, or gives no answer, while it logs in
            case paramiko.AuthenticationException() if "saw EOF" in str(error) or "timeout" in str(error):
                return Broken(f"the connection to {self.where} broke at the login: {error}")
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
                return Refused(f"{doing} {where} is not permitted; ask the server's owner for the right to {do}")
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
                failed = f"{'fetching' if is_read else 'sending'} {where} failed: {error or type(error).__name__}"
                return Broken(f"{failed}; if it stays, ask the server's owner")

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
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), connection.password)
        except paramiko.PasswordRequiredException as error:
            raise Refused(_ENCRYPTED) from error
        except (paramiko.SSHException, ValueError):
            continue
    raise Refused(f"private_key of connection {connection.name} is not an Ed25519, ECDSA or RSA key in OpenSSH's form")
