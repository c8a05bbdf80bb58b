"""Every next step of the playbook, and the faults that it is refused for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.values import STAGES
from exports.pages import playbook
from exports.pages.playbook import Playbook, PlaybookError
from exports.pages.reasons import TOPICS
from exports.pages.words import LANGUAGES


def test_the_playbook_has_a_step_for_everybody() -> None:
    book = playbook.read()
    assert len(book.rows) > 5
    for stage in STAGES:
        for topic in TOPICS:
            for language in LANGUAGES:
                assert book.next_step(stage, [topic], language)


def test_the_step_of_the_playbook_suits_the_reason() -> None:
    """Every topic but the bare risk has its own step in every stage; none tells a figure that the reason may contradict."""
    book = playbook.read()
    everybody = {book.next_step(stage, [], "en") for stage in STAGES}
    for stage in STAGES:
        steps = {topic: book.next_step(stage, [topic], "en") for topic in TOPICS}
        assert {topic for topic, step in steps.items() if step in everybody} == {"risk"}
        assert len(set(steps.values())) == len(TOPICS)
    assert not [row for row in book.rows if re.search(r"third|half|%|三成|一半", row["next_step_en"] + row["next_step_zh"])]


def test_the_strongest_reason_with_a_step_decides() -> None:
    rows = [("at_risk", "logins", "log in"), ("at_risk", "orders", "sell"), ("at_risk", "*", "call"), ("*", "*", "ask")]
    book = Playbook("x", tuple({"stage": stage, "topic": topic, "next_step_en": step} for stage, topic, step in rows))
    assert book.next_step("at_risk", ["orders", "logins"], "en") == "sell"
    assert book.next_step("at_risk", ["shares", "logins"], "en") == "log in"
    assert book.next_step("at_risk", [], "en") == "call"
    assert book.next_step("churned", ["orders"], "en") == "ask"


def test_the_key_of_a_step_is_its_row_as_it_stands() -> None:
    book = playbook.read()
    assert book.step("at_risk", ["orders"]) == "*.orders"
    assert book.step("launching", ["orders"]) == "launching.orders"
    assert book.step("operating", ["risk"]) == "*.*"


HEAD = "stage,topic,next_step_en,next_step_zh\n"
LAST = "*,*,Call.,致电。\n"


def faults(tmp_path: Path, content: str | bytes) -> list[str]:
    """What is said of a file, without its path."""
    path = tmp_path / "own.csv"
    path.write_bytes(content.encode("utf-8-sig") if isinstance(content, str) else content)
    with pytest.raises(PlaybookError) as error:
        playbook.read(path)
    found = str(error.value).splitlines()
    assert all(fault.startswith(str(path)) for fault in found)
    return [fault.removeprefix(str(path)).lstrip(", :") for fault in found]


STAGES_TOLD = "is none of launching, operating, at_risk, churned, recovered, *"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "stage,topic,next\n" + LAST,
            ["row 1, column C: unknown column 'next'", "row 1: the column next_step_en, next_step_zh is missing"],
            id="other columns",
        ),
        pytest.param(
            HEAD.replace("topic", "stage") + LAST,
            ["row 1, column A: stage stands there more than once", "row 1: the column topic is missing"],
            id="a column twice",
        ),
        pytest.param(
            HEAD + "sleeping,*,Call.,致电。\n" + LAST,
            [f"row 2, column A (stage): 'sleeping' {STAGES_TOLD}"],
            id="unknown stage",
        ),
        pytest.param(HEAD + "At risk,*,Call.,致电。\n" + LAST, ["row 2, column A (stage): 'at risk' is none of"], id="near"),
        pytest.param(
            HEAD + "churned,weather,Call.,致电。\n" + LAST, ["row 2, column B (topic): 'weather' is none of"], id="topic"
        ),
        pytest.param(
            HEAD + "churned,*,Call.,\n" + LAST,
            ["row 2, column D (next_step_zh): is empty; fill it in"],
            id="a language is missing",
        ),
        pytest.param(
            HEAD + "churned,*,Call.,致电。\n", ["the last row must fit everything: stage *, topic *"], id="not for everybody"
        ),
        pytest.param(HEAD, ["the last row must fit everything"], id="no rows"),
        pytest.param("", ["is empty; its first row has to be stage,topic,next_step_en,next_step_zh"], id="empty"),
        pytest.param(
            HEAD + "*,orders,a,甲\nat_risk,orders,b,乙\n*,orders,c,丙\n" + LAST,
            [
                "row 3: never counts, since row 2 fits every stage of topic orders",
                "row 4: never counts, since row 2 has the same",
            ],
            id="never counts",
        ),
        pytest.param(HEAD + "*,*,#NAME?,致电。\n", ["row 2, column C (next_step_en): #NAME? is a formula"], id="formula"),
        pytest.param(HEAD + "*,*,Call.,????\n", ["row 2, column D (next_step_zh): its characters were lost"], id="lost"),
        pytest.param(
            HEAD + "*,*,Call, ask.,致电。\n",
            ["row 2, column E: '致电。' stands in a column without a name"],
            id="a comma without quotes",
        ),
        pytest.param(
            HEAD + '*,orders,"Ask:\nstock?",问库存\nx,*,a,甲\n' + LAST,
            ["row 3 (line 4), column A (stage): 'x' is none"],
            id="lines",
        ),
        pytest.param(
            HEAD + '*,orders,"Call.,致电。\n' + LAST, ["line 2: the quotes of this row do not end"], id="an open quote"
        ),
    ],
)
def test_the_playbook_is_checked(tmp_path: Path, text: str, fault: list[str]) -> None:
    found = faults(tmp_path, text)
    assert len(found) == len(fault)
    for told, expected in zip(found, fault, strict=True):
        assert told.startswith(expected)


def test_every_fault_of_a_playbook_is_told_at_once(tmp_path: Path) -> None:
    text = HEAD + "sleeping,orders,,致电。\nat_risk,weather,Call.,\n" + LAST
    assert [fault.partition(": ")[0] for fault in faults(tmp_path, text)] == [
        "row 2, column C (next_step_en)",
        "row 3, column D (next_step_zh)",
        "row 2, column A (stage)",
        "row 3, column B (topic)",
    ]


def test_a_value_that_is_nearly_right_is_told_the_right_one(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, HEAD + "At risk,*,Call.,致电。\n" + LAST)
    assert fault.endswith("; at_risk is meant, perhaps")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(
            HEAD.encode() + b"*,*,Call.,\xff\xff\n", "line 2: is neither UTF-8 nor GB18030 text; save it as", id="neither"
        ),
        pytest.param(b"PK\x03\x04rest", "is a workbook, not a CSV file; open it and save it as", id="xlsx"),
        pytest.param(HEAD.encode() + b"*,*,\0,\0\n", "line 2: is neither UTF-8 nor GB18030 text", id="zeros"),
        pytest.param(b"x" * ((1 << 20) + 1), "has more than 1,048,576 bytes", id="too large"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    [found] = faults(tmp_path, content)
    assert found.startswith(fault)


OWN = HEAD + 'at_risk,orders,"Ask: stock, price?",“询问库存；价格？”\n\n' + LAST


def as_saved(text: str, separator: str, line_end: str) -> str:
    """The same rows with another separator."""
    rows = [row.replace("Ask: stock, price?", "\0") for row in text.splitlines()]
    return line_end.join(row.replace(",", separator).replace("\0", "Ask: stock, price?") for row in rows) + line_end


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(OWN.encode(), id="UTF-8"),
        pytest.param(as_saved(OWN, ",", "\r\n").encode("utf-8-sig"), id="Excel: CSV UTF-8"),
        pytest.param(as_saved(OWN, ",", "\r\n").encode("gb18030"), id="Excel in China: CSV"),
        pytest.param(as_saved(OWN, ";", "\r\n").encode("utf-8-sig"), id="Excel in Germany: CSV UTF-8"),
        pytest.param(as_saved(OWN, "\t", "\r\n").encode("utf-16"), id="Excel: Unicode text"),
        pytest.param(("sep=;\n" + as_saved(OWN, ";", "\n")).encode(), id="sep="),
        pytest.param(OWN.replace("*,*", "＊,＊").replace("at_risk", " At_Risk ").encode(), id="full width, capitals, blanks"),
        pytest.param("".join(f"{line},,\n" for line in OWN.splitlines()).encode(), id="empty columns"),
        pytest.param(
            b"next_step_zh,Topic,stage,next_step_en\n"
            + '“询问库存；价格？”,orders,at_risk,"Ask: stock, price?"\n致电。,*,*,Call.\n'.encode(),
            id="columns moved",
        ),
    ],
)
def test_a_playbook_is_read_as_any_spreadsheet_saves_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(content)
    assert playbook.read(path) == Playbook(
        "own",
        (
            {"stage": "at_risk", "topic": "orders", "next_step_en": "Ask: stock, price?", "next_step_zh": "“询问库存；价格？”"},
            {"stage": "*", "topic": "*", "next_step_en": "Call.", "next_step_zh": "致电。"},
        ),
    )


def test_the_newest_playbook_of_a_folder_counts(tmp_path: Path) -> None:
    for version in ("2026-02", "2026-10", "2026-09", "~$2026-11", ".~lock.2026-12"):
        (tmp_path / f"{version}.CSV").write_text(HEAD + LAST.replace("Call.", version), encoding="utf-8")
    assert playbook.read(tmp_path).next_step("churned", [], "en") == "2026-10"
    (tmp_path / "empty").mkdir()
    with pytest.raises(PlaybookError, match="holds no playbook"):
        playbook.read(tmp_path / "empty")
