"""Messages by mail: SMTP, never without TLS."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from contract.connections import Connection
from exports.delivery.notes import Note
from exports.delivery.transport import TIMEOUT_SECONDS, Broken, Closed, DeliveryError, Refused, Uncertain, Unreachable
from exports.policy.names import readable

SUBMISSION, TLS_FROM_THE_START = 587, 465  # ports
_LONGEST_ANSWER = 200


class Mail:
    """An SMTP server, to which a connection is kept from the first mail to the last."""

    def __init__(self, connection: Connection, now: Callable[[], float]):
        self.connection, self.now = connection, now
        self.host, self.port = connection.host or "", connection.port or SUBMISSION
        self.where = f"{self.host}:{self.port}"
        self.sender: str = connection.extra.get("from_email") or connection.login or ""
        self.client: smtplib.SMTP | None = None
        if not self.host:
            raise Closed(f"connection {connection.name} has no host; name the SMTP server")
        if "@" not in self.sender:
            raise Closed(f"connection {connection.name} has no sender; put an address in as from_email")

    def close(self) -> None:
        if self.client is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.client.quit()
            self.client = None

    def send(self, note: Note, to: str | None, identifier: str) -> None:
        """Send a note; it is accepted when this returns.

        Args:
            identifier: the same for the same note, so that a server that gets it twice keeps one.

        Raises:
            Refused, Broken: it was not accepted.
            Uncertain: nobody knows.
        """
        assert to is not None, "a mail has an address"
        content = self._content(note, to, identifier)
        client = self.client = self.client or self._open()
        try:
            for command, argument in ((client.mail, self.sender), (client.rcpt, to)):
                code, answer = command(argument)
                if code not in (250, 251):
                    raise self._answered(code, answer)
        except OSError as error:
            self._drop()
            raise Broken(f"the connection to {self.where} broke ({_told(error)}); run it again") from None
        try:
            code, answer = client.data(content)
        except smtplib.SMTPDataError as error:
            raise self._answered(error.smtp_code, error.smtp_error) from None
        except OSError as error:
            self._drop()
            raise Uncertain(f"{self.where} was sent the mail and gave no answer ({type(error).__name__})") from None
        if code != 250:
            raise self._answered(code, answer)

    def _open(self) -> smtplib.SMTP:
        """A connection with TLS that has logged in."""
        trusted = ssl.create_default_context()
        client: smtplib.SMTP | None = None
        try:
            if self.port == TLS_FROM_THE_START:
                client = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=trusted)
            else:
                client = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
                client.starttls(context=trusted)
            if self.connection.login:
                client.login(self.connection.login, self.connection.password or "")
            client.ehlo_or_helo_if_needed()
            return client
        except Exception as error:
            if client is not None:
                client.close()
            raise self._unopened(error) from None

    def _drop(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None

    def _content(self, note: Note, to: str, identifier: str) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self.sender, to, note.title
        mail["Date"] = formatdate(self.now())
        mail["Message-ID"] = f"<{identifier}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{note.text}\n", cte="quoted-printable")
        return mail.as_bytes()

    def _answered(self, code: int, answer: bytes | str) -> DeliveryError:
        """A fault of this mail alone; the server goes on with the next."""
        if self.client is not None:
            with suppress(OSError):
                self.client.rset()
        told = f"({code} {_told(answer)})"
        if 400 <= code < 500:
            return Broken(f"{self.where} does not take the mail now {told}; run it again later")
        return Refused(f"{self.where} refuses the mail {told}; check the address of this manager and from_email")

    def _unopened(self, error: Exception) -> DeliveryError:
        match error:
            case smtplib.SMTPAuthenticationError():
                return Closed(f"{self.where} refuses the login of connection {self.connection.name}; check login and password")
            case smtplib.SMTPNotSupportedError():
                return Closed(f"{self.where} offers no TLS, or no login over it; ask its owner, or name its port for TLS (465)")
            case ssl.SSLCertVerificationError():
                return Closed(
                    f"the certificate of {self.where} is not trusted ({error.verify_message}); name the authority's "
                    "certificate in SSL_CERT_FILE"
                )
            case smtplib.SMTPResponseException(smtp_code=code) if code >= 500:
                return Closed(f"{self.where} takes no mail from here ({code} {_told(error.smtp_error)}); ask its owner")
            case socket.gaierror():
                return Unreachable(f"no address is known for {self.where}; check the host of the connection")
            case _:
                return Unreachable(f"{self.where} cannot be reached: {_told(error)}; check host, port and firewall")


def _told(answer: object) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else getattr(answer, "strerror", None) or str(answer)
    return " ".join(readable(text).split())[:_LONGEST_ANSWER]
