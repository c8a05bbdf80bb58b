"""Messages to account managers: each vendor's form, once, resumed, harmless, and without secrets in what is told."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from contract.settings import SettingError, Settings
from exports.__main__ import main, run
from exports.delivery import destinations, mail, messages
from exports.delivery.destinations import Message
from exports.delivery.messages import Outbox, send
from exports.delivery.notes import Note, as_text
from exports.delivery.robots import FORMS
from exports.delivery.transport import DeliveryError
from exports.packs.csv_text import BOM
from exports.packs.manifest import to_json
from tests.exports.delivery.message_servers import ACCEPTS, Chat, Post, chat, post
from tests.small_warehouse import AS_OF, published

CHATS = ["wecom", "dingtalk", "feishu", "slack"]
LINK = "https://files.example/{as_of}/{folder}/report.html"
NOTE = Note("amy", "en", "Call today: amy, 2026-03-20", ("Two & more:", "1. A"), "https://files.example/a?b=1&c=2", "Open", "-")
Lists = dict[str, list[str]]


def write_day(settings: Settings, lists: Lists, version: str = "v000001", day: str = "2026-03-20") -> None:
    """The exports of a day as far as messages read them: the names on each manager's list, in the order of their ranks."""
    folder = settings.exports / day
    shutil.rmtree(folder, ignore_errors=True)
    packs = []
    for manager, names in lists.items():
        path = folder / "managers" / (manager or "unassigned") / "csv"
        path.mkdir(parents=True)
        rows = [f'm-{rank},{rank},"{name}"' for rank, name in enumerate(names, 1)]
        (path / "calls.csv").write_text(BOM + "\r\n".join(["merchant_id,rank,name", *reversed(rows), ""]), encoding="utf-8")
        (path.parent / "manifest.json").write_bytes(to_json({"files": []}))
        pack = {"kind": "managers", "owner": manager, "folder": f"managers/{manager or 'unassigned'}"}
        packs.append(pack | {"manifest_sha256": "0" * 64})
    (folder / "manifest.json").write_bytes(to_json({"as_of": day, "warehouse_version": version, "packs": packs}))


def message(kind: str, **values: Any) -> Message:
    return convert({"name": "morning", "kind": kind, "link": LINK, "connection": "robot", "tries": 1} | values, Message)


def told(settings: Settings, what: Message, **values: Any) -> str:
    """Send, without waiting between tries."""
    return send(settings, AS_OF, what, **({"pause": lambda _: None} | values))


@pytest.fixture
def lists(settings: Settings) -> Settings:
    """Settings of a home with the lists of three managers, one of them empty."""
    write_day(settings, {"": ["X"], "amy": ["一店", "'Two", "3", "Four"], "bob": ["Five"], "zoe": []})
    return settings


@pytest.fixture
def robot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Chat]]:
    """Start a robot of a kind, under the connection `robot`."""
    running = []

    def start(kind: str, secret: str = "", name: str = "ROBOT") -> Chat:
        context = chat(tmp_path / "tls", kind)
        server = context.__enter__()
        running.append(context)
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", server.connection(secret=secret))
        return server

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """An SMTP server, under the connection `robot`."""
    with post(tmp_path / "tls") as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        monkeypatch.setenv("AIRFLOW_CONN_ROBOT", server.connection())
        yield server


MAILS = {"to": {"amy": "amy@fanout.example", "bob": "bob@fanout.example", "zoe": "zoe@fanout.example"}}


def read_mail(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)


# The vendors' own examples, with these texts in place of theirs.
AMY = "Merchants that need a call: 4. The first:"
LINES = [AMY, "1. 一店", "2. Two", "3. 3"]
TITLE = "Call today: amy, 2026-03-20"
OPENED = "https://files.example/2026-03-20/managers/amy/report.html"
PLAIN = "\n".join([TITLE, *LINES, f"Open the list: {OPENED}"])
DOCUMENTED: dict[str, dict[str, Any]] = {
    "wecom": {"msgtype": "text", "text": {"content": PLAIN}},
    "dingtalk": {"msgtype": "text", "text": {"content": PLAIN}, "at": {"isAtAll": False}},
    "feishu": {
        "msg_type": "post",
        "content": {
            "post": {
                "en_us": {
                    "title": TITLE,
                    "content": [
                        *([{"tag": "text", "text": line}] for line in LINES),
                        [{"tag": "a", "text": "Open the list", "href": OPENED}],
                    ],
                }
            }
        },
    },
    "slack": {
        "text": TITLE,
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "\n".join([TITLE, *LINES, f"<{OPENED}|Open the list>"]), "verbatim": True},
            }
        ],
    },
}


