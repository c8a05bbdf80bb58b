"""Servers that tests send messages to: a chat's robot over HTTPS, and an SMTP server with STARTTLS."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.object_stores import certificate

ACCEPTS = {
    "wecom": '{"errcode":0,"errmsg":"ok"}',
    "dingtalk": '{"errcode":0,"errmsg":"ok"}',
    "feishu": '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}',
    "slack": "ok",
}
Answer = tuple[int, str] | None  # None: the connection ends without one


@dataclass
class Chat:
    """A running robot: what it was sent, and how it answers."""

    port: int
    certificate: Path
    answer: Callable[[dict[str, Any]], Answer]
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def connection(self, path: str = "/robot/send?key=very-secret-key", secret: str = "") -> str:
        address = quote(f"https://localhost:{self.port}{path}", safe="")
        return f"http://:{address}@/" + (f"?secret={secret}" if secret else "")

    @property
    def texts(self) -> list[str]:
        return [json.dumps(body, ensure_ascii=False) for _, body in self.posts]


@contextmanager
def chat(folder: Path, kind: str) -> Iterator[Chat]:
    """Start a robot that accepts everything; its certificate is written into `folder`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Content-Type"] == "application/json; charset=utf-8"
            robot.posts.append((self.path, body))
            answer = robot.answer(body)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            if 300 <= answer[0] < 400:
                self.send_header("Location", "/elsewhere")
            data = answer[1].encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    authority, of_server, key = certificate(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(of_server, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    robot = Chat(server.server_address[1], authority, lambda _: (200, ACCEPTS[kind]))
    with _running(server):
        yield robot


@dataclass
class Post:
    """A running SMTP server: the mails that it accepted, and whom it refuses.

    Attributes:
        refused: answers to RCPT by address.
        cuts: addresses whose mail it takes, and says nothing more.
        with_tls: whether it offers STARTTLS.
    """

    port: int
    certificate: Path
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cuts: set[str] = field(default_factory=set)
    logins: int = 0
    with_tls: bool = True

    def connection(self, password: str = "pass-word-1") -> str:
        return f"smtp://success:{password}@localhost:{self.port}/?from_email=success%40fanout.example"


@contextmanager
def post(folder: Path) -> Iterator[Post]:
    """Start an SMTP server; its certificate is written into `folder`."""
    authority, of_server, key = certificate(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(of_server, key)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError, ssl.SSLError):
                self.talk()

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def talk(self) -> None:
            is_safe, to = False, ""
            self.say("220 localhost")
            while line := self.rfile.readline().decode().strip():
                verb = line.upper()
                if verb.startswith("EHLO"):
                    offer = "AUTH PLAIN" if is_safe else "STARTTLS" if server.with_tls else "HELP"
                    self.say("250-localhost")
                    self.say(f"250 {offer}")
                elif verb == "STARTTLS":
                    self.say("220 go ahead")
                    self.connection = context.wrap_socket(self.connection, server_side=True)
                    self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                    is_safe = True
                elif not is_safe and not verb.startswith(("QUIT", "RSET")):
                    self.say("530 must issue STARTTLS first")
                elif verb.startswith("AUTH PLAIN"):
                    server.logins += 1
                    good = line.split()[2] == "AHN1Y2Nlc3MAcGFzcy13b3JkLTE="  # \0success\0pass-word-1
                    self.say("235 welcome" if good else "535 wrong password")
                elif verb.startswith("RCPT"):
                    to = line.partition("<")[2].rstrip(">")
                    self.say(server.refused.get(to, "250 ok"))
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part.removeprefix(b".") if part.startswith(b"..") else part)
                    server.mails.append((to, b"".join(lines)))
                    if to in server.cuts:
                        return
                    self.say("250 accepted")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    listener = Server(("127.0.0.1", 0), Handler)
    server = Post(listener.server_address[1], authority)
    with _running(listener):
        yield server


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
