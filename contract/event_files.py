"""What follows from the event contract: dbt's staging of events, the page of the events, JSON Schemas for producers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from contract.events import (
    EARLIEST_TIME,
    EVENT_TYPES,
    MAX_LINE_BYTES,
    MONEY_LIMIT,
    ORDER_LINE,
    SOURCES,
    TOTAL,
    EventType,
    Fate,
    Field,
    Kind,
    Reason,
    campaign_id,
    event_types,
    merchant_id,
    source_fields,
)

NOTICE = "Generated from contract/events.py by `python -m contract.generate`; edit the contract."

_STAGING = Path("dbt_project/models/staging")

# Columns that every line has, before the fields of its event.
ENVELOPE_COLUMNS = {
    "fate": "What became of the line: " + ", ".join(Fate) + ".",
    "dt": "Day of the delivery.",
    "file": "Path of the file below the landing folder, its source in front.",
    "line": "Line in the file, counted from 1, blank ones too.",
    "reason": "Why the line is quarantined; of a withdrawn one, why in the operator's words.",
    "rows_read": "Lines of the file that are not blank; on its line 0.",
    "error": "Why the file is unreadable.",
    "bytes": "Size of the file in bytes; on its line 0.",
    "modified_at": "Modification time of the file; on its line 0.",
    "reread_by": "Run that read the file again because it had changed; on its line 0.",
    "withdrawn_by": "How the line was withdrawn: with its file, or with its event.",
    "event_key": "Digest of event_source and event_id, which name the event.",
    "content_hash": "Digest of the event's type, instant and data, by which copies are compared.",
    "event_id": "CloudEvents id, unique within its source.",
    "event_source": "CloudEvents source: who sent the event.",
    "event_type": "CloudEvents type.",
    "event_time": "When it happened, UTC.",
    "event_date": "Business date: the date of event_time in FANOUT_TIMEZONE.",
    "event_month": "Month of the business date, YYYY-MM; a partition of the lake.",
    "persons": "The people whom the line's data name.",
    "raw": "The line as it was delivered, of quarantined and withdrawn ones.",
    "extra": "Fields of data that the contract does not know, as JSON.",
    "extensions": "CloudEvents extension attributes, as JSON.",
}
STAGED_ENVELOPE = ("event_id", "event_source", "event_time", "event_date")
LINE_COLUMNS = (
    *("fate", "dt", "file", "line", "reason", "rows_read", "error", "bytes"),
    *("event_id", "event_source", "event_type", "event_time", "event_date"),
)
NAMED_BY_LINES = {
    merchant_id.name: "The merchant that the line's data name, of accepted ones.",
    campaign_id.name: "The campaign that the line's data name, of accepted ones.",
}

TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-5][0-9])$"
MONEY_PATTERN = rf"^\+?(0*[0-9]{{1,{len(str(MONEY_LIMIT)) - 1}}}(\.[0-9]{{0,2}}0*)?|\.[0-9]{{1,2}}0*)$"

KIND_NOTES = {
    Kind.IDENTIFIER: "string, not empty",
    Kind.TEXT: "string",
    Kind.MONEY: "decimal string or number, at most two decimals by value",
    Kind.CURRENCY: "string, the deployment's FANOUT_CURRENCY",
    Kind.BOOLEAN: "true or false",
    Kind.TIME: "RFC 3339 with an offset",
    Kind.TEXTS: "array of strings, none empty",
    Kind.ORDER_LINES: "array of " + ", ".join(f"`{field.name}`" for field in ORDER_LINE),
}


def text_files() -> dict[Path, str]:
    """Staging models, `docs/events.md` and JSON Schemas: path below the checkout to content."""
    files = {Path("docs/events.md"): events_page()}
    for event in EVENT_TYPES.values():
        files[_STAGING / event.source / f"{staging_name(event)}.sql"] = staging_model(event)
        files[Path("docs/schemas") / f"{event.name}.json"] = json.dumps(json_schema(event), indent=2, ensure_ascii=False) + "\n"
    for source in SOURCES:
        files[_STAGING / source / f"stg_{source}__lines.sql"] = lines_model(source)
    return files


def yaml_files() -> dict[Path, dict[str, Any]]:
    """Sources and staging models, as dbt reads them."""
    files = {}
    for source in SOURCES:
        files[_STAGING / source / f"_{source}__sources.yml"] = sources_yaml(source)
        files[_STAGING / source / f"_{source}__models.yml"] = models_yaml(source)
    return files


def staging_name(event: EventType) -> str:
    return f"stg_{event.source}__{event.short_name}"


def staging_model(event: EventType) -> str:
    """The accepted events of one type up to as_of, with the columns of the contract; times are UTC without a zone."""
    envelope = [_staged(name, name == "event_time") for name in STAGED_ENVELOPE]
    columns = ",\n".join(envelope + [_staged(field.name, field.kind is Kind.TIME) for field in event.fields])
    return f"""-- {NOTICE}
