"""The playbook: what to do next for a merchant, in a spreadsheet that anybody can edit.

A playbook is a CSV file of the columns stage, topic, next_step_en, next_step_zh. For a merchant's reasons, the strongest first,
the first row that fits counts; `*` fits everything. The setting `FANOUT_PLAYBOOK` names a deployment's own file, or a folder of
them, of which the last name in the alphabet counts; `playbooks/` here has those that come with the program. Exports name it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract import edited_csv
from contract.edited_csv import EditedFileError, EditedTable
from contract.values import STAGES
from exports.pages.reasons import TOPICS
from exports.pages.words import LANGUAGES

FOLDER = Path(__file__).resolve().parent / "playbooks"
ANY = "*"
COLUMNS = ("stage", "topic", *(f"next_step_{language}" for language in LANGUAGES))


class PlaybookError(EditedFileError):
    """The playbook has faults; the message names file, row, column and what would be right, of all of them."""


@dataclass(frozen=True)
class Playbook:
    """Steps by stage and topic, the first that fits."""

    version: str
    rows: tuple[dict[str, str], ...]

    def row(self, stage: str, topics: list[str]) -> dict[str, str]:
        """The row that fits a merchant of `stage` whose reasons are about `topics`, the strongest first."""
        for topic in [*topics, ANY]:
            for row in self.rows:
                if row["stage"] in (stage, ANY) and row["topic"] == topic:
                    return row
        raise PlaybookError([f"playbook {self.version} has no row for stage {stage}"])  # `read` makes sure of a last row

    def next_step(self, stage: str, topics: list[str], language: str) -> str:
        """What to do for the merchant."""
        return self.row(stage, topics)[f"next_step_{language}"]

    def step(self, stage: str, topics: list[str]) -> str:
        """The key of that step, by which a call names what was suggested: stage and topic as they stand in the row.

        >>> Playbook("x", ({"stage": "*", "topic": "orders"},)).step("at_risk", ["orders"])
        '*.orders'
        """
        row = self.row(stage, topics)
        return f"{row['stage']}.{row['topic']}"


def read(own: Path | None = None) -> Playbook:
    """The playbook that counts: the deployment's own (a file or a folder) if it names one, else the newest of the program.

    Raises:
        PlaybookError: there is none, or it has faults.
    """
    place = own or FOLDER
    try:
        path = edited_csv.newest(place, "playbook") if place.is_dir() else place
        table = edited_csv.read(path, COLUMNS, codes=("stage", "topic"))
        _check(table)
        table.require()
    except EditedFileError as error:
        raise PlaybookError(error.faults) from None
    return Playbook(path.stem, tuple(dict(row.cells) for row in table.rows))


def _check(table: EditedTable) -> None:
    """Add the faults that only a playbook can have."""
    table.refuse_other_values("stage", (*STAGES, ANY))
    table.refuse_other_values("topic", (*TOPICS, ANY))
    earlier: dict[tuple[str, str], int] = {}
    for row in table.rows:
        stage, topic = row.cells["stage"], row.cells["topic"]
        for wider in ((stage, topic), (ANY, topic)):
            if wider in earlier:
                same = "has the same stage and topic" if wider == (stage, topic) else f"fits every stage of topic {topic}"
                table.fault(row, None, f"never counts, since row {earlier[wider]} {same}; delete one, or move this one up")
                break
        earlier.setdefault((stage, topic), row.number)
    last = table.rows[-1].cells if table.rows else {}
    if (last.get("stage"), last.get("topic")) != (ANY, ANY):
        table.faults.append(f"{table.path}: the last row must fit everything: stage {ANY}, topic {ANY}")
