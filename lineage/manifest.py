"""What dbt's manifest says of a build: its models, what each reads, and what feeds each of their columns.

Columns follow from the compiled SQL by sqlglot; a column that it cannot trace has none, and its model says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from contract.event_files import staging_name
from contract.events import EVENT_TYPES
from lineage import names

_LAKE = re.compile(r"delta_scan\('[^']*/(\w+)'\)")
_EVENT_OF = {staging_name(event): names.event_type(event.name) for event in EVENT_TYPES.values()}


@dataclass(frozen=True)
class Model:
    """A model or a seed of dbt.

    Attributes:
        name: of its dataset.
        step: its name in dbt.
        reads: names of the datasets that it reads.
        columns: those that the project describes, with their types where it has them.
        sql: as it ran; empty for a seed.
    """

    name: str
    step: str
    reads: tuple[str, ...]
    columns: Mapping[str, str]
    sql: str


@dataclass
class Manifest:
    """The models of a build by the name of their dataset, and the marts of each exposure."""

    models: dict[str, Model]
    exposures: dict[str, tuple[str, ...]]
    untraced: set[str] = field(default_factory=set)  # `dataset:column` that sqlglot could not follow

    @cached_property
    def _relations(self) -> dict[str, str]:
        """Datasets by the relation that compiled SQL names, `schema.model`."""
        return {name.removeprefix("warehouse/"): name for name in self.models}

    def feeding(self, dataset: str, column: str) -> set[tuple[str, str]]:
        """The columns (dataset, column) that a model's column is computed from, one step up."""
        from sqlglot import exp
        from sqlglot.errors import SqlglotError
        from sqlglot.lineage import lineage

        model = self.models[dataset]
        try:
            node = lineage(column, _readable(model.sql), schema=self._schema(model), dialect="duckdb")
        except (SqlglotError, ValueError, KeyError, RecursionError):
            self.untraced.add(f"{dataset}:{column}")
            return set()
        found = set()
        for leaf in node.walk():
            if isinstance(leaf.expression, exp.Table) and not leaf.downstream:
                relation = f"{leaf.expression.db}.{leaf.expression.name}"
                above = self._dataset(model, relation)
                if above is not None and (name := leaf.name.rpartition(".")[2].strip('"')) != "*":
                    found.add((above, name))
        return found

    def _dataset(self, model: Model, relation: str) -> str | None:
        schema, _, table = relation.partition(".")
        if schema == "lake":
            return _EVENT_OF.get(model.step, names.lake(table))
        return self._relations.get(relation)

    def _schema(self, model: Model) -> dict[str, Any]:
        """The columns of what a model reads, as sqlglot wants them."""
        schema: dict[str, Any] = {}
        for above in model.reads:
            if above in self.models:
                owner, _, name = above.removeprefix("warehouse/").partition(".")
                schema.setdefault("warehouse", {}).setdefault(owner, {})[name] = dict.fromkeys(self.columns(above), "text")
        for table in _LAKE.findall(model.sql):
            schema.setdefault("lakehouse", {}).setdefault("lake", {})[table] = dict.fromkeys(_lake_columns(table), "text")
        return schema

    def columns(self, dataset: str) -> list[str]:
        """The columns of a model: those that its SQL ends with."""
        if dataset not in self._found:
            self._found[dataset] = self._selected(dataset) or [*self.models[dataset].columns]
        return self._found[dataset]

    @cached_property
    def _found(self) -> dict[str, list[str]]:
        return {}

    def _selected(self, dataset: str) -> list[str]:
        from sqlglot import exp, parse_one
        from sqlglot.errors import SqlglotError
        from sqlglot.optimizer.qualify import qualify

        model = self.models[dataset]
        if not model.sql:
            return []
        try:
            query = parse_one(_readable(model.sql), dialect="duckdb")
            whole = qualify(query, schema=self._schema(model), dialect="duckdb", validate_qualify_columns=False)
        except (SqlglotError, ValueError, KeyError, RecursionError):
            return []
        return [name for name in whole.named_selects if name != "*"] if isinstance(whole, exp.Query) else []


def read_manifest(file: Path) -> Manifest:
    """The manifest that dbt left beside a build (https://schemas.getdbt.com/dbt/manifest/v12.json)."""
    content = json.loads(file.read_text(encoding="utf-8"))
    nodes = {key: node for key, node in content["nodes"].items() if node["resource_type"] in ("model", "seed")}
    datasets = {key: names.model(node["schema"], node["name"]) for key, node in nodes.items()}
    datasets |= {key: names.lake(source["name"]) for key, source in content["sources"].items()}
    models = {datasets[key]: _model(node, datasets) for key, node in nodes.items()}
    exposures = {
        exposure["name"]: tuple(sorted(datasets[key] for key in exposure["depends_on"]["nodes"]))
        for exposure in content["exposures"].values()
    }
    return Manifest(models, exposures)


def _model(node: Mapping[str, Any], datasets: Mapping[str, str]) -> Model:
    sql = node.get("compiled_code") or ""
    reads = {datasets[key] for key in node.get("depends_on", {}).get("nodes", ()) if key in datasets}
    if node["name"] in _EVENT_OF:
        reads = {_EVENT_OF[node["name"]]}
    if 'var("receipts")' in (node.get("raw_code") or ""):
        reads.add(names.RECEIPTS)
    columns = {name: column.get("data_type") or "" for name, column in node["columns"].items()}
    return Model(names.model(node["schema"], node["name"]), node["name"], tuple(sorted(reads)), columns, sql)


def _readable(sql: str) -> str:
    return _LAKE.sub(r'"lakehouse"."lake"."\1"', sql)


def _lake_columns(table: str) -> list[str]:
    from contract.event_files import ENVELOPE_COLUMNS
    from contract.events import SOURCES, source_fields
    from contract.tables import TABLES

    for source in SOURCES:
        if names.events(source) == names.lake(table):
            return [*ENVELOPE_COLUMNS, *source_fields(source)]
    return [*(column.name for column in TABLES[table].lake_columns), "as_of"] if table in TABLES else []
