"""The graph of the datasets: from landing files to exports and BI tables, each once, with the command that makes each edge.

The edges follow from what the rooms themselves read: declarations of events and tables, the registry of model families, dbt's
manifest of a build, the SQL of the allow-list, the datasets of the dashboards, the queries of the site's pages.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from contract.events import SOURCES, event_types
from contract.published import BY_PUBLICATION
from contract.settings import CHECKOUT
from contract.table import MERCHANT_SUCCESS, SPREAD_MAP, Table
from contract.tables import TABLES, family_tables, marts
from dashboards.datasets import datasets
from exports.policy import people
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from exports.policy.allow_list import Table as Exported
from lineage import names
from lineage.manifest import Manifest
from spark_jobs.families import FAMILIES

MARTS = "marts"
_MART = re.compile(rf"\b{MARTS}\.(\w+)")
KINDS = {"managers": MANAGER_TABLES, "merchants": MERCHANT_TABLES}
# Files of the packs that are pages or workbooks of many marts, by who is declared to read these.
PAGES = dict(zip(names.EXPORTED_PAGES, (MERCHANT_SUCCESS, SPREAD_MAP), strict=True))


@dataclass(frozen=True, order=True)
class Edge:
    """A dataset that another is made of, and the command that does so."""

    above: str
    below: str
    by: str


@dataclass(frozen=True)
class Graph:
    """All datasets and edges, and how columns feed one another."""

    datasets: tuple[str, ...]
    edges: tuple[Edge, ...]
    manifest: Manifest

    def above(self, dataset: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.below == dataset]

    def below(self, dataset: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.above == dataset]

    def reach(self, dataset: str, *, up: bool) -> list[Edge]:
        """Every edge that leads to a dataset, or away from it, each once, the nearest first."""
        found: dict[Edge, None] = {}
        seen, rest = {dataset}, [dataset]
        while rest:
            here = rest.pop(0)
            for edge in self.above(here) if up else self.below(here):
                found[edge] = None
                there = edge.above if up else edge.below
                if there not in seen:
                    seen.add(there)
                    rest.append(there)
        return [*found]

    def feeding(self, dataset: str, column: str) -> set[tuple[str, str]]:
        """The columns that feed a column, one step up; none where the dataset's maker does not tell."""
        if dataset in self.manifest.models:
            return self.manifest.feeding(dataset, column)
        stage, _, rest = dataset.partition("/")
        mart = _mart_of(dataset)
        if stage == "published" and mart is not None:
            return {(names.model(MARTS, mart), column)}
        if mart is not None:
            read = [mart, *sorted({edge.above.partition("/")[2] for edge in self.above(dataset)} - {mart})]
            of = [name for name in read if name in TABLES and column in {found.name for found in TABLES[name].mart_columns}]
            return {(names.published(name), column) for name in of[:1]}
        if stage == "lake" and rest.partition("/")[2]:
            return {(names.events(rest.partition("_")[0]), column)}
        return set()


def graph(manifest: Manifest) -> Graph:
    """The graph, with the models of a build."""
    edges = sorted({*_lake(), *_warehouse(manifest), *_published(), *_exports(), *_bi(), *_site()})
    found = {dataset for edge in edges for dataset in (edge.above, edge.below)} | {*manifest.models, *names.published_marts()}
    return Graph(tuple(sorted(found)), tuple(edges), manifest)


def _lake() -> Iterator[Edge]:
    for source in SOURCES:
        yield Edge(names.landing(source), names.events(source), "spark_jobs.ingest")
        for event in event_types(source):
            yield Edge(names.events(source), names.event_type(event.name), "spark_jobs.ingest")
    yield Edge(names.RETURNS, names.landing("shop"), "exports.returns")
    for family in FAMILIES:
        for table in family_tables(family.name):
            for name in family.reads:
                yield Edge(names.event_type(name), names.lake(table.name), f"spark_jobs.families {family.name}")


def _warehouse(manifest: Manifest) -> Iterator[Edge]:
    for model in manifest.models.values():
        for above in model.reads:
            yield Edge(above, model.name, "dbt_project.build")


def _published() -> Iterator[Edge]:
    for table in marts():
        yield Edge(names.model(MARTS, table.name), names.published(table.name), "publication")


def _exports() -> Iterator[Edge]:
    for kind, tables in KINDS.items():
        for table in tables:
            for mart in exported_marts(table):
                yield Edge(names.published(mart), names.export(kind, table.name), "exports")
    for page, consumer in PAGES.items():
        for declared in marts():
            if consumer in declared.consumers:
                yield Edge(names.published(declared.name), page, "exports")
    # What was delivered is told to the next day's marts.
    yield Edge(names.EXPORTED_PAGES[0], names.RECEIPTS, "exports")


def exported_marts(table: Exported) -> frozenset[str]:
    """The marts that a table of the exports is read from, those that say who is named among them."""
    sql = table.sql("now")
    named = _MART.findall(inspect.getsource(people)) if "fans_now" in sql else ()
    return frozenset({*_MART.findall(sql), *named})


def _bi() -> Iterator[Edge]:
    for table in (*marts(), *BY_PUBLICATION):
        yield Edge(names.published(table.name), names.bi(table.name), "publication.bi")
    for dataset in datasets().values():
        read = {dataset.table.name, *_MART.findall(dataset.sql or "")}
        for mart in read:
            yield Edge(names.published(mart), names.superset(dataset.name), "dashboards")


def _site() -> Iterator[Edge]:
    room = CHECKOUT / "static_site"
    choices = _MART.findall((room / "published_day.py").read_text(encoding="utf-8"))  # of merchants, a temp table
    for file in sorted((room / "pages").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        for mart in {*_MART.findall(text), *(choices if re.search(r"\b(choices|ranked)\b", text) else ())}:
            yield Edge(names.published(mart), names.site(file.stem), "static_site")


def _mart_of(dataset: str) -> str | None:
    """The mart whose columns a dataset below the warehouse has."""
    stage, _, rest = dataset.partition("/")
    if stage in ("published", "bi"):
        return rest if rest in TABLES else None
    if stage == "superset":
        found = datasets().get(rest)
        return found.table.name if found is not None and found.table.name in TABLES else None
    for kind, tables in KINDS.items():
        for table in tables:
            if dataset == names.export(kind, table.name):
                return table.mart
    return None


def columns(dataset: str, manifest: Manifest) -> list[str]:
    """The columns that a dataset is known to have."""
    for kind, tables in KINDS.items():
        for table in tables:
            if dataset == names.export(kind, table.name):
                return [*table.columns]
    if dataset in manifest.models:
        return manifest.columns(dataset)
    mart = _mart_of(dataset)
    declared: Table | None = TABLES.get(mart or "")
    return [column.name for column in declared.mart_columns] if declared else []
