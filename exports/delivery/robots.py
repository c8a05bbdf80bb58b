"""Messages to chats: the robots of WeCom, DingTalk, Feishu and Slack, each in the JSON form that its vendor documents.

A robot's address is its secret, so it stands in the connection, as the password; `secret` of its extras is the key by which
DingTalk and Feishu let it sign. No form with markup is used where the vendor has a plain one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import ssl
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, quote_plus, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from contract.connections import Connection
from exports.delivery.notes import Note
from exports.delivery.transport import TIMEOUT_SECONDS, Broken, Closed, DeliveryError, Refused, Uncertain, Unreachable
from exports.policy.names import readable

_ADDRESS = re.compile(r"https://[!-~]+")
_LONGEST_ANSWER = 200
_FEISHU_LANGUAGES = {"en": "en_us", "zh": "zh_cn"}
# Answers that hold for a moment alone: too many messages, or the vendor is busy.
_MAY_HOLD_LATER = {"wecom": {-1, 45009}, "dingtalk": {-1, 90030, 130101}, "feishu": {9499, 11232}, "slack": set[int]()}
_TOO_MANY = "give managers robots of their own (to), since a chat's robot takes few messages a minute, or wait and run it again"
_HINTS: dict[tuple[str, int], str] = {
    ("wecom", 93000): "copy the robot's address from the group again",
    ("dingtalk", 300001): "copy the robot's address from the group again",
    (
        "dingtalk",
        310000,
    ): "put the robot's secret into the connection as secret, or free the robot of keywords and addresses",
    ("feishu", 19001): "copy the robot's address from the group again",
    ("feishu", 19021): "put the robot's secret into the connection as secret, and set this machine's clock right (NTP)",
    ("feishu", 19022): "allow this machine's address in the robot's settings",
    ("feishu", 19024): "take the keyword out of the robot's settings, or make it one that stands in every message",
}


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Leave a redirect to be told as the answer that it is: a message does not go where nobody declared."""