@pytest.mark.parametrize("kind", CHATS)
def test_every_chat_gets_its_own_form(lists: Settings, robot: Callable[..., Chat], kind: str) -> None:
    server = robot(kind)
    assert told(lists, message(kind, only=["amy"])) == "1 messages"
    assert server.posts == [("/robot/send?key=very-secret-key", DOCUMENTED[kind])]


def test_there_is_a_form_for_every_kind() -> None:
    assert {*FORMS} == {*CHATS} == {*ACCEPTS} == {*DOCUMENTED}


def test_a_mail_has_the_same_text(lists: Settings, office: Post) -> None:
    assert told(lists, message("mail", **MAILS), now=lambda: 1_700_000_000.0) == "3 messages"
    assert [to for to, _ in office.mails] == ["amy@fanout.example", "bob@fanout.example", "zoe@fanout.example"]
    assert office.logins == 1
    first, _, empty = (read_mail(data) for _, data in office.mails)
    assert (first["From"], first["To"], first["Subject"]) == ("success@fanout.example", "amy@fanout.example", TITLE)
    assert first["Date"] == "Tue, 14 Nov 2023 22:13:20 -0000"
    assert first.get_content().splitlines() == PLAIN.splitlines()[1:]
    assert empty.get_content().splitlines()[0] == "Nobody needs a call today."
    identifiers = {read_mail(data)["Message-ID"] for _, data in office.mails}
    assert len(identifiers) == 3
    assert all(re.fullmatch(r"<[0-9a-f]{32}@fanout\.example>", identifier) for identifier in identifiers)


def test_messages_speak_the_language_of_the_settings(lists: Settings, robot: Callable[..., Chat]) -> None:
    server = robot("feishu")
    told(replace(lists, language="zh"), message("feishu", only=["bob", "unassigned"]))
    bob, unassigned = (body["content"]["post"]["zh_cn"] for _, body in server.posts)
    assert bob["title"] == "今日致电：bob，2026-03-20"
    assert bob["content"][0] == [{"tag": "text", "text": "需要致电的商家：1 家。先联系："}]
    assert bob["content"][-1][0]["text"] == "打开清单"
    assert unassigned["title"] == "今日致电：未分配客户经理的商家，2026-03-20"


def test_a_plain_text_ends_with_the_link_in_the_language_of_the_settings(lists: Settings, robot: Callable[..., Chat]) -> None:
    server = robot("wecom")
    told(replace(lists, language="zh"), message("wecom", only=["amy"]))
    [(_, body)] = server.posts
    assert body["text"]["content"].splitlines() == [
        "今日致电：amy，2026-03-20",
        "需要致电的商家：4 家。先联系：",
        "1. 一店",
        "2. Two",
        "3. 3",
        f"打开清单：{OPENED}",
    ]


def test_robots_with_a_secret_are_signed_to(lists: Settings, robot: Callable[..., Chat]) -> None:
    """The signatures are those of openssl."""
    server = robot("dingtalk", secret="SEC0123456789")
    told(lists, message("dingtalk", only=["amy"]), now=lambda: 1_700_000_000.123)
    [(path, body)] = server.posts
    sign = "TJcZCaw2244L6ShEhzB3a1XAY4k0W7YNHxgR24gEwZI%3D"
    assert path == f"/robot/send?key=very-secret-key&timestamp=1700000000123&sign={sign}"
    assert body == DOCUMENTED["dingtalk"]
    server = robot("feishu", secret="SEC0123456789")
    told(lists, message("feishu", name="second", only=["amy"]), now=lambda: 1_700_000_000.9)
    [(path, body)] = server.posts
    signature = {"timestamp": "1700000000", "sign": "ukltNRENYMvqlIpTDbO14XaB5X9Lc3nYKcFTY1Yb7Rk="}
    assert (path, body) == ("/robot/send?key=very-secret-key", DOCUMENTED["feishu"] | signature)


