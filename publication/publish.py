"""Publish the warehouse of a day: marts that have passed their gate become an immutable version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from deltalake import DeltaTable

from contract.columns import Null
from contract.object_path import ObjectPath
from contract.object_store import delta_options, is_uri
from contract.published import BY_PUBLICATION, GATE_RESULTS, PUBLISHED
from contract.settings import Settings
from contract.sql import literal, quoted
from contract.table import Table
from contract.tables import TABLES
from expectations.gate import file_sha256
from publication.versions import (
    CURRENT,
    DATABASE,
    RUN,
    PublicationError,
    current,
    finish,
    next_version,
    one_publisher,
    point,
    remove_leftovers,
    remove_old,
    versions,
)

# Two builds that agree in these are one version.
CONTENT = ("as_of", "currency", "timezone", "schema_sha256", "rows", "digests")
_DIAGNOSED = "select count(distinct merchant_id) from marts.diagnosis where date = ?::date and basis <> 'none'"
_NOW = partial(datetime.now, UTC)
DIAGNOSED_BY = time(8)  # of the morning after: when merchants look what to do today


def publish(settings: Settings, as_of: date, now: Callable[[], datetime] = _NOW) -> dict[str, Any]:
    """Publish the marts of a day and repoint `current`; returns the report of the step.

    If an existing version has the same marts, no new one is made and that version becomes current. `now` goes into `run.json`
    alone, which says when a version was there.

    Raises:
        PublicationError: this file has not passed the gate, or breaks a declared key.
    """
    gate = _passed_gate(settings, as_of)
    day = settings.published / as_of.isoformat()
    with one_publisher(settings.published):
        day.mkdir(exist_ok=True)
        remove_leftovers(settings.published, day)
        before = current(day)
        building = day / ".building"
        building.mkdir()
        publication = {
            "as_of": as_of.isoformat(),
            "version": next_version(day),
            "currency": settings.currency,
            "timezone": settings.timezone,
            "run_id": settings.run_id,
        }
        gates = _gates(settings, gate)
        contents = _copy_marts(settings.warehouse(as_of), building / DATABASE, publication, gates)
        run = {
            **publication,
            "lake_versions": lake_versions(settings.lake),
            "gates": gates,
            "warehouse_sha256": gate["warehouse_sha256"],
            **contents,
            **_on_time(settings, as_of, now()),
        }
        version = _same_content(day, before, run)
        if version is None:
            version = run["version"]
            (building / RUN).write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            (building / RUN).chmod(0o444)
            finish(building, version)
        late = lateness(json.loads((day / version / RUN).read_text(encoding="utf-8")))
        is_newest = point(settings.published, as_of, version)
        removed = remove_old(day, settings.keep_versions, before)
        remove_leftovers(settings.published, day)
    rows = sum(contents["rows"].values())
    return {
        "step": "publication",
        "rows_in": rows,
        "rows_out": rows,
        "marts": len(contents["rows"]),
        "version": version,
        "is_new": version == run["version"],
        "is_newest_day": is_newest,
        "removed": removed,
        "published": str(day / version / DATABASE),
        "warnings": [late] if late else [],
    }


def lateness(run: Mapping[str, Any]) -> str | None:
    """The warning that a version's diagnosis was late, from its `run.json`; None if it was not."""
    if run["is_diagnosis_on_time"]:
        return None
    return (
        f"the diagnosis of {run['as_of']} was there at {run['diagnosed_at']}, after {DIAGNOSED_BY:%H:%M} of the next morning: "
        f"{run['merchants_diagnosed']:,} merchants saw it late; start the day earlier, or look which step took long"
    )


def _on_time(settings: Settings, as_of: date, now: datetime) -> dict[str, Any]:
    """When the day's diagnosis was there, on the clocks of the deployment, and whether that was in time."""
    zone = ZoneInfo(settings.timezone)
    at = now.astimezone(zone).replace(microsecond=0)
    due = datetime.combine(as_of + timedelta(days=1), DIAGNOSED_BY, zone)
    return {"diagnosed_at": at.isoformat(), "is_diagnosis_on_time": now.astimezone(UTC) <= due.astimezone(UTC)}