class Robot:
    """The robot of one chat."""

    def __init__(self, kind: str, connection: Connection, now: Callable[[], float]):
        self.kind, self.connection, self.now = kind, connection, now
        self.address = connection.password or ""
        self.secret: str | None = connection.extra.get("secret")
        self.where = f"the {kind} robot of connection {connection.name}"
        try:
            is_address = _ADDRESS.fullmatch(self.address) and urlsplit(self.address).hostname
        except ValueError:
            is_address = None
        if not is_address:
            raise Closed(f"{self.where} has no address; put it in as the password: https://…, percent-encoded in a URI")
        self.opener = build_opener(_NoRedirects)

    def close(self) -> None:
        """Nothing is kept open."""

    def send(self, note: Note, to: str | None, identifier: str) -> None:
        """Send a note; it is accepted when this returns.

        Raises:
            Refused, Broken: it was not accepted.
            Uncertain: nobody knows.
        """
        address, body = self._signed(FORMS[self.kind](note))
        data = json.dumps(body, ensure_ascii=False).encode()
        request = Request(address, data, {"Content-Type": "application/json; charset=utf-8"})
        try:
            with self.opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                answer = response.read(1 << 16)
        except HTTPError as error:
            raise self._status(error) from None
        except URLError as error:
            raise self._unreachable(error.reason) from None
        except (OSError, http.client.HTTPException) as error:
            raise Uncertain(f"{self.where} took the message and gave no answer ({type(error).__name__})") from None
        self._judge(answer.decode("utf-8", "replace"))

    def _signed(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Address and body with the signature that a robot with a secret demands."""
        if not self.secret:
            return self.address, body
        if self.kind == "dingtalk":
            moment = str(round(self.now() * 1000))
            digest = hmac.digest(self.secret.encode(), f"{moment}\n{self.secret}".encode(), hashlib.sha256)
            joint = "&" if "?" in self.address else "?"
            return f"{self.address}{joint}timestamp={moment}&sign={quote_plus(base64.b64encode(digest))}", body
        if self.kind == "feishu":
            moment = str(int(self.now()))
            digest = hmac.digest(f"{moment}\n{self.secret}".encode(), b"", hashlib.sha256)
            return self.address, {"timestamp": moment, "sign": base64.b64encode(digest).decode(), **body}
        return self.address, body

    def _judge(self, answer: str) -> None:
        """Raise unless an answer of status 200 says that the message was accepted."""
        if self.kind == "slack":
            if answer.strip() != "ok":
                raise Refused(f"{self.where} refuses the message ({self._told(answer)}); correct its address")
            return
        try:
            content = json.loads(answer)
            code = content.get("errcode", content.get("code", content.get("StatusCode")))
        except (ValueError, AttributeError):
            code = None
        if not isinstance(code, int):
            raise Closed(f"{self.where} answers as no robot of this kind does: {self._told(answer)!r}; correct its address")
        if code == 0:
            return
        told = f"({code} {self._told(str(content.get('errmsg', content.get('msg', ''))))})"
        if code in _MAY_HOLD_LATER[self.kind]:
            raise Broken(f"{self.where} takes no more messages for a while {told}; {_TOO_MANY}")
        hint = _HINTS.get((self.kind, code), "look the code up in the vendor's documentation of robots")
        raise Refused(f"{self.where} refuses the message {told}; {hint}")

    def _status(self, error: HTTPError) -> DeliveryError:
        """What another status than 200 means."""
        with error:
            try:
                answer = error.read(1 << 10)
            except (OSError, http.client.HTTPException):
                answer = b""
        told = f"({error.code} {self._told(answer.decode('utf-8', 'replace'))})"
        match error.code:
            case 429:
                return Broken(f"{self.where} takes no more messages for a while {told}; {_TOO_MANY}")
            case 504:
                return Uncertain(f"a server before {self.where} waited in vain for its answer {told}")
            case 408 | 425:
                return Broken(f"{self.where} did not take the message {told}; run it again")
            case code if code >= 500:
                return Broken(f"{self.where} has a fault of its own {told}; run it again later")
            case code if code < 400:
                return Refused(f"{self.where} answers with another address {told}; correct the one in the connection")
        return Refused(f"{self.where} refuses the message {told}; correct its address, or make a new robot")

    def _unreachable(self, reason: object) -> DeliveryError:
        host = urlsplit(self.address).hostname
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Closed(
                f"the certificate of {host} is not trusted ({reason.verify_message}); name the authority's certificate in "
                "SSL_CERT_FILE"
            )
        why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return Unreachable(f"{host} of {self.where} cannot be reached: {self._told(why)}; check network and proxy")

    def _told(self, answer: str) -> str:
        """An answer in a few words, without what is secret, should it repeat that."""
        parts = urlsplit(self.address)
        values = [value for _, value in parse_qsl(parts.query)]
        secrets = [self.address, self.secret, parts.path, parts.query, *values, *parts.path.split("/")]
        for secret in sorted({secret for secret in secrets if secret and len(secret) >= 8}, key=len, reverse=True):
            answer = answer.replace(secret, "…")
        return " ".join(readable(answer).split())[:_LONGEST_ANSWER]


def _wecom(note: Note) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": f"{note.title}\n{note.text}"}}


def _dingtalk(note: Note) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": f"{note.title}\n{note.text}"}, "at": {"isAtAll": False}}


def _feishu(note: Note) -> dict[str, Any]:
    lines: list[list[dict[str, str]]] = [[{"tag": "text", "text": line}] for line in note.lines]
    lines.append([{"tag": "a", "text": note.link_text, "href": note.link}])
    return {
        "msg_type": "post",
        "content": {"post": {_FEISHU_LANGUAGES[note.language]: {"title": note.title, "content": lines}}},
    }


def _slack(note: Note) -> dict[str, Any]:
    """In mrkdwn; `verbatim` takes no name for a mention or a link, and what is escaped is no markup."""
    lines = [_escaped(line) for line in (note.title, *note.lines)]
    text = "\n".join([*lines, f"<{_escaped(note.link)}|{_escaped(note.link_text)}>"])
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    return {"text": _escaped(note.title), "blocks": [section]}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


FORMS: dict[str, Callable[[Note], dict[str, Any]]] = {
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
    "slack": _slack,
}