with source as (
    select *{{{{ late_fields('{event.source}_events') }}}} from {{{{ source('{event.source}', '{event.source}_events') }}}}
),

renamed as (
    select
{columns}
    from source
    where
        fate = '{Fate.ACCEPTED}'
        and event_type = '{event.name}'
        and event_month <= '{{{{ var("as_of")[:7] }}}}'
        and event_date <= date '{{{{ var("as_of") }}}}'
)

select * from renamed
"""


def _staged(name: str, is_time: bool) -> str:
    return f"        timezone('UTC', {name}) as {name}" if is_time else f"        {name}"


def lines_model(source: str) -> str:
    """Every line of every delivery of a source with its fate, and a line 0 for each file, whatever its date."""
    columns = ",\n".join(_staged(name, name == "event_time") for name in (*LINE_COLUMNS, *_named_by_lines(source)))
    return f"""-- {NOTICE}
with source as (
    select *{{{{ late_fields('{source}_events') }}}} from {{{{ source('{source}', '{source}_events') }}}}
),

renamed as (
    select
        '{source}' as source,
{columns}
    from source
)

select * from renamed
"""


def _named_by_lines(source: str) -> list[str]:
    """What accepted lines of any type may name: the merchant, and the campaign where events of the source have one."""
    return [name for name in NAMED_BY_LINES if name in source_fields(source)]


def sources_yaml(source: str) -> dict[str, Any]:
    columns = ENVELOPE_COLUMNS | {name: describe(field) for name, field in source_fields(source).items()}
    table = {
        "name": f"{source}_events",
        "description": f"Every line of every delivery of {source} with its fate; the fields of all event types side by side.",
        "columns": [{"name": name, "description": text} for name, text in columns.items()],
    }
    location = "delta_scan('{{ var(\"lake\") }}/{name}')"
    return {
        "version": 2,
        "sources": [
            {
                "name": source,
                "description": f"The lake's events of {source}, written by the ingest.",
                "config": {"meta": {"external_location": location}},
                "tables": [table],
            }
        ],
    }


def models_yaml(source: str) -> dict[str, Any]:
    models: list[dict[str, Any]] = [
        {
            "name": f"stg_{source}__lines",
            "description": f"One row a line that {source} delivered, and a line 0 for each file; whatever its date.",
            "columns": [
                {"name": "source", "description": "Folder of the landing that it was delivered in."},
                *({"name": name, "description": ENVELOPE_COLUMNS[name]} for name in LINE_COLUMNS),
                *({"name": name, "description": NAMED_BY_LINES[name]} for name in _named_by_lines(source)),
            ],
        }
    ]
    for event in event_types(source):
        models.append(
            {
                "name": staging_name(event),
                "description": f"One row an accepted `{event.name}` with event_date <= as_of. {event.description}",
                "columns": [
                    *({"name": name, "description": ENVELOPE_COLUMNS[name]} for name in STAGED_ENVELOPE),
                    *({"name": field.name, "description": describe(field)} for field in event.fields),
                ],
            }
        )
    return {"version": 2, "models": models}


def describe(field: Field) -> str:
    values = f" One of {', '.join(field.values)}." if field.values else ""
    return f"{field.description}{values}"


def json_schema(event: EventType) -> dict[str, Any]:
    """JSON Schema 2020-12 of one event as a producer writes it.

    It says all that one line alone decides but two things that a deployment knows: its currency, and whether `time` is more
    than a day after the end of the delivery's day. Of a `time` before 2000 it knows the year as written, not in UTC. Numbers
    are meant by value: read them as decimals before validating.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fanout:{event.name}",
        "title": event.name,
        "description": event.description,
        "$comment": NOTICE,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "description": ENVELOPE_COLUMNS["event_id"]},
            "source": {"type": "string", "minLength": 1, "description": ENVELOPE_COLUMNS["event_source"]},
            "type": {"const": event.name},
            "time": _time_schema("When it happened; not before 2000 in UTC.") | {"not": {"pattern": "^[01]"}},
            "data": _object_schema(event.fields),
        },
    }