HOSTILE = {
    "<!channel>": "＜!channel＞",
    "<!here|x> <@U123> &lt;!channel&gt;": "＜!here|x＞ ＜＠U123＞ &lt;!channel&gt;",
    "@all @所有人": "＠all ＠所有人",
    '<at user_id="all">x</at>': '＜at user_id="all"＞x＜/at＞',
    "[win](https://evil.example)": "［win］(https：//evil．example)",
    "evil.example/a": "evil．example/a",
    "小店\r\nBcc: x\u2028y\u202ez": "小店 Bcc: x y z",
    "": "",
    "a" * 41: "a" * 39 + "…",
    "St. Mary No.1 3.5": "St. Mary No.1 3.5",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_a_text(name: str) -> None:
    assert as_text(name) == HOSTILE[name]


@pytest.mark.parametrize("kind", [*CHATS, "mail"])
def test_no_name_is_a_mention_or_a_link_in_any_form(
    settings: Settings, robot: Callable[..., Chat], office: Post, kind: str
) -> None:
    names = [name.replace('"', '""') for name in HOSTILE]
    mentions = ("<!", "<@", "@all", "@所有人", "<at", "](", "evil.example")
    assert all(any(mention in name for name in names) for mention in mentions)
    server = robot(kind) if kind in CHATS else None
    what = message(kind, **(MAILS if server is None else {}))
    for number in range(len(names)):
        write_day(settings, {"amy": names[number : number + 3]}, version=f"v{number}")
        told(settings, what)
    texts = [read_mail(data).get_content() for _, data in office.mails] if server is None else server.texts
    assert len(texts) == len(names)
    for text in texts:
        assert not [mention for mention in mentions if mention in text]


def test_what_slack_reads_as_markup_is_escaped() -> None:
    [section] = FORMS["slack"](replace(NOTE, lines=("<!channel> & co",)))["blocks"]
    assert "&lt;!channel&gt; &amp; co" in section["text"]["text"]
    assert "<https://files.example/a?b=1&amp;c=2|Open>" in section["text"]["text"]


@pytest.mark.parametrize("kind", CHATS)
def test_a_message_is_sent_once_a_day_and_version(lists: Settings, robot: Callable[..., Chat], kind: str) -> None:
    server = robot(kind)
    assert told(lists, message(kind)) == told(lists, message(kind)) == "3 messages"
    assert len(server.posts) == 3
    [receipt] = (lists.exports / "receipts").iterdir()
    known = json.loads(receipt.read_text())
    assert receipt.name == "morning_2026-03-20_v000001.json"
    assert (known["destination"], known["kind"], known["packs"], known["files"], known["attempts"]) == (
        "morning",
        kind,
        3,
        3,
        1,
    )
    outbox = lists.exports / "deliveries" / "morning" / "2026-03-20_v000001.jsonl"
    for known_by in (receipt, outbox):  # either is enough
        kept = known_by.read_bytes()
        known_by.unlink()
        told(lists, message(kind))
        assert len(server.posts) == 3
        known_by.write_bytes(kept)
    write_day(lists, {"amy": ["A"]}, version="v000002")
    assert told(lists, message(kind)) == "1 messages"
    assert len(server.posts) == 4


def test_an_old_day_is_not_told(lists: Settings, robot: Callable[..., Chat]) -> None:
    server = robot("wecom")
    write_day(lists, {"amy": ["A"]}, day="2026-03-21")
    assert told(lists, message("wecom")) == "no messages, since 2026-03-21 has been exported already"
    assert not server.posts


REFUSALS = {
    "wecom": (200, '{"errcode":93000,"errmsg":"invalid webhook url"}', "(93000 invalid webhook url); copy the robot's address"),
    "dingtalk": (200, '{"errcode":310000,"errmsg":"sign not match"}', "(310000 sign not match); put the robot's secret"),
    "feishu": (200, '{"code":19021,"msg":"sign match fail"}', "(19021 sign match fail); put the robot's secret"),
    "slack": (404, "no_service", "(404 no_service); correct its address"),
}


@pytest.mark.parametrize("kind", CHATS)
def test_what_failed_for_one_manager_is_sent_again_alone(lists: Settings, robot: Callable[..., Chat], kind: str) -> None:
    server = robot(kind)
    status, answer, words = REFUSALS[kind]
    server.answer = lambda body: (status, answer) if "bob" in json.dumps(body) else (200, ACCEPTS[kind])
    with pytest.raises(DeliveryError) as error:
        told(lists, message(kind, tries=3))
    assert str(error.value).startswith(f"bob: the {kind} robot of connection robot refuses the message ")
    assert words in str(error.value)
    assert len(server.posts) == 3  # what is refused is not tried again
    assert not (lists.exports / "receipts").exists()
    server.answer = lambda _: (200, ACCEPTS[kind])
    assert told(lists, message(kind)) == "3 messages"
    assert ["bob" in text for text in server.texts[3:]] == [True]
    [receipt] = (lists.exports / "receipts").iterdir()
    assert json.loads(receipt.read_text())["attempts"] == 2


def test_a_mail_that_one_manager_s_server_refuses_stops_no_other(lists: Settings, office: Post) -> None:
    office.refused = {"amy@fanout.example": "550 no such user", "bob@fanout.example": "451 greylisted"}
    with pytest.raises(DeliveryError) as error:
        told(lists, message("mail", **MAILS, tries=2))
    amy, bob = str(error.value).split("; bob: ")
    assert "refuses the mail (550 no such user)" in amy
    assert "does not take the mail now (451 greylisted)" in bob
    assert [to for to, _ in office.mails] == ["zoe@fanout.example"]
    office.refused = {}
    told(lists, message("mail", **MAILS))
    assert [to for to, _ in office.mails[1:]] == ["amy@fanout.example", "bob@fanout.example"]


BUSY = {
    "wecom": (200, '{"errcode":45009,"errmsg":"api freq out of limit"}'),
    "dingtalk": (200, '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}'),
    "feishu": (200, '{"code":11232,"msg":"frequency limited"}'),
    "slack": (429, "rate_limited"),
}


@pytest.mark.parametrize("kind", CHATS)
def test_a_busy_robot_is_tried_again(lists: Settings, robot: Callable[..., Chat], kind: str) -> None:
    server, pauses = robot(kind), list[float]()
    answers = iter([BUSY[kind], (503, "later"), (200, ACCEPTS[kind])])
    server.answer = lambda _: next(answers)
    assert told(lists, message(kind, only=["amy"], tries=3), pause=pauses.append) == "1 messages"
    assert (len(server.posts), pauses) == (3, [1.0, 2.0])
    server.answer = lambda _: BUSY[kind]
    with pytest.raises(DeliveryError, match=r"takes no more messages for a while .*give managers robots of their own"):
        told(lists, message(kind, only=["bob"]))


def test_a_robot_that_is_down_is_tried_once_and_the_others_go_on(
    lists: Settings, robot: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two managers with the robot that is down, the second is not tried."""
    server, pauses = robot("slack"), list[float]()
    monkeypatch.setenv("AIRFLOW_CONN_DOWN", "http://:https%3A%2F%2Flocalhost%3A9%2Fvery-secret-key@/")
    what = message("slack", to={"amy": "down", "bob": "down", "zoe": "robot"}, tries=3)
    with pytest.raises(DeliveryError) as error:
        told(lists, what, pause=pauses.append)
    assert re.fullmatch(
        r"amy, bob: localhost of the slack robot of connection down cannot be reached: .*; check network and proxy",
        str(error.value),
    )
    assert pauses == [1.0, 2.0]
    assert ["zoe" in text for text in server.texts] == [True]
    monkeypatch.setenv("AIRFLOW_CONN_DOWN", server.connection())
    told(lists, what)
    assert [re.findall("amy|bob|zoe", text)[0] for text in server.texts] == ["zoe", "amy", "bob"]


@pytest.mark.parametrize("kind", [*CHATS, "mail"])
def test_a_message_without_an_answer_is_told_once_and_never_sent_again(
    lists: Settings, robot: Callable[..., Chat], office: Post, kind: str
) -> None:
    """What comes after it over the same way is not sent in that run, but in the next."""
    server = robot(kind) if kind in CHATS else None
    what = message(kind, tries=3, **(MAILS if server is None else {}))
    office.cuts = {"amy@fanout.example"}
    if server is not None:
        server.answer = lambda body: None if "amy" in json.dumps(body) else (200, ACCEPTS[kind])

    def arrived() -> list[str]:
        texts = [to for to, _ in office.mails] if server is None else server.texts
        return [re.findall("amy|bob|zoe", text)[0] for text in texts]

    with pytest.raises(DeliveryError) as error:
        told(lists, what)
    assert re.match(
        r"amy: .*gave no answer.*look whether it arrived; docs/runbooks/message.md says .*; bob, zoe: not sent",
        str(error.value),
    )
    assert arrived() == ["amy"]
    assert told(lists, what) == "3 messages, amy: nobody knows whether it arrived"
    assert arrived() == ["amy", "bob", "zoe"]
    [receipt] = (lists.exports / "receipts").iterdir()
    known = json.loads(receipt.read_text())
    assert (known["packs"], known["files"]) == (3, 2)
    [outbox] = (lists.exports / "deliveries").rglob("*.jsonl")  # as the run book says
    outbox.write_text("".join(line for line in outbox.read_text().splitlines(keepends=True) if "amy" not in line))
    office.cuts = set()
    if server is not None:
        server.answer = lambda _: (200, ACCEPTS[kind])
    assert told(lists, what) == "3 messages"
    assert arrived() == ["amy", "bob", "zoe", "amy"]


def test_what_a_killed_run_was_sending_is_told_and_not_sent_again(lists: Settings, robot: Callable[..., Chat]) -> None:
    server = robot("wecom")
    outbox = Outbox(lists.exports / "deliveries" / "morning" / "2026-03-20_v000001.jsonl")
    outbox.note("amy", messages.SENDING)
    with outbox.path.open("a") as file:
        file.write('\n{"manager": "bo')  # the process was killed here
    with pytest.raises(DeliveryError, match="amy: an earlier run ended while it sent; look whether it arrived"):
        told(lists, message("wecom"))
    assert [re.findall("amy|bob|zoe", text)[0] for text in server.texts] == ["bob", "zoe"]
    assert told(lists, message("wecom")) == "3 messages, amy: nobody knows whether it arrived"
    assert len(server.posts) == 2


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        pytest.param(302, "", "answers with another address", id="redirect"),
        pytest.param(200, "<html>log in</html>", "answers as no robot of this kind does: '<html>log in</html>'", id="a page"),
        pytest.param(403, "key very-secret-key is unknown", "(403 key … is unknown)", id="repeats the key"),
        pytest.param(500, "boom", "has a fault of its own (500 boom)", id="fault"),
    ],
)
def test_other_answers_are_told_in_words(
    lists: Settings, robot: Callable[..., Chat], status: int, answer: str, words: str
) -> None:
    server = robot("wecom")
    server.answer = lambda _: (status, answer)
    with pytest.raises(DeliveryError) as error:
        told(lists, message("wecom", only=["amy"]))
    assert words in str(error.value)
    assert [path for path, _ in server.posts] == ["/robot/send?key=very-secret-key"]


def test_a_mail_goes_nowhere_without_tls_and_a_login(lists: Settings, office: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    office.with_tls = False
    with pytest.raises(DeliveryError, match=r"^amy, bob, zoe: localhost:\d+ offers no TLS"):
        told(lists, message("mail", **MAILS, tries=3))
    office.with_tls = True
    monkeypatch.setenv("AIRFLOW_CONN_ROBOT", office.connection(password="other-secret"))
    with pytest.raises(DeliveryError, match=r"^amy, bob, zoe: localhost:\d+ refuses the login of connection robot"):
        told(lists, message("mail", **MAILS, tries=3))
    assert office.logins == 1  # more would lock the account
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    with pytest.raises(DeliveryError, match=r"the certificate of localhost:\d+ is not trusted .*SSL_CERT_FILE"):
        told(lists, message("mail", **MAILS))
    monkeypatch.setenv("AIRFLOW_CONN_ROBOT", "smtp://success:x@localhost:9/?from_email=a%40b.example")
    with pytest.raises(DeliveryError, match=r"^amy, bob, zoe: localhost:9 cannot be reached: Connection refused"):
        told(lists, message("mail", **MAILS))
    assert not office.mails


def test_a_port_of_tls_speaks_it_from_the_start(lists: Settings, office: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TLS_FROM_THE_START", office.port)
    with pytest.raises(DeliveryError, match=r"cannot be reached: .*WRONG_VERSION_NUMBER"):  # the server begins in plain text
        told(lists, message("mail", **MAILS))


@pytest.mark.parametrize(
    "uri",
    [
        "http://host/",
        "http://:http%3A%2F%2Fhost%2Fhook@/",
        "http://:https%3A%2F%2F%2Fhook@/",
        "http://:https%3A%2F%2F%5Bx%2Fhook@/",
    ],
)
def test_an_address_has_to_be_one_of_https(lists: Settings, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ROBOT", uri)
    with pytest.raises(DeliveryError, match=r"^amy, bob, zoe: the slack robot of connection robot has no address; put it in"):
        told(lists, message("slack"))


def test_no_secret_is_in_what_is_told(
    lists: Settings,
    tmp_path: Path,
    robot: Callable[..., Chat],
    office: Post,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Through the command, where everything fails in its own way, with a server that repeats what it was sent."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    server = robot("dingtalk", secret="SEC0123456789", name="CHAT")
    server.answer = lambda _: (500, f"{server.posts[-1][0]} SEC0123456789")
    monkeypatch.setenv("AIRFLOW_CONN_DOWN", "http://:https%3A%2F%2Flocalhost%3A9%2Fvery-secret-key@/?secret=SEC0123456789")
    monkeypatch.setenv("AIRFLOW_CONN_POST", office.connection(password="other-secret"))
    published(lists)
    file = tmp_path / "destinations.toml"
    file.write_text(
        "".join(
            f'[[message]]\nname = "{name}"\nkind = "{kind}"\nconnection = "{name}"\nlink = "{LINK}"\n{more}\n'
            for name, kind, more in (
                ("chat", "dingtalk", ""),
                ("down", "dingtalk", ""),
                ("post", "mail", 'to = {amy = "amy@fanout.example"}'),
            )
        )
    )
    monkeypatch.setenv("FANOUT_HOME", str(lists.home))
    monkeypatch.setenv("FANOUT_DESTINATIONS", str(file))
    monkeypatch.setattr(sys, "argv", ["exports", "--as-of", "2026-03-20"])
    assert main() == 1
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["messages"] == {"chat": "failed", "down": "failed", "post": "failed"}
    assert [line.partition(":")[0] for line in err.splitlines() if "messages of" in line] == [
        "chat, messages of 2026-03-20",
        "down, messages of 2026-03-20",
        "post, messages of 2026-03-20",
    ]
    said = out + err + caplog.text + "".join(path.read_text() for path in (lists.exports / "deliveries").rglob("*.jsonl"))
    assert not [secret for secret in ("very-secret-key", "SEC0123456789", "other-secret") if secret in said]


def test_a_run_tells_after_it_has_delivered(
    settings: Settings, tmp_path: Path, robot: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message whose link leads to a destination waits for its files."""
    server = robot("slack")
    published(settings)
    file = tmp_path / "destinations.toml"
    file.write_text(
        f'[[destination]]\nname = "share"\nkind = "folder"\npath = "{tmp_path}/share"\n'
        f'[[message]]\nname = "morning"\nkind = "slack"\nconnection = "robot"\nafter = "share"\nlink = "{LINK}"\n'
    )
    settings = replace(settings, destinations=file)
    report, failures = run(settings, AS_OF)
    assert report["messages"] == {"morning": "no messages, since share has not got its files"}
    assert len(failures) == 1
    assert not server.posts
    (tmp_path / "share").mkdir()
    report, failures = run(settings, AS_OF)
    assert (report["messages"], failures) == ({"morning": "1 messages"}, [])
    [text] = server.texts
    assert "Merchants that need a call: 1. The first:" in text
    assert not re.search(r"\bu-\d", text)  # the people of the small warehouse are u-1, u-2, …


def test_a_dry_run_shows_every_message(
    lists: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published(lists)
    file = tmp_path / "destinations.toml"
    file.write_text(
        f'[[message]]\nname = "morning"\nkind = "mail"\nconnection = "post"\nonly = ["amy", "unassigned"]\nlink = "{LINK}"\n'
        'to = {amy = "amy@fanout.example"}\n'
    )
    monkeypatch.setenv("FANOUT_HOME", str(lists.home))
    monkeypatch.setenv("FANOUT_DESTINATIONS", str(file))
    monkeypatch.setattr(sys, "argv", ["exports", "--as-of", "2026-03-20", "--dry-run"])
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert "morning: mail to unassigned: no way is declared" in lines
    at = lines.index("morning: mail to amy: Call today: amy, 2026-03-20")
    assert lines[at + 1] == "  Merchants that need a call: 1. The first:"
    assert lines[at + 3] == f"  Open the list: {OPENED}"


GOOD: dict[str, str | None] = {"name": '"morning"', "kind": '"wecom"', "connection": '"robot"', "link": f'"{LINK}"'}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(
            {"kind": '"sms"'}, "message morning: kind 'sms' has to be one of mail, wecom, dingtalk, feishu, slack", id="kind"
        ),
        pytest.param({"link": '"ftp://x"'}, "link 'ftp://x' has to be an address such as https://files.example/", id="link"),
        pytest.param({"link": '"https://x/{manager}"'}, "with these two placeholders and no other", id="placeholder"),
        pytest.param({"link": f'"https://x/{"a" * 500}"'}, "has to be an address such as", id="long link"),
        pytest.param({"link": '""'}, "link is missing; it has to be where the reader finds the pack", id="no link"),
        pytest.param({"kind": '"mail"'}, "mail needs a connection, the SMTP server, and to", id="no addresses"),
        pytest.param({"kind": '"mail"', "to": '{amy = "amy"}'}, "to: amy is not an address such as", id="address"),
        pytest.param({"kind": '"mail"', "to": '{amy = "a@b\\r\\nBcc: c@d"}'}, "is not an address such as", id="two lines"),
        pytest.param({"to": '"amy"'}, "to 'amy' has to be a table by manager, such as", id="to"),
        pytest.param({"to": '{amy = ""}'}, "to {'amy': ''} has to be a table by manager", id="empty to"),
        pytest.param({"after": '"share"'}, "after 'share' has to be the name of a destination", id="after"),
        pytest.param({"colour": '"red"'}, "unknown colour; known are name, kind, link, connection", id="unknown"),
        pytest.param({"connection": None}, "wecom needs a connection, the robot of a chat, or to", id="no connection"),
        pytest.param({"name": '"share"', "before": None}, "a message and a destination, are named share", id="name"),
    ],
)
def test_the_messages_of_the_file_are_checked(tmp_path: Path, change: dict[str, str | None], fault: str) -> None:
    def text(values: dict[str, str | None]) -> str:
        place = "[[destination]]\nname = 'share'\nkind = 'folder'\npath = '/mnt'\n" if change.get("name") else ""
        return place + "[[message]]\n" + "".join(f"{name} = {value}\n" for name, value in values.items() if value is not None)

    path = tmp_path / "destinations.toml"
    path.write_text(text(GOOD))
    assert [found.name for found in destinations.read_messages(path)] == ["morning"]
    path.write_text(text(GOOD | change))
    with pytest.raises(SettingError) as error:
        destinations.read_messages(path)
    assert fault in str(error.value)
    assert str(error.value).startswith(f"{path}")


@pytest.mark.parametrize("kind", [*CHATS, "mail"])
def test_fifty_managers_are_told_within_five_seconds(
    settings: Settings, robot: Callable[..., Chat], office: Post, kind: str
) -> None:
    managers = [f"manager-{number:02}" for number in range(50)]
    write_day(settings, {manager: ["A", "B", "C", "D"] for manager in managers})
    more = {"to": {manager: f"{manager}@fanout.example" for manager in managers}} if kind == "mail" else {}
    if kind != "mail":
        robot(kind)
    started = time.perf_counter()
    assert told(settings, message(kind, **more)) == "50 messages"
    assert time.perf_counter() - started < 5
