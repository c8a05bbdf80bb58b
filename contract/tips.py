"""The rules of a merchant's tips, in a spreadsheet that anybody can edit: which tip comes first, and from which figure on.

`tip_rules/<version>.csv` has the columns tip, priority, least and, in each language, do and aim. A tip without a row is not
given. A change is a copy under a new name; the last name in the alphabet counts, and each tip names it. dbt chooses by the
numbers, pages write the texts, in which {subject}, {figure}, {amount}, {aim} and the rules of `contract.success` are filled
in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from contract.settings import LANGUAGES
from contract.success import RULES
from contract.values import TIPS

FOLDER = Path(__file__).resolve().parent / "tip_rules"
FILLED = ("subject", "figure", "amount", "aim", *RULES)
_TEXTS = tuple(f"{text}_{language}" for text in ("do", "aim") for language in LANGUAGES)
_COLUMNS = ("tip", "priority", "least", *_TEXTS)


class TipRulesError(ValueError):
    """The rules have a fault; the message names file, row, column and what would be right."""


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
        TipRulesError: there are none, or they have a fault.
    """
    path = max(folder.glob("*.csv"), default=None)
    if path is None:
        raise TipRulesError(f"{folder} holds no rules of tips; they are a file such as 2026-11.csv")
    if not path.stem.replace("-", "").isalnum():
        raise TipRulesError(f"{path}: a version is named by letters, digits and hyphens, such as 2026-11.csv")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TipRulesError(f"{path} is not UTF-8; save it as “CSV UTF-8”") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if reader.fieldnames is None or tuple(reader.fieldnames) != _COLUMNS:
        raise TipRulesError(f"{path}: the first row must be {','.join(_COLUMNS)}")
    rows: dict[str, Mapping[str, str]] = {}
    for number, row in enumerate(reader, 2):
        fault = _fault(row, rows)
        if fault:
            raise TipRulesError(f"{path}, row {number}: {fault}")
        rows[row["tip"]] = row
    if not rows:
        raise TipRulesError(f"{path} has no row; tips are {', '.join(TIPS)}")
    return TipRules(path.stem, rows)


def _fault(row: Mapping[str | None, str], before: Mapping[str, Mapping[str, str]]) -> str | None:
    """What is wrong with a row, by column."""
    if None in row or None in row.values():
        return f"there must be {len(_COLUMNS)} cells, {','.join(_COLUMNS)}; put a text that has a comma between quotes"
    if row["tip"] not in TIPS:
        return f"column tip: {row['tip']!r} is none of {', '.join(TIPS)}"
    if row["tip"] in before:
        return f"column tip: {row['tip']} has a row above; a tip has one row"
    for name in ("priority", "least"):
        if not (row[name].isascii() and row[name].isdigit() and 1 <= int(row[name]) <= 1_000_000):
            return f"column {name}: {row[name]!r} is not a whole number from 1 on"
    if row["priority"] in [other["priority"] for other in before.values()]:
        return f"column priority: a tip above has {row['priority']} too; each has its own"
    for name in _TEXTS:
        if not row[name].strip():
            return f"column {name} is empty"
        try:
            placeholders = [field for _, field, _, _ in Formatter().parse(row[name]) if field is not None]
        except ValueError:
            return f"column {name}: a brace has no partner; write {{{{ or }}}} where a brace is meant"
        for unknown in sorted(set(placeholders) - set(FILLED)):
            return f"column {name}: {{{unknown}}} is none of {', '.join(f'{{{known}}}' for known in FILLED)}"
    return None