def _object_schema(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [field.name for field in fields if field.required],
        "properties": {field.name: _field_schema(field) for field in fields},
    }


def _field_schema(field: Field) -> dict[str, Any]:
    schema = {"description": describe(field), **_value_schema(field)}
    if field.required:
        return schema
    described = {"description": schema.pop("description")}
    return described | {"anyOf": [schema, {"enum": [None, ""]}]}  # null and "" mean that an optional field is absent


def _value_schema(field: Field) -> dict[str, Any]:
    match field.kind:
        case Kind.IDENTIFIER | Kind.TEXT:
            return {"type": "string", "minLength": 1} | ({"not": {"enum": list(field.reserved)}} if field.reserved else {})
        case Kind.ENUM:
            return {"enum": list(field.values)}
        case Kind.MONEY:
            number = {"type": "number", "minimum": 0, "exclusiveMaximum": MONEY_LIMIT, "multipleOf": 0.01}
            return {"anyOf": [{"type": "string", "pattern": MONEY_PATTERN}, number]}
        case Kind.CURRENCY:
            return {"type": "string", "pattern": "^[A-Z]{3}$"}
        case Kind.INTEGER:
            bounds = {"minimum": field.minimum, "maximum": field.maximum}
            return {"type": "integer"} | {name: bound for name, bound in bounds.items() if bound is not None}
        case Kind.BOOLEAN:
            return {"type": "boolean"}
        case Kind.TIME:
            return _time_schema()
        case Kind.TEXTS:
            return {"type": "array", "items": {"type": "string", "minLength": 1}}
        case Kind.ORDER_LINES:
            return {"type": "array", "items": _object_schema(ORDER_LINE)}


def _time_schema(description: str | None = None) -> dict[str, Any]:
    schema = {"type": "string", "format": "date-time", "pattern": TIME_PATTERN}
    return {"description": description} | schema if description else schema


def events_page() -> str:
    """`docs/events.md`: every event with its fields, for producers and analysts."""
    parts = [
        "# Events",
        f"<!-- {NOTICE} -->",
        "A line of a delivery is one CloudEvents 1.0 JSON object; `source` and `id` together name the event. Deliveries lie in"
        " `FANOUT_LANDING/<source>/dt=YYYY-MM-DD/*.jsonl[.gz|.zst]`. A JSON Schema of each event is in [schemas/](schemas/).",
        "A field that is null or an empty string is missing where it is required and absent where it is optional. Unknown"
        " fields are kept as JSON in the lake's column `extra`. An event with a key is an upsert: its latest one replaces the"
        " whole record.",
        "A line that breaks the contract is quarantined with the first reason that holds of: "
        + ", ".join(f"`{reason}`" for reason in Reason)
        + f". A line may have {MAX_LINE_BYTES:,} bytes; an amount is below {MONEY_LIMIT:,}; `time` is not before"
        f" {EARLIEST_TIME:%Y-%m-%dT%H:%M:%SZ}; a `merchant_id` is not `{TOTAL}`, the name of total rows.",
    ]
    for source in SOURCES:
        parts.append(f"## {source}")
        for event in event_types(source):
            parts += _event_section(event)
    return "\n\n".join(parts) + "\n"


def _event_section(event: EventType) -> Iterable[str]:
    yield f"### `{event.name}`"
    key = f" Upsert by {', '.join(f'`{name}`' for name in event.key)}." if event.key else ""
    yield f"{event.description}{key} Schema: [{event.name}.json](schemas/{event.name}.json)."
    rows = [
        f"| `{field.name}` | {'yes' if field.required else 'no'} | {_written(field)} | {field.description} |"
        for field in event.fields
    ]
    yield "\n".join(["| field | required | written as | meaning |", "|---|---|---|---|", *rows])


def _written(field: Field) -> str:
    if field.kind is Kind.ENUM:
        return ", ".join(f"`{value}`" for value in field.values)
    if field.kind is Kind.INTEGER:
        return f"whole number, {field.minimum} {'or more' if field.maximum is None else f'to {field.maximum}'}"
    return KIND_NOTES[field.kind] + ("; a person" if field.is_person else "")
