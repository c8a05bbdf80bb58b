"""The rules of a merchant's tips, in a spreadsheet that anybody can edit: which tip comes first, and from which figure on.

`tip_rules/<version>.csv` has the columns tip, priority, least and, in each language, do and aim. A tip without a row is not
given. A change is a copy under a new name; the last name in the alphabet counts, and each tip names it. dbt chooses by the
numbers, pages write the texts, in which {subject}, {figure}, {amount}, {aim} and the rules of `contract.success` are filled
in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from contract import edited_csv
from contract.edited_csv import EditedFileError, EditedTable
from contract.settings import LANGUAGES
from contract.success import RULES
from contract.values import TIPS

FOLDER = Path(__file__).resolve().parent / "tip_rules"
FILLED = ("subject", "figure", "amount", "aim", *RULES)
_TEXTS = tuple(f"{text}_{language}" for text in ("do", "aim") for language in LANGUAGES)
_NUMBERS = ("priority", "least")
_CODES = ("tip", *_NUMBERS)
_COLUMNS = (*_CODES, *_TEXTS)
_LARGEST = 1_000_000


class TipRulesError(EditedFileError):
    """The rules have faults; the message names file, row, column and what would be right, of all of them."""


@dataclass(frozen=True)
class TipRules:
    """The rules of a version.

    Attributes:
        version: name of the file.
        rows: by tip, its row.
    """

    version: str
    rows: Mapping[str, Mapping[str, str]]

    def text(self, tip: str, name: str, language: str, **values: object) -> str:
        """A text of a tip: `do` or `aim`."""
        return self.rows[tip][f"{name}_{language}"].format(**values, **RULES)

    def variables(self) -> dict[str, str]:
        """What dbt has to know: the version, and the numbers as a table of SQL."""
        numbers = [f"('{tip}', {row['priority']}, {row['least']})" for tip, row in self.rows.items()]
        return {"tip_rules_version": self.version, "tip_rules": f"(values {', '.join(numbers)})"}


def read(folder: Path = FOLDER) -> TipRules:
    """The newest rules.

    Raises:
        TipRulesError: there are none, or they have faults.
    """
    try:
        path = edited_csv.newest(folder, "rules of tips")
        if not path.stem.replace("-", "").isalnum():
            raise EditedFileError([f"{path}: a version is named by letters, digits and hyphens, such as 2026-11.csv"])
        table = edited_csv.read(path, _COLUMNS, codes=_CODES)
        _check(table)
        table.require()
    except EditedFileError as error:
        raise TipRulesError(error.faults) from None
    return TipRules(path.stem, {row.cells["tip"]: dict(row.cells) for row in table.rows})


def _check(table: EditedTable) -> None:
    """Add the faults that only rules of tips can have; an empty cell is one already."""
    table.refuse_other_values("tip", TIPS)
    for name, same in (("tip", "a tip has one row; delete one"), ("priority", "each tip has its own; change one")):
        earlier: dict[str, int] = {}
        for row in table.rows:
            value = row.cells[name]
            if value and value in earlier:
                table.fault(row, name, f"{value} stands in row {earlier[value]} too; {same}")
            earlier.setdefault(value, row.number)
    for row in table.rows:
        for name in _NUMBERS:
            if row.cells[name] and not _is_number(row.cells[name]):
                table.fault(row, name, f"{row.cells[name]!r} is not a whole number from 1 to {_LARGEST:,}")
        for name in _TEXTS:
            if (fault := _placeholders_fault(row.cells[name])) is not None:
                table.fault(row, name, fault)
    if not table.rows:
        table.faults.append(f"{table.path} has no row; tips are {', '.join(TIPS)}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= _LARGEST


def _placeholders_fault(text: str) -> str | None:
    try:
        names = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError:
        return "a brace has no partner; write {{ or }} where a brace is meant"
    if unknown := sorted(names - set(FILLED)):
        told = ", ".join(f"{{{name}}}" for name in unknown)
        return f"{told} is none of {', '.join(f'{{{known}}}' for known in FILLED)}"
    return None
