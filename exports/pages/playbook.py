"""The playbook: what to do next for a merchant, in a spreadsheet that anybody can edit.

`playbooks/<version>.csv` has the columns stage, topic, next_step_en, next_step_zh. For a merchant's reasons, the strongest
first, the first row that fits counts; `*` fits everything. A change is a copy under a new name; the last name in the
alphabet counts, and exports name it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from contract.values import STAGES
from exports.pages.reasons import TOPICS
from exports.pages.words import LANGUAGES

FOLDER = Path(__file__).resolve().parent / "playbooks"
ANY = "*"


class PlaybookError(ValueError):
    """The playbook has a fault; the message names file, row and what would be right."""


@dataclass(frozen=True)
class Playbook:
    """Steps by stage and topic, the first that fits."""

    version: str
    rows: tuple[dict[str, str], ...]

    def next_step(self, stage: str, topics: list[str], language: str) -> str:
        """What to do for a merchant of `stage` whose reasons are about `topics`, the strongest first."""
        return self._row(stage, topics)[f"next_step_{language}"]

    def step(self, stage: str, topics: list[str]) -> str:
        """The name of that step in every language: stage and topic of its row, `*.orders`."""
        row = self._row(stage, topics)
        return f"{row['stage']}.{row['topic']}"

    def _row(self, stage: str, topics: list[str]) -> dict[str, str]:
        for topic in [*topics, ANY]:
            for row in self.rows:
                if row["stage"] in (stage, ANY) and row["topic"] == topic:
                    return row
        raise PlaybookError(f"playbook {self.version} has no row for stage {stage}")  # `read` makes sure of a last row


def read(folder: Path = FOLDER) -> Playbook:
    """The newest playbook.

    Raises:
        PlaybookError: there is none, or it has a fault.
    """
    path = max(folder.glob("*.csv"), default=None)
    if path is None:
        raise PlaybookError(f"{folder} holds no playbook; a playbook is a file such as 2026-01.csv")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PlaybookError(f"{path} is not UTF-8; save it as “CSV UTF-8”") from None
    columns = ["stage", "topic", *(f"next_step_{language}" for language in LANGUAGES)]
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if reader.fieldnames != columns:
        raise PlaybookError(f"{path}: the first row must be {','.join(columns)}")
    rows = []
    for number, row in enumerate(reader, 2):
        if row["stage"] not in (*STAGES, ANY):
            raise PlaybookError(f"{path}, row {number}: stage {row['stage']!r} is none of {', '.join(STAGES)} or {ANY}")
        if row["topic"] not in (*TOPICS, ANY):
            raise PlaybookError(f"{path}, row {number}: topic {row['topic']!r} is none of {', '.join(TOPICS)} or {ANY}")
        missing = [column for column in columns if not row[column]]
        if missing:
            raise PlaybookError(f"{path}, row {number}: {', '.join(missing)} is empty")
        rows.append(row)
    if not rows or (rows[-1]["stage"], rows[-1]["topic"]) != (ANY, ANY):
        raise PlaybookError(f"{path}: the last row must fit everything: stage {ANY}, topic {ANY}")
    return Playbook(path.stem, tuple(rows))