def roll_back(settings: Settings, as_of: date, version: str | None) -> dict[str, Any]:
    """Make an earlier version of a day current again: `version`, or the one before the current.

    Raises:
        PublicationError: there is no such version.
    """
    day = settings.published / as_of.isoformat()
    with one_publisher(settings.published):
        there, now = versions(day), current(day)
        earlier = there[: there.index(now)] if now in there else []
        target = version or (earlier[-1] if earlier else None)
        if target not in there:
            wanted = version or f"version before {now}"
            raise PublicationError(f"{as_of} has no {wanted}; its versions are {', '.join(there) or 'none'} (current: {now})")
        is_newest = point(settings.published, as_of, target)
    return {"step": "rollback", "version": target, "before": now, "is_newest_day": is_newest}


def lake_versions(lake: str) -> dict[str, int]:
    """The version of each Delta table of the lake."""
    folder, options = ObjectPath(lake) if is_uri(lake) else Path(lake), delta_options(lake)
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    tables = {name: f"{lake}/{name}" for name in names if DeltaTable.is_deltatable(f"{lake}/{name}", options)}
    return {name: DeltaTable(table, storage_options=options).version() for name, table in tables.items()}


def _passed_gate(settings: Settings, as_of: date) -> dict[str, Any]:
    """The results of the publication gate.

    Raises:
        PublicationError: it has not passed the warehouse as it is now.
    """
    path = settings.work(as_of) / "gates" / "publication.json"
    again = f"run: python -m expectations.gate publication --as-of {as_of}"
    if not path.is_file():
        raise PublicationError(f"the warehouse of {as_of} has passed no gate ({path} is missing); {again}")
    gate: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if not gate["passed"]:
        failures = ", ".join(f"{found['table']} '{found['expectation']}'" for found in gate["failures"])
        raise PublicationError(f"the gate refused the warehouse of {as_of}: {failures}; see {gate['data_docs']}")
    warehouse = settings.warehouse(as_of)
    if not warehouse.is_file() or file_sha256(warehouse) != gate["warehouse_sha256"] or gate["day"] != as_of.isoformat():
        raise PublicationError(f"{warehouse} is not the file that passed the gate; {again}")
    return gate


def _gates(settings: Settings, publication: dict[str, Any]) -> dict[str, Any]:
    """What the gates found, without data: verdict, counts, and the names of failures and warnings."""
    ingests = sorted((settings.home / "work" / "gates").glob("ingest_*.json"))
    verdicts = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in ingests} | {"publication": publication}
    return {
        name: {
            "passed": verdict["passed"],
            "expectations": verdict["expectations"],
            "failures": [f"{found['table']}: {found['expectation']}" for found in verdict["failures"]],
            "warnings": [f"{found['table']}: {found['expectation']}" for found in verdict["warnings"]],
        }
        for name, verdict in verdicts.items()
    }


def _same_content(day: Path, before: str | None, run: dict[str, Any]) -> str | None:
    """The version with this content, preferably the current one, else the newest; None if there is none."""
    there = versions(day)
    for version in [before, *reversed(there)] if before else reversed(there):
        known = json.loads((day / version / RUN).read_text(encoding="utf-8"))
        if all(known.get(name) == run[name] for name in CONTENT):
            return version
    return None


