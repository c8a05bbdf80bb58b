"""What follows from the declarations of tables: files of the dbt project, and the table of `docs/analysts.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contract.columns import AS_OF, Column, Place, Type
from contract.published import BY_PUBLICATION
from contract.table import AREAS, CONSUMERS, Question, Table
from contract.tables import AREA_OF, TABLES, family_tables, marts

NOTICE = "Generated from contract/tables/ by `python -m contract.generate`; edit the declaration."
PAGE = Path("docs/analysts.md")

_MODELS = Path("dbt_project/models")
_SEPARATOR = ",\n"


def families() -> dict[str, list[Table]]:
    """The tables of the lake by the family of models that writes them."""
    return {family: family_tables(family) for family in dict.fromkeys(table.family for table in TABLES.values()) if family}


def sql_files() -> dict[Path, str]:
    """Staging of each table that a Spark job writes, and the mart, if it only passes it on."""
    files = {}
    for family, tables in families().items():
        for table in tables:
            if table.is_mart:
                files[_MODELS / "staging" / family / f"stg_{family}__{table.name}.sql"] = staging_model(table)
                if table.is_passed_on:
                    files[_MODELS / "marts" / AREA_OF[table.name] / f"{table.name}.sql"] = mart_model(table)
    return files


def yaml_files() -> dict[Path, dict[str, Any]]:
    """Sources, models with their contracts, and exposures, as dbt reads them."""
    files = {}
    for family, tables in families().items():
        folder = _MODELS / "staging" / family
        shown = [table for table in tables if table.is_mart]
        files[folder / f"_{family}__sources.yml"] = _sources(family, shown)
        files[folder / f"_{family}__models.yml"] = _staging_models(family, shown)
    for area in AREAS:
        tables = [table for table in marts() if AREA_OF[table.name] == area]
        files[_MODELS / "marts" / area / f"_{area}__models.yml"] = {"version": 2, "models": [_model(table) for table in tables]}
    files[_MODELS / "marts" / "_marts__exposures.yml"] = _exposures()
    return files


def staging_model(table: Table) -> str:
    """What the run of the day wrote into the lake's table; times are UTC without a zone."""
    columns = [f"        {_staged(column)}" for column in _staged_columns(table)]
    return f"""-- {NOTICE}
with source as (
    select * from {{{{ lake_day('{table.family}', '{table.name}') }}}}
),

renamed as (
    select
{_SEPARATOR.join(columns)}
    from source
)

select * from renamed
"""


def _staged_columns(table: Table) -> list[Column]:
    return [column for column in table.columns if column.place is Place.BOTH]


def _staged(column: Column) -> str:
    return f"timezone('UTC', {column.name}) as {column.name}" if column.type is Type.TIMESTAMP else column.name


def mart_model(table: Table) -> str:
    """The mart of a table that a Spark job writes."""
    columns = [f"        {_passed_on(column)}" for column in table.mart_columns]
    return f"""-- {NOTICE}
with {table.name} as (
    select * from {{{{ ref('stg_{table.family}__{table.name}') }}}}
),

final as (
    select
{_SEPARATOR.join(columns)}
    from {table.name}
)

select * from final
order by {table.key}
"""


def _passed_on(column: Column) -> str:
    if column.place is not Place.MART:
        return column.name
    formula = "{{ as_of() }}" if column.name == AS_OF.name else column.formula
    return f"{formula} as {column.name}"


def _sources(family: str, tables: list[Table]) -> dict[str, Any]:
    source = {
        "name": family,
        "description": f"What `python -m spark_jobs.families {family}` writes into the lake, one partition a day (as_of).",
        "config": {"meta": {"external_location": "delta_scan('{{ var(\"lake\") }}/{name}')"}},
        "tables": [
            {"name": table.name, "columns": [_source_column(column) for column in _staged_columns(table)]} for table in tables
        ],
    }
    return {"version": 2, "sources": [source]}


def _source_column(column: Column) -> dict[str, str]:
    return {"name": column.name, "data_type": "timestamptz" if column.type is Type.TIMESTAMP else column.type.value}


def _staging_models(family: str, tables: list[Table]) -> dict[str, Any]:
    text = "What the run of as_of wrote into the lake's `{name}`; the mart of that name says what it means."
    return {
        "version": 2,
        "models": [{"name": f"stg_{family}__{table.name}", "description": text.format(name=table.name)} for table in tables],
    }


def _model(table: Table) -> dict[str, Any]:
    """A mart with its contract. Keys, ranges and closed lists are for the gate, which reads the same declarations."""
    columns = []
    for column in table.mart_columns:
        entry: dict[str, Any] = {"name": column.name, "data_type": column.type.value, "description": column.text}
        if column.is_required:
            entry["constraints"] = [{"type": "not_null"}]
        if column.unit:
            entry["config"] = {"meta": {"unit": column.unit}}
        columns.append(entry)
    owner = AREAS[AREA_OF[table.name]]
    meta = {"owner": owner, "key": table.key, "audience": str(table.audience)}
    return {"name": table.name, "description": table.text, "config": {"meta": meta}, "columns": columns}


def _exposures() -> dict[str, Any]:
    exposures = []
    for name, consumer in CONSUMERS.items():
        read = [f"ref('{table.name}')" for table in marts() if name in table.consumers]
        exposures.append(
            {
                "name": name,
                "label": consumer.label,
                "type": consumer.type,
                "maturity": consumer.maturity,
                "description": consumer.text,
                "owner": {"name": consumer.owner},
                "depends_on": read,
            }
        )
    return {"version": 2, "exposures": exposures}


def analysts_page(page: str) -> str:
    """`docs/analysts.md` with the table of what to look in for which question; the rest is written by hand."""
    before, heading, rest = page.partition("## Where to look\n")
    _, following, after = rest.partition("\n## ")
    rows = ["| question | mart |", "|---|---|"]
    for question in Question:
        names = [f"`{table.name}`" for table in (*marts(), *BY_PUBLICATION) if question in table.questions]
        rows.append(f"| {question} | {', '.join(names)} |")
    table = "\n".join(rows)
    return f"{before}{heading}\n<!-- {NOTICE} -->\n\n{table}\n{following}{after}"
