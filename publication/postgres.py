"""The marts in PostgreSQL, which every BI tool speaks: tables of each version, and views on those of the current one.

    schema marts                                a view a mart, all of one version
    schema marts_2026_03_20_v000001_5f3a09c1    the tables of a version: day, number, digest of what is in it

A version is loaded into schema marts_loading, which then gets its name: with that name it is whole. The next run removes what a
load that was killed has left. The views follow `published/current`: the newest day, and the version of it that is current. An
earlier day is not loaded: no view would show it, and it would push out the versions that are kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import psycopg2
from psycopg2 import errors
from psycopg2.extensions import parse_dsn

from contract.columns import Type
from contract.machine import load_extension
from contract.settings import Settings
from contract.sql import literal, quoted
from publication.publish import CONTENT, current_database
from publication.versions import RUN, PublicationError, newest_day

READER = "fanout_reader"  # a group: logins of BI tools are made members of it
VIEWS = "marts"
# How long one attempt waits for readers, who in turn wait behind it; shorter than PostgreSQL's deadlock_timeout, so that a
# deadlock never ends a reader's query. Between attempts readers go on.
ATTEMPT_MS = 250
PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 120.0

STREAMS = 2  # tables that are loaded at a time

_LOADING = f"{VIEWS}_loading"
_VERSIONS = r"^marts_\d{4}_\d{2}_\d{2}_v\d{6,}_[0-9a-f]{8}$"
_CONNECTION = {"connect_timeout": "10", "keepalives_idle": "60", "application_name": "fanout", "client_encoding": "utf8"}
# One thread a stream: several that write one CSV cost more than twice as much, of processors that PostgreSQL wants as well.
_DUCKDB: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False, "threads": 1}
_PIPE_BYTES = 1 << 20
_TYPES = {
    Type.VARCHAR: "text",
    Type.BOOLEAN: "boolean",
    Type.INTEGER: "integer",
    Type.BIGINT: "bigint",
    Type.DOUBLE: "double precision",
    Type.DECIMAL: "numeric(18,2)",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp",
    Type.REASONS: "jsonb",
}
_TEXTS = {Type.VARCHAR, Type.REASONS}  # what CSV writes in quotes


@dataclass(frozen=True)
class Mart:
    """A table of the published file: columns by name with type and whether one is required, key, comments by column."""

    name: str
    comment: str | None
    columns: dict[str, tuple[Type, bool]]
    key: list[str]
    comments: dict[str, str]


def load(settings: Settings, as_of: date) -> dict[str, Any]:
    """Load the current version of a day, if it is the newest, and let the views show it; returns a report.

    Raises:
        PublicationError: the day has no published version, or PostgreSQL refused or could not be reached.
    """
    current_database(settings, as_of)
    if not _is_newest(settings, as_of):
        return _left_alone(settings)
    with _connected(settings, as_of) as connection:
        # Another loader may have taken long, and a later day or version may have been published meanwhile.
        if not _is_newest(settings, as_of):
            return _left_alone(settings)
        database = current_database(settings, as_of)
        run = json.loads((database.parent / RUN).read_text(encoding="utf-8"))
        schema = _schema(run)
        _make_reader(connection)
        _remove_leftover(connection)
        is_new = schema not in _schemas(connection)
        with duckdb.connect(str(database), read_only=True, config=_DUCKDB) as con:
            con.execute(load_extension("json"))
            marts = marts_of(con)
            if is_new:
                _load(settings, connection, con, schema, marts, run["rows"])
        before = _shown(connection)
        if before != {mart.name: schema for mart in marts}:
            _repoint(connection, schema, marts, before, f"The marts of {as_of}, version {run['version']}.")
        removed = _remove_old(connection, settings.keep_versions, schema, {*before.values()}, _published(settings))
    rows = sum(run["rows"].values())
    return {"schema": schema, "version": run["version"], "is_new": is_new, "rows": rows, "removed": removed}


def _is_newest(settings: Settings, as_of: date) -> bool:
    return newest_day(settings.published) == as_of.isoformat()


def _left_alone(settings: Settings) -> dict[str, Any]:
    return {"is_new": False, "left_alone": f"the newest published day is {newest_day(settings.published)}"}


def _parameters(settings: Settings) -> dict[str, str]:
    """What psycopg2 connects with."""
    assert settings.bi_dsn is not None
    return {**_CONNECTION, **parse_dsn(settings.bi_dsn)}


@contextmanager
def _connected(settings: Settings, as_of: date) -> Iterator[Any]:
    """A connection of the only loader; others wait. What goes wrong becomes one sentence, without password and rows."""
    parts = _parameters(settings)
    server = f"PostgreSQL at {parts.get('host') or 'the local socket'}:{parts.get('port', '5432')}, database {parts['dbname']}"
    again = f"the views there are as they were; then run: python -m publication.bi --as-of {as_of}"
    try:
        connection = psycopg2.connect(**parts)
    except psycopg2.Error as error:
        why = str(error).strip().partition("\n")[0]
        raise PublicationError(f"{server}, cannot be reached ({why}); start it, or correct FANOUT_BI_DSN; {again}") from None
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext('fanout'), hashtext('marts'))")
        connection.autocommit = False
        yield connection
    except psycopg2.Error as error:
        why = error.diag.message_primary or str(error).strip().partition("\n")[0] or type(error).__name__
        if isinstance(error, errors.DependentObjectsStillExist):
            why = f"{why}: {error.diag.message_detail}"
        raise PublicationError(f"{server}, refused the marts ({why}); fix that; {again}") from None
    finally:
        connection.close()


def _schema(run: dict[str, Any]) -> str:
    """The schema of a version. The digest tells versions of one name apart, as after FANOUT_HOME was made again."""
    content = json.dumps([run[name] for name in CONTENT], sort_keys=True)
    return f"marts_{run['as_of'].replace('-', '_')}_{run['version']}_{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def marts_of(con: duckdb.DuckDBPyConnection) -> list[Mart]:
    """The tables of the published file."""
    where = "schema_name = 'marts'"
    types = {_canonical(con, name): name for name in Type}
    columns: dict[str, dict[str, tuple[Type, bool]]] = {}
    comments: dict[str, dict[str, str]] = {}
    query = f"""
        select table_name, column_name, data_type, not is_nullable, comment
        from duckdb_columns() where {where} order by table_name, column_index
    """
    for table, column, type_, is_required, comment in con.execute(query).fetchall():
        if type_ not in types:
            raise PublicationError(f"marts.{table}.{column} is {type_}, which contract/columns.py does not declare; declare it")
        columns.setdefault(table, {})[column] = (types[type_], is_required)
        if comment is not None:
            comments.setdefault(table, {})[column] = comment
    query = f"""
        select table_name, constraint_column_names
        from duckdb_constraints() where {where} and constraint_type = 'PRIMARY KEY'
    """
    keys = dict(con.execute(query).fetchall())
    tables = con.execute(f"select table_name, comment from duckdb_tables() where {where} order by 1").fetchall()
    return [Mart(name, comment, columns[name], keys.get(name, []), comments.get(name, {})) for name, comment in tables]


def _canonical(con: duckdb.DuckDBPyConnection, type_: Type) -> str:
    """A declared type as DuckDB's catalogue writes it."""
    [(name,)] = con.execute(f"select typeof(null::{type_})").fetchall()
    return str(name)