def _copy_marts(
    warehouse: Path, target: Path, publication: Mapping[str, str], gates: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Copy schema `marts` with constraints and comments into a new read-only file; declared keys become primary keys.

    Args:
        publication: the row of the mart `published`, which is no content.
        gates: what `gate_results` has, which is none either.

    Returns:
        `schema_sha256` (of columns, types, constraints and comments), and by mart `rows` and `digests`, which do not depend
        on the order of rows; `merchants_diagnosed`: those with something to compare the day with.
    """
    with duckdb.connect(str(target), config={"autoinstall_known_extensions": False}) as con:
        con.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        con.execute("begin")
        con.execute("create schema marts")
        where = "database_name = 'warehouse' and schema_name = 'marts'"
        tables = con.execute(f"select table_name, sql, comment from duckdb_tables() where {where} order by 1").fetchall()
        if not tables:
            raise PublicationError(f"{warehouse} has no table in schema marts")
        columns = con.execute(
            f"select table_name, column_name, comment from duckdb_columns() where {where} and comment is not null order by all"
        ).fetchall()
        keys = {name: TABLES[name].key for name, _, _ in tables if name in TABLES}
        rows, digests = {}, {}
        for name, ddl, comment in tables:
            con.execute(ddl)
            con.execute(f"insert into {_mart(name)} select * from warehouse.{_mart(name)}")
            if name in keys:
                con.execute(f"alter table {_mart(name)} add primary key ({keys[name]})")
            if comment is not None:
                con.execute(f"comment on table {_mart(name)} is {literal(comment)}")
            totals = "count(*), coalesce(sum(hash(mart)::hugeint), 0)::varchar, bit_xor(hash(mart))"
            [(rows[name], total, xor)] = con.execute(f"select {totals} from {_mart(name)} as mart").fetchall()
            digests[name] = f"{int(total):x}-{xor or 0:x}"
        diagnosed = 0
        if "diagnosis" in rows:
            [(diagnosed,)] = con.execute(_DIAGNOSED, [publication["as_of"]]).fetchall()
        own: dict[str, list[Mapping[str, Any]]] = {
            PUBLISHED.name: [publication],
            GATE_RESULTS.name: [_gate_row(name, verdict) for name, verdict in gates.items()],
        }
        for table in BY_PUBLICATION:
            con.execute(_create(table))
            names = ", ".join(f"${column.name}" for column in table.columns)
            con.executemany(f"insert into {_mart(table.name)} values ({names})", own[table.name])
            rows[table.name] = len(own[table.name])
        for name, column, comment in columns:
            con.execute(f"comment on column {_mart(name)}.{quoted(column)} is {literal(comment)}")
        try:
            con.execute("commit")
        except duckdb.TransactionException as error:  # keys are checked only at the commit
            raise PublicationError(f"{warehouse} breaks a key that contract/tables declares: {error}") from error
    target.chmod(0o444)
    schema = hashlib.sha256(json.dumps([tables, columns, keys, *map(_create, BY_PUBLICATION)]).encode()).hexdigest()
    return {"schema_sha256": schema, "rows": rows, "digests": digests, "merchants_diagnosed": diagnosed}


def _create(table: Table) -> str:
    """The statements that make a mart of the publication itself."""
    mart = _mart(table.name)
    columns = [
        f"{quoted(column.name)} {column.type}{' not null' if column.null is Null.NEVER else ''}" for column in table.columns
    ]
    comments = [f"comment on column {mart}.{quoted(column.name)} is {literal(column.text)}" for column in table.columns]
    return ";\n".join(
        [
            f"create table {mart} ({', '.join(columns)}, primary key ({table.key}))",
            f"comment on table {mart} is {literal(table.text)}",
            *comments,
        ]
    )


def _gate_row(name: str, verdict: Mapping[str, Any]) -> dict[str, Any]:
    broken = [*verdict["failures"], *verdict["warnings"]]
    return {
        "gate": name,
        "is_passed": verdict["passed"],
        "expectations": verdict["expectations"],
        "failures": len(verdict["failures"]),
        "warnings": len(verdict["warnings"]),
        "broken": "; ".join(broken) or None,
    }


def _mart(name: str) -> str:
    return f"marts.{quoted(name)}"


def current_database(settings: Settings, as_of: date) -> Path:
    """The path of a day's current published database, by the name of its version, so the file never changes.

    Raises:
        PublicationError: the day has no published version.
    """
    day = settings.published / as_of.isoformat()
    version = current(day)
    if version is None:
        raise PublicationError(f"{day / CURRENT} is missing; run: python -m publication --as-of {as_of}")
    return day / version / DATABASE
