"""What a gate finds: how many rows break an expectation, and the first of them."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.suites import Severity


@dataclass(frozen=True)
class Finding:
    """How many rows break one expectation, with the first of them as an example.

    Attributes:
        meaning: what should hold, in a sentence.
        broken_rows: negative if the query could not be evaluated.
        example: a row as JSON, or the error; None if nothing is broken.
    """

    table: str
    expectation: str
    severity: Severity
    meaning: str
    broken_rows: int
    example: str | None

    @property
    def sentence(self) -> str:
        count = "it could not be evaluated" if self.broken_rows < 0 else f"{self.broken_rows} rows break it"
        first = "" if self.example is None else f", first {self.example}"
        return f"{self.severity} {self.table}, '{self.expectation}': {count}{first} ({self.meaning})"
