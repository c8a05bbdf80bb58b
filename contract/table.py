"""How a table of the lake or of the marts is declared; the declarations are in `contract.tables`, a module an area.

From a declaration follow the schema that a write to the lake is held to, dbt's sources, staging, pass-through marts, contracts
and texts, the primary key in the published file, the generic expectations of the gate, the exposures, the table of
`docs/analysts.md`, the allow-list of the exports, and the columns of test fixtures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract.columns import AS_OF, Column, Place, Type


class Audience(StrEnum):
    """Who may see rows of a table, beside those before: `MERCHANT` is the widest."""

    PLATFORM = "platform"
    MANAGER = "manager"
    MERCHANT = "merchant"


class Empty(StrEnum):
    """What it is to the gate that a mart has no rows."""

    REFUSED = "fail"
    WARNED = "warn"
    FINE = "fine"


@dataclass(frozen=True)
class Consumer:
    """Who reads marts, as dbt's exposures have it."""

    label: str
    type: str
    maturity: str
    text: str
    owner: str


ANALYSTS = "analysts"
MERCHANT_SUCCESS = "merchant_success"
SPREAD_MAP = "spread_map"
OPERATIONS = "operations"
CONSUMERS: dict[str, Consumer] = {
    ANALYSTS: Consumer(
        "BI tools and notebooks",
        "dashboard",
        "high",
        "Analysts read the published warehouse in Superset, Metabase, notebooks or any SQL client; "
        "docs/analysts.md is their page.",
        "Analysts",
    ),
    MERCHANT_SUCCESS: Consumer(
        "Exports of the merchant success team",
        "application",
        "high",
        "Who needs a call, why, and what to say, for each merchant; "
        "written by `python -m exports` from the published warehouse.",
        "Merchant success team",
    ),
    SPREAD_MAP: Consumer(
        "Map of a spread",
        "application",
        "medium",
        "One HTML page a cascade, drawn by `python -m exports.spread_map`.",
        "Merchant success team",
    ),
    OPERATIONS: Consumer(
        "What was accepted and what was refused",
        "dashboard",
        "high",
        "Data engineers look here after a run, and the gate before a publication.",
        "Data engineers",
    ),
}

# Areas in the order that pages have them, each with the team that answers for its tables.
AREAS: dict[str, str] = {
    "ingest": "Data engineers",
    "money": "Analysts",
    "fans": "Analysts",
    "spread": "Analysts",
    "teams": "Analysts",
    "groups": "Analysts",
    "people": "Analysts",
    "live": "Analysts",
    "merchants": "Analysts",
    "journeys": "Analysts",
    "marketing": "Analysts",
    "leads": "Analysts",
    "claims": "Analysts",
    "success": "Merchant success team",
}


class Question(StrEnum):
    """What an analyst asks, in the order of `docs/analysts.md`."""

    WORTH = "what a fan is worth"
    SPREADING = "who spreads, and how far"
    CIRCLES = "who belongs together"
    TEAMS = "where teams form"
    RETENTION = "who stays"
    CHURN = "who is about to leave, what is at stake, since when, and why (as data: `unnest(reasons, max_depth := 2)`)"
    GROUPS = "how long chat groups live"
    LIVE = "what a live stream brought"
    LEADS = "whom to call first, and what came of calling and writing"
    JOURNEYS = "what people do before they buy, and on which page they leave"
    CLAIMS = "whether the field's rules of thumb hold"
    SUCCESS = "what the merchant success team works with"
    SALES = "what sells, with what margin, and what marketing money brought"
    MOVED = "why payments moved, and what to do"
    BASICS = "anything else"
    LOADING = "what was loaded, and what was refused"


@dataclass(frozen=True)
class Export:
    """What of a mart leaves the house as a CSV file.

    Attributes:
        columns: the allow-list, in the order of the file; a column that is not here stays.
        row: what a row is, for the reader of the file.
        file: its name, if it is not the mart's.
        ages: columns that move though nothing happened, with what a day adds; None where a model follows the ages. A row in
            which nothing else changed is left out of the differences.
    """

    columns: tuple[str, ...]
    row: str
    ages: Mapping[str, float | None] = field(default_factory=dict)
    file: str | None = None


def export(columns: str, row: str, ages: Mapping[str, float | None] | None = None, file: str | None = None) -> Export:
    """An `Export` whose columns are written with blanks between."""
    return Export(tuple(columns.split()), row, ages or {}, file)


@dataclass(frozen=True)
class Table:
    """A table of the lake, a mart, or both.

    Attributes:
        name: of the mart, and of the lake's table if a Spark job writes it.
        text: grain, formula and source, which readers of the warehouse see.
        key: the columns that name a row, with commas between.
        columns: all of them, in order.
        family: the family of Spark models that writes it into the lake; None for what dbt computes.
        is_mart: whether readers get it; an internal table of the lake is none.
        questions: what an analyst asks whom the table answers.
        consumers: who reads it, names of `CONSUMERS`.
        audience: who may see it outside the platform.
        export: what of it merchants get.
        empty: what it is to the gate that it has no rows.
        time: the date that a chart takes as its time; None where a row is no day or month.

    Raises:
        ValueError: the declaration contradicts itself.
    """

    name: str
    text: str
    key: str
    columns: tuple[Column, ...]
    family: str | None = None
    is_mart: bool = True
    questions: tuple[Question, ...] = ()
    consumers: tuple[str, ...] = ()
    audience: Audience = Audience.PLATFORM
    export: Export | None = None
    empty: Empty = Empty.FINE
    time: str | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: a column is declared twice")
        exported = self.export.columns if self.export else ()
        for name in (*self.key_columns, *exported, *(self.export.ages if self.export else ())):
            if name not in names:
                raise ValueError(f"{self.name} has no column {name}, which its key or its export names")
        if self.time and self.time not in (column.name for column in self.columns if column.type is Type.DATE):
            raise ValueError(f"{self.name} has no date {self.time}, which is to be its time")
        if self.is_mart and not self.consumers:
            raise ValueError(f"{self.name}: a mart needs a consumer, one of {', '.join(CONSUMERS)}")
        for unknown in set(self.consumers) - set(CONSUMERS):
            raise ValueError(f"{self.name}: there is no consumer {unknown}; there are {', '.join(CONSUMERS)}")
        if self.export and self.audience is not Audience.MERCHANT:
            raise ValueError(f"{self.name} is exported to merchants, but its audience is {self.audience}")

    @property
    def key_columns(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.key.split(","))

    @property
    def lake_columns(self) -> tuple[Column, ...]:
        """Those that a Spark job writes, beside the partition `as_of`."""
        return tuple(column for column in self.columns if column.place is not Place.MART)

    @property
    def mart_columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.place is not Place.LAKE)

    @property
    def is_passed_on(self) -> bool:
        """Whether the mart is the lake's table, with formulas of its columns at most; else its SQL is written by hand."""
        return all(column.formula or column == AS_OF for column in self.columns if column.place is Place.MART)