def _make_reader(connection: Any) -> None:
    """Make the role that may read the views, if it is missing.

    Raises:
        PublicationError: the loader may not make it.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("select from pg_roles where rolname = %s", [READER])
        if cursor.fetchone() is None:
            try:
                cursor.execute(f"create role {READER} nologin")
            except errors.InsufficientPrivilege:
                raise PublicationError(
                    f"PostgreSQL has no role {READER}, and the loader may not make it; let an administrator run: "
                    f"create role {READER} nologin"
                ) from None


def _schemas(connection: Any) -> list[str]:
    """The schemas of versions in the order in which they were loaded."""
    with connection, connection.cursor() as cursor:
        cursor.execute("select nspname from pg_namespace where nspname ~ %s order by oid", [_VERSIONS])
        return [name for (name,) in cursor.fetchall()]


def _shown(connection: Any) -> dict[str, str]:
    """By view of a mart: the schema of the version that it shows. Views that others have made do not count."""
    query = """
        select distinct views.relname, source.relnamespace::regnamespace::text
        from pg_class as views
        inner join pg_rewrite on pg_rewrite.ev_class = views.oid
        inner join pg_depend on pg_depend.objid = pg_rewrite.oid and pg_depend.classid = 'pg_rewrite'::regclass
        inner join pg_class as source on source.oid = pg_depend.refobjid and pg_depend.refclassid = 'pg_class'::regclass
        where views.relnamespace = to_regnamespace(%s) and source.relnamespace::regnamespace::text ~ %s
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(query, [VIEWS, _VERSIONS])
        return dict(cursor.fetchall())


def _load(
    settings: Settings,
    connection: Any,
    con: duckdb.DuckDBPyConnection,
    schema: str,
    marts: list[Mart],
    rows: dict[str, int],
) -> None:
    """Make the schema of a version: tables in another schema, which gets the name when all of them are there."""
    with connection, connection.cursor() as cursor:
        cursor.execute(f"create schema {_LOADING}")
    left = deque(sorted(marts, key=lambda mart: -rows[mart.name]))
    try:
        with ThreadPoolExecutor(STREAMS) as pool:
            streams = [pool.submit(_load_some, settings, con.cursor(), left, rows) for _ in range(STREAMS)]
            try:
                for stream in as_completed(streams):
                    stream.result()
            finally:
                left.clear()  # one that failed ends the others
    except BaseException:
        with suppress(psycopg2.Error):
            _remove_leftover(connection)
        raise
    with connection, connection.cursor() as cursor:
        cursor.execute(f"alter schema {_LOADING} rename to {schema}")


def _load_some(settings: Settings, con: duckdb.DuckDBPyConnection, left: deque[Mart], rows: dict[str, int]) -> None:
    """Load marts until none is left, each in a transaction of its own with everything that belongs to it."""
    with closing(psycopg2.connect(**_parameters(settings))) as connection:
        while True:
            try:
                mart = left.popleft()
            except IndexError:
                return
            table = f"{_LOADING}.{quoted(mart.name)}"
            with connection, connection.cursor() as cursor:
                cursor.execute(create_table(table, mart))
                arrived = _copy(cursor, con, mart, table)
                if arrived != rows[mart.name]:
                    raise PublicationError(
                        f"{arrived} of {rows[mart.name]} rows of {mart.name} arrived in PostgreSQL; run it again"
                    )
                if mart.key:
                    cursor.execute(f"alter table {table} add primary key ({', '.join(map(quoted, mart.key))})")
                cursor.execute(_comments("table", table, mart))
                # Else the first queries are planned blindly. A sample of 9,000 rows is enough for it.
                cursor.execute(f"set local default_statistics_target = 30; analyze {table}")


def _remove_leftover(connection: Any) -> None:
    """Drop what a load that was killed has begun; waits for the sessions that it has left to the server."""
    with connection, connection.cursor() as cursor:
        cursor.execute(f"drop schema if exists {_LOADING} cascade")


def create_table(table: str, mart: Mart) -> str:
    columns = ", ".join(
        f"{quoted(name)} {_TYPES[type_]}{' not null' if is_required else ''}"
        for name, (type_, is_required) in mart.columns.items()
    )
    return f"create table {table} ({columns})"


def _copy(cursor: Any, con: duckdb.DuckDBPyConnection, mart: Mart, table: str) -> int:
    """Send the rows of a mart through a pipe, from DuckDB's CSV writer to PostgreSQL's COPY; returns how many arrived."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    # The pipe is closed before the pool waits: a writer whose reader has failed ends.
    with ThreadPoolExecutor(1) as pool, open(reading, "rb", buffering=0) as rows:
        written = pool.submit(_write, con, mart, writing)
        cursor.copy_expert(f"copy {table} from stdin (format csv, freeze)", rows, size=_PIPE_BYTES)
        arrived: int = cursor.rowcount
        written.result()
    return arrived


def _write(con: duckdb.DuckDBPyConnection, mart: Mart, writing: int) -> None:
    try:
        write_csv(con, mart, f"/dev/fd/{writing}")
    finally:
        os.close(writing)


def write_csv(con: duckdb.DuckDBPyConnection, mart: Mart, file: str) -> None:
    """Write the rows of a mart as PostgreSQL's COPY reads them: an empty text has quotes, a null has none."""
    values = ", ".join(f"{_value(quoted(name), type_)} as {quoted(name)}" for name, (type_, _) in mart.columns.items())
    texts = ", ".join(quoted(name) for name, (type_, _) in mart.columns.items() if type_ in _TEXTS)
    quotes = f", force_quote ({texts})" if texts else ""
    rows = f"select {values} from marts.{quoted(mart.name)}"
    con.execute(f"copy ({rows}) to {literal(file)} (format csv, header false, nullstr ''{quotes})")


def _value(column: str, type_: Type) -> str:
    """A column as PostgreSQL reads it. Its text cannot hold the character 0, for which the replacement character stands."""
    match type_:
        case Type.VARCHAR:
            return f"replace({column}, chr(0), chr(65533))"
        case Type.REASONS:
            return f"to_json({column})"  # its texts are of a closed list
        case _:
            return column


def _comments(kind: str, relation: str, mart: Mart) -> str:
    of_columns = [
        f"comment on column {relation}.{quoted(column)} is {literal(comment)}" for column, comment in mart.comments.items()
    ]
    return "; ".join([f"comment on {kind} {relation} is {literal(mart.comment) if mart.comment else 'null'}", *of_columns])


def _repoint(connection: Any, schema: str, marts: list[Mart], before: dict[str, str], comment: str) -> None:
    """Let the views show a version, in one transaction that first locks those that are there.

    A reader thus sees one version, however many views a statement or a transaction of it reads: its transaction keeps a lock on
    each until it ends.

    Raises:
        PublicationError: a view was in use all the time.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with connection, connection.cursor() as cursor:
                if before:
                    views = ", ".join(f"{VIEWS}.{quoted(view)}" for view in _most_used_first(cursor, before))
                    cursor.execute(f"set local statement_timeout = {ATTEMPT_MS}")
                    cursor.execute(f"lock table {views}")
                    cursor.execute("set local statement_timeout to default")
                cursor.execute("; ".join(_views(cursor, schema, marts, before, comment)))
            return
        except (errors.QueryCanceled, errors.LockNotAvailable, errors.DeadlockDetected):
            if time.monotonic() >= give_up:
                raise PublicationError(f"the views in PostgreSQL stay as they are: {_in_use(connection)}") from None
        time.sleep(PAUSE_SECONDS)


def _most_used_first(cursor: Any, views: Iterable[str]) -> list[str]:
    """The views in the order in which to lock them: first what most transactions have read at this moment.

    Readers that never pause, and read views one after another in a transaction, would else be met in the middle, each time: the
    loader has a view that they want next, and waits for one that they have. All have read the view that they begin with. Those
    that come later wait for that one, and the others end.
    """
    query = """
        select relname, count(*)
        from pg_locks
        inner join pg_class on pg_class.oid = pg_locks.relation and relnamespace = to_regnamespace(%s)
        where granted and pid != pg_backend_pid()
        group by relname
    """
    cursor.execute(query, [VIEWS])
    users = dict(cursor.fetchall())
    return sorted(views, key=lambda view: (-users.get(view, 0), view))


def _views(cursor: Any, schema: str, marts: list[Mart], before: dict[str, str], comment: str) -> Iterator[str]:
    """The statements that make the views of a version out of those that are there."""
    yield f"create schema if not exists {VIEWS}"
    yield f"comment on schema {VIEWS} is {literal(comment)}"
    yield f"grant usage on schema {VIEWS} to {READER}"
    old, new = _columns(cursor, VIEWS), _columns(cursor, schema)
    for gone in sorted(before.keys() - new.keys()):
        yield f"drop view {VIEWS}.{quoted(gone)}"
    for mart in marts:
        view = f"{VIEWS}.{quoted(mart.name)}"
        columns = old.get(mart.name, []) if mart.name in before else []
        if new[mart.name][: len(columns)] != columns:  # a view that is replaced can only gain columns at its end
            yield f"drop view {view}"
        yield f"create or replace view {view} as select * from {schema}.{quoted(mart.name)}"
        yield f"grant select on {view} to {READER}"
        yield _comments("view", view, mart)


def _columns(cursor: Any, schema: str) -> dict[str, list[tuple[str, str]]]:
    """By table or view of a schema: its columns with their types, in order."""
    query = """
        select relname, attname, format_type(atttypid, atttypmod)
        from pg_class
        inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
        where relnamespace = to_regnamespace(%s) and relkind in ('r', 'v')
        order by relname, attnum
    """
    cursor.execute(query, [schema])
    columns: dict[str, list[tuple[str, str]]] = {}
    for relation, column, type_ in cursor.fetchall():
        columns.setdefault(relation, []).append((column, type_))
    return columns


def _in_use(connection: Any) -> str:
    """Who keeps the loader from the views, and what to do."""
    query = """
        select distinct pid, usename, coalesce(nullif(application_name, ''), 'no name')
        from pg_locks
        inner join pg_class on pg_class.oid = pg_locks.relation and relnamespace = to_regnamespace(%s)
        inner join pg_stat_activity using (pid)
        where granted and pid != pg_backend_pid()
        order by pid
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(query, [VIEWS])
        users = [f"{user} ({application}, pid {pid})" for pid, user, application in cursor.fetchall()]
    return (
        f"{', '.join(users) or 'another session'} has had a transaction open on them for {PATIENCE_SECONDS:.0f} s; let it end, "
        "or end it with select pg_terminate_backend(pid), and run this again, which only moves the views"
    )


def _published(settings: Settings) -> set[str]:
    """The schemas of the versions in `published/` as they are there: one that people were taken out of is another."""
    found = set()
    for run in settings.published.glob(f"*/v*/{RUN}"):
        with suppress(FileNotFoundError):  # a publisher removes old versions meanwhile
            found.add(_schema(json.loads(run.read_text(encoding="utf-8"))))
    return found


def _remove_old(connection: Any, keep: int, shown: str, before: set[str], published: set[str]) -> list[str]:
    """Drop the schemas of versions but the one that is shown, and of those that are published as they are here the last `keep`
    and the ones that were shown before. One that is in use waits for the next run.
    """
    removed = []
    there = _schemas(connection)
    kept = {shown} | (published & {*there[-keep:], *before})
    for schema in there:
        if schema not in kept:
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute(f"set local lock_timeout = {ATTEMPT_MS}")
                    cursor.execute(f"drop schema {schema} cascade")
            except errors.LockNotAvailable:
                continue
            removed.append(schema)
    return removed
