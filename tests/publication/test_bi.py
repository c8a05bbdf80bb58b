"""The marts in PostgreSQL and as Parquet: the rows of DuckDB, a whole version or the one before, and no secret shown."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
from psycopg2.extras import register_default_jsonb

from benchmarks._postgres import Server
from contract.columns import Type
from contract.published import BY_PUBLICATION
from contract.settings import CHECKOUT, Settings
from contract.tables import marts
from maintenance.needles import Needles
from publication import parquet, postgres
from publication.forget import forget
from publication.postgres import READER, load
from publication.publish import current_database, publish, roll_back
from publication.versions import PublicationError
from tests.small_warehouse import AS_OF, passed

CHANGE = "update marts.merchant_churn_flags set expected_loss = {}"
FEW = ("merchant_churn_flags", "orders", "per_fan_revenue", "products")
# What CSV, PostgreSQL's arrays and JSON have their own ways for; money that a double would round.
AWKWARD = (
    r"""insert into marts.products by name (select * replace (
        'p-2' as product_id, '' as title, null as cost, 9999999999999999.99::decimal(18, 2) as list_price
    ) from marts.products where product_id = 'p-1')""",
    r"""insert into marts.products by name (select * replace (
        'p-3' as product_id, 'tea, "green"' || chr(10) || '\.' || chr(13) || ' 茶 \N {' || chr(39) as title,
        -0.01::decimal(18, 2) as list_price
    ) from marts.products where product_id = 'p-1')""",
    "update marts.per_fan_revenue set revenue_per_fan = 5e-324, avg_fans = 0.1 + 0.2 where merchant_id = 'm-1'",
    r"""update marts.merchant_churn_flags set reasons = [
        {topic: 'a "b" \ c', days: null, gap: 1, now: 1234567890123456.78, before: -0.10},
        {topic: '', days: 2, gap: 3, now: null, before: 0}
    ] where merchant_id = 'm-1'""",
    "comment on table marts.products is 'One row a product; the merchant''s own \\ price.'",
    "comment on column marts.products.cost is '50 % of it'",
)


@dataclass(frozen=True)
class Bi:
    """A deployment with a PostgreSQL."""

    settings: Settings
    server: Server
    database: str

    @contextmanager
    def session(self, **who: str) -> Iterator[Any]:
        with closing(psycopg2.connect(self.server.dsn(self.database, **who))) as connection:
            yield connection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.session() as connection, connection.cursor() as cursor:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def publish(self, *changes: str, as_of: date = AS_OF, only: tuple[str, ...] = FEW) -> None:
        passed(self.settings, *changes, as_of=as_of, only=only)
        publish(self.settings, as_of)

    def loss(self) -> int:
        """The number that a version was given by CHANGE, as the views show it."""
        [(number,)] = self.rows("select max(expected_loss)::int from marts.merchant_churn_flags")
        return int(number)

    def schemas(self) -> list[str]:
        """The versions that are there, without the digests of their contents, in the order of their names."""
        found = self.rows("select nspname from pg_namespace where nspname ~ '^marts_' order by 1")
        return [name if name == "marts_loading" else name.rpartition("_")[0] for (name,) in found]


@pytest.fixture
def bi(settings: Settings, server: Server, database: str) -> Bi:
    return Bi(replace(settings, bi_dsn=server.dsn(database)), server, database)


def comparable(rows: Iterable[tuple[Any, ...]]) -> list[str]:
    """Rows in one order, with the fields of structs in one order, which jsonb does not keep."""
    return sorted(repr([_sorted(value) for value in row]) for row in rows)


def _sorted(value: Any) -> Any:
    return (
        [dict(sorted(item.items())) for item in value]
        if value and isinstance(value, list) and isinstance(value[0], dict)
        else value
    )


def in_duckdb(file: Path) -> dict[str, list[str]]:
    with duckdb.connect(str(file), read_only=True) as con:
        tables = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        return {name: comparable(con.execute(f"from marts.{name}").fetchall()) for (name,) in tables}


def in_postgres(bi: Bi, schema: str = "marts") -> dict[str, list[str]]:
    with bi.session() as connection, connection.cursor() as cursor:
        register_default_jsonb(connection, loads=partial(json.loads, parse_float=Decimal))
        cursor.execute("select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'v'", [schema])
        found = {}
        for (name,) in cursor.fetchall():
            cursor.execute(f"select * from {schema}.{name}")
            found[name] = comparable(cursor.fetchall())
        return found


def in_parquet(folder: Path) -> dict[str, list[str]]:
    files = list(folder.glob("*.parquet"))
    return {file.stem: comparable(duckdb.sql(f"from '{file}'").fetchall()) for file in files}


def test_postgresql_and_parquet_have_the_rows_of_duckdb(bi: Bi, tmp_path: Path) -> None:
    settings = replace(bi.settings, bi_parquet=tmp_path / "parquet")
    bi.publish(*AWKWARD, only=())
    report = load(settings, AS_OF)
    parquet.write(settings, AS_OF)
    expected = in_duckdb(current_database(settings, AS_OF))
    assert expected.keys() == {table.name for table in (*marts(), *BY_PUBLICATION)}
    assert report["rows"] == sum(map(len, expected.values())) > 60
    assert in_postgres(bi) == expected
    assert in_parquet(tmp_path / "parquet" / "current") == expected


def test_a_row_by_hand(bi: Bi) -> None:
    bi.publish(*AWKWARD)
    load(bi.settings, AS_OF)
    query = "select title, cost, list_price from marts.products where merchant_id = 'm-1' order by product_id"
    assert bi.rows(query) == [
        ("tea", Decimal("9.90"), Decimal("19.90")),
        ("", None, Decimal("9999999999999999.99")),
        ('tea, "green"\n\\.\r 茶 \\N {\'', Decimal("9.90"), Decimal("-0.01")),
    ]
    query = (
        "select reasons #>> '{0,topic}', reasons #>> '{0,now}', (reasons #>> '{1,now}') is null, jsonb_array_length(reasons)"
    )
    assert bi.rows(f"{query} from marts.merchant_churn_flags where merchant_id = 'm-1'") == [
        ('a "b" \\ c', "1234567890123456.78", True, 2)
    ]


def test_the_character_0_which_postgresql_cannot_hold_stops_no_load(bi: Bi) -> None:
    bi.publish("update marts.products set title = 't' || chr(0) || 'ea'")
    load(bi.settings, AS_OF)
    assert bi.rows("select distinct title from marts.products") == [("t\ufffdea",)]


def test_every_declared_type_has_its_own_in_postgresql() -> None:
    assert postgres._TYPES.keys() == set(Type)


def test_a_type_that_is_not_declared_is_refused_by_name(bi: Bi) -> None:
    bi.publish("create table marts.odd (x hugeint)")
    with pytest.raises(PublicationError, match=r"marts\.odd\.x is HUGEINT, which contract/columns\.py does not declare"):
        load(bi.settings, AS_OF)
    assert bi.schemas() == []


def test_keys_not_nulls_and_comments_are_those_of_the_file(bi: Bi) -> None:
    bi.publish(*AWKWARD, only=())
    load(bi.settings, AS_OF)
    query = """
        select conrelid::regclass::text, array_agg(attname::text order by place)
        from pg_constraint, unnest(conkey) with ordinality as key (number, place)
        inner join pg_attribute on attnum = number
        where contype = 'p' and attrelid = conrelid and connamespace::regnamespace::text like 'marts%' group by 1
    """
    keys = {name.partition(".")[2]: tuple(columns) for name, columns in bi.rows(query)}
    assert keys == {table.name: table.key_columns for table in (*marts(), *BY_PUBLICATION)}
    query = "select column_name from information_schema.columns where table_name = 'products' and is_nullable = 'NO'"
    assert {name for (name,) in bi.rows(query)} == {"merchant_id", "product_id"}
    for relation in (
        "marts.products",
        f"{bi.rows('select nspname from pg_namespace where nspname ~ $$^marts_$$')[0][0]}.products",
    ):
        texts = bi.rows(f"""
            select obj_description(oid), col_description(oid, attnum) from pg_class inner join pg_attribute on attrelid = oid
            where oid = '{relation}'::regclass and attname = 'cost'
        """)
        assert texts == [("One row a product; the merchant's own \\ price.", "50 % of it")], relation


def test_the_same_version_is_not_loaded_again(bi: Bi) -> None:
    bi.publish()
    assert load(bi.settings, AS_OF)["is_new"] is True
    before = bi.rows("select oid, relfilenode from pg_class where relname = 'orders' order by 1")
    assert load(bi.settings, AS_OF)["is_new"] is False
    assert bi.rows("select oid, relfilenode from pg_class where relname = 'orders' order by 1") == before


def test_versions_are_kept_as_published_ones_are(bi: Bi) -> None:
    bi = replace(bi, settings=replace(bi.settings, keep_versions=2))
    for number in range(1, 5):
        bi.publish(CHANGE.format(number))
        load(bi.settings, AS_OF)
        assert bi.loss() == number
    assert bi.schemas() == ["marts_2026_03_20_v000003", "marts_2026_03_20_v000004"]
    roll_back(bi.settings, AS_OF, "v000003")
    report = load(bi.settings, AS_OF)
    assert (report["version"], report["is_new"], bi.loss()) == ("v000003", False, 3)
    bi.publish(CHANGE.format(5))
    load(bi.settings, AS_OF)
    # v000003 was what readers had before.
    assert bi.schemas() == [f"marts_2026_03_20_v00000{number}" for number in (3, 4, 5)]


def test_an_earlier_day_is_left_alone(bi: Bi) -> None:
    bi.publish(CHANGE.format(1))
    load(bi.settings, AS_OF)
    earlier = date(2026, 3, 19)
    bi.publish(CHANGE.format(2), as_of=earlier)
    assert load(bi.settings, earlier)["left_alone"] == "the newest published day is 2026-03-20"
    assert (bi.loss(), bi.schemas()) == (1, ["marts_2026_03_20_v000001"])
    down = replace(bi.settings, bi_dsn="postgresql://loader:x@127.0.0.1:1/bi")
    assert "left_alone" in load(down, earlier), "a back-fill needs no PostgreSQL"


def test_a_day_that_was_overtaken_while_it_waited_does_not_take_the_views_back(bi: Bi, monkeypatch: pytest.MonkeyPatch) -> None:
    bi.publish(CHANGE.format(1))
    later = date(2026, 3, 21)
    connected = postgres._connected

    @contextmanager
    def after_a_wait(settings: Settings, as_of: date) -> Iterator[Any]:
        with connected(settings, as_of) as connection:
            bi.publish(CHANGE.format(2), as_of=later)
            yield connection

    monkeypatch.setattr(postgres, "_connected", after_a_wait)
    assert load(bi.settings, AS_OF)["left_alone"] == "the newest published day is 2026-03-21"
    assert bi.schemas() == []


def test_a_home_that_was_made_again_is_another_version_of_the_same_name(bi: Bi, tmp_path: Path) -> None:
    bi.publish(CHANGE.format(1))
    load(bi.settings, AS_OF)
    anew = replace(bi, settings=replace(bi.settings, home=tmp_path / "again"))
    anew.publish(CHANGE.format(2))
    assert load(anew.settings, AS_OF)["version"] == "v000001"
    assert bi.loss() == 2
    assert bi.schemas() == ["marts_2026_03_20_v000001"]  # that of the home which is gone is nobody's


def naming(bi: Bi, person: str) -> set[str]:
    """The schemas of versions in which orders are of a person."""
    schemas = [name for (name,) in bi.rows("select nspname from pg_namespace where nspname ~ '^marts_2' order by oid")]
    assert schemas
    return {name for name in schemas if bi.rows(f"select 1 from {name}.orders where user_id = '{person}'")}


def test_who_was_forgotten_is_in_no_version_any_more(bi: Bi) -> None:
    """Neither in the one that is shown nor in the one before, though that one would be kept."""
    bi.publish(as_of=AS_OF - timedelta(days=1))
    load(bi.settings, AS_OF - timedelta(days=1))
    bi.publish(CHANGE.format(2))
    load(bi.settings, AS_OF)
    assert len(naming(bi, "u-1")) == 2
    (others,) = bi.rows("select count(*) from marts.orders where user_id <> 'u-1'")
    needles = Needles({"u-1"})
    for version in bi.settings.published.glob("*/v*"):
        assert forget(version, needles.rows) > 0
    report = load(bi.settings, AS_OF)
    assert naming(bi, "u-1") == set()
    assert len(report["removed"]) == 2
    assert bi.rows("select count(*) from marts.orders") == [others]
    assert bi.loss() == 2


def test_columns_and_marts_come_and_go_in_one_step(bi: Bi) -> None:
    bi.publish("create table marts.passing as select 1 as a, 'x' as b")
    load(bi.settings, AS_OF)
    assert bi.rows("select * from marts.passing") == [(1, "x")]
    bi.publish("create table marts.passing as select 'x' as b, date '2026-03-20' as c", CHANGE.format(7))
    load(bi.settings, AS_OF)
    assert bi.rows("select * from marts.passing") == [("x", date(2026, 3, 20))]
    bi.publish(CHANGE.format(8))
    load(bi.settings, AS_OF)
    assert bi.rows("select to_regclass('marts.passing')::text") == [(None,)]
    assert bi.loss() == 8


def test_a_view_of_an_analyst_stays_and_one_in_the_way_is_named(bi: Bi) -> None:
    bi.publish(CHANGE.format(1), "create table marts.passing as select 1 as a")
    load(bi.settings, AS_OF)
    with bi.session() as connection, connection, connection.cursor() as cursor:
        cursor.execute("create view marts.mine as select max(expected_loss)::int as loss from marts.merchant_churn_flags")
    bi.publish(CHANGE.format(2))
    load(bi.settings, AS_OF)
    assert bi.rows("select loss from marts.mine") == [(2,)]
    bi.publish(CHANGE.format(3), "alter table marts.merchant_churn_flags alter expected_loss type double")
    with pytest.raises(PublicationError, match=r"cannot drop view marts\.merchant_churn_flags .*: view marts\.mine depends on"):
        load(bi.settings, AS_OF)
    assert bi.loss() == 2


def test_the_reader_reads_the_views_and_nothing_else(bi: Bi) -> None:
    bi.publish()
    load(bi.settings, AS_OF)
    schema = bi.rows("select nspname from pg_namespace where nspname ~ '^marts_'")[0][0]
    with bi.session() as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"create role analyst_{bi.database} login password 'analyst' in role {READER}")
    with bi.session(user=f"analyst_{bi.database}", password="analyst") as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from marts.orders")
        assert cursor.fetchone() == (3,)
        for statement in (
            "delete from marts.orders",
            "update marts.orders set net = 0",
            "insert into marts.products (merchant_id) values ('m')",
            "truncate marts.orders",
            "drop view marts.orders",
            "create table marts.mine (x int)",
            f"select * from {schema}.orders",
            f"drop schema {schema} cascade",
            "lock table marts.orders",
            "copy marts.orders to '/tmp/orders.csv'",
            "select pg_read_file('/etc/passwd')",
        ):
            with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.WrongObjectType)):
                cursor.execute(statement)
            connection.rollback()
    with bi.session() as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"drop role analyst_{bi.database}")


def test_a_loader_that_may_not_make_the_reader_says_who_has_to(bi: Bi) -> None:
    bi.publish()
    role = f"modest_{bi.database}"
    with bi.session() as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"drop role if exists {READER}")
        cursor.execute(f"create role {role} login password 'modest'; grant create on database {bi.database} to {role}")
    settings = replace(bi.settings, bi_dsn=bi.server.dsn(bi.database, role, "modest"))
    with pytest.raises(PublicationError, match=f"let an administrator run: create role {READER} nologin"):
        load(settings, AS_OF)
    assert bi.schemas() == []
    with bi.session() as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"create role {READER} nologin")
    assert load(settings, AS_OF)["is_new"] is True
    with bi.session() as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"drop owned by {role} cascade; drop role {role}")


def test_two_loaders_load_a_version_once(bi: Bi) -> None:
    bi.publish()
    start = threading.Barrier(2)
    reports: list[dict[str, Any]] = []

    def loads() -> None:
        start.wait()
        reports.append(load(bi.settings, AS_OF))

    threads = [threading.Thread(target=loads) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report["is_new"] for report in reports) == [False, True]
    assert in_postgres(bi) == in_duckdb(current_database(bi.settings, AS_OF))


def test_an_open_transaction_keeps_its_version_and_the_next_run_only_moves_the_views(
    bi: Bi, monkeypatch: pytest.MonkeyPatch
) -> None:
    bi.publish(CHANGE.format(1), "update marts.products set title = '1'")
    load(bi.settings, AS_OF)
    bi.publish(CHANGE.format(2), "update marts.products set title = '2'")
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", 0.0)
    with bi.session() as reader, reader.cursor() as cursor:
        cursor.execute("set application_name = 'a notebook'")
        cursor.execute("select max(expected_loss)::int from marts.merchant_churn_flags")
        assert cursor.fetchone() == (1,)
        with pytest.raises(PublicationError, match=r"loader \(a notebook, pid \d+\) has had a transaction open"):
            load(bi.settings, AS_OF)
        cursor.execute("select distinct title from marts.products")
        assert cursor.fetchone() == ("1",), "a transaction sees one version"
    assert load(bi.settings, AS_OF)["is_new"] is False
    assert bi.rows("select distinct title from marts.products") == [("2",)]


def test_an_old_version_that_is_in_use_is_removed_by_the_next_run(bi: Bi) -> None:
    bi = replace(bi, settings=replace(bi.settings, keep_versions=1))
    for number in (1, 2):
        bi.publish(CHANGE.format(number))
        load(bi.settings, AS_OF)
    first, second = bi.rows("select nspname from pg_namespace where nspname ~ '^marts_' order by oid")
    bi.publish(CHANGE.format(3))
    with bi.session() as reader, reader.cursor() as cursor:
        cursor.execute(f"select * from {first[0]}.orders")
        assert load(bi.settings, AS_OF)["removed"] == []
    assert load(bi.settings, AS_OF)["removed"] == [first[0], second[0]]


KILLED = """
import os, signal
from datetime import date
from contract.settings import Settings
from publication import postgres

copy, left = postgres._copy, [int(os.environ.pop("COPIES"))]

def copy_or_die(*arguments):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return copy(*arguments)

postgres._copy = copy_or_die
postgres.load(Settings.from_environment(), date(2026, 3, 20))
"""


@pytest.mark.parametrize("copies", [0, 2])
def test_a_load_that_is_killed_leaves_the_version_before_and_nothing_else(bi: Bi, copies: int) -> None:
    bi.publish(CHANGE.format(1))
    load(bi.settings, AS_OF)
    bi.publish(CHANGE.format(2))
    environment = {"FANOUT_HOME": str(bi.settings.home), "FANOUT_BI_DSN": str(bi.settings.bi_dsn), "COPIES": str(copies)}
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, cwd=CHECKOUT, check=False)
    assert done.returncode == -9
    assert bi.loss() == 1
    assert bi.schemas() == ["marts_2026_03_20_v000001", "marts_loading"]
    assert load(bi.settings, AS_OF)["is_new"] is True
    assert bi.loss() == 2
    assert bi.schemas() == ["marts_2026_03_20_v000001", "marts_2026_03_20_v000002"]


def test_a_writer_that_fails_in_the_middle_is_not_taken_for_the_end_of_the_rows(
    bi: Bi, monkeypatch: pytest.MonkeyPatch
) -> None:
    bi.publish()
    monkeypatch.setattr(postgres, "_value", lambda column, type_: "(select error('the disk is gone') from range(1))")
    with pytest.raises(duckdb.Error, match="the disk is gone"):
        load(bi.settings, AS_OF)
    assert bi.schemas() == []


def run(settings: Settings, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"FANOUT_HOME": str(settings.home), **more}
    command = [sys.executable, "-m", "publication.bi", "--as-of", AS_OF.isoformat()]
    return subprocess.run(command, env=environment, cwd=CHECKOUT, check=False, capture_output=True, text=True)


def test_a_server_that_is_down_is_named_and_the_next_run_catches_up(bi: Bi, tmp_path: Path) -> None:
    bi.publish(CHANGE.format(1))
    load(bi.settings, AS_OF)
    bi.publish(CHANGE.format(2))
    bi.server.stop()
    try:
        done = run(bi.settings, FANOUT_BI_DSN=str(bi.settings.bi_dsn), FANOUT_BI_PARQUET=str(tmp_path / "parquet"))
    finally:
        bi.server.start("fsync=off")
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith(f"PostgreSQL at 127.0.0.1:{bi.server.port}, database {bi.database}, cannot be reached (")
    assert "Connection refused" in sentence
    assert sentence.endswith("the views there are as they were; then run: python -m publication.bi --as-of 2026-03-20")
    assert bi.server.password not in done.stderr + done.stdout
    assert (tmp_path / "parquet" / "current" / "orders.parquet").is_file(), "the other way does not wait"
    assert bi.loss() == 1
    done = run(bi.settings, FANOUT_BI_DSN=str(bi.settings.bi_dsn))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["postgres"]["version"] == "v000002"
    assert bi.server.password not in done.stderr + done.stdout
    assert bi.loss() == 2


@pytest.mark.parametrize("wrong", ["another-s3cret", "%41nother-s3cret", "p%40ss%2Fw%3Ard"])
def test_a_wrong_password_is_not_shown(bi: Bi, wrong: str) -> None:
    bi.publish()
    done = run(bi.settings, FANOUT_BI_DSN=bi.server.dsn(bi.database, password=wrong))
    assert done.returncode == 1
    assert "password authentication failed" in done.stderr
    for shown in (wrong, "nother-s3cret", "p@ss/w:rd", "Traceback"):
        assert shown not in done.stderr + done.stdout


def test_rows_do_not_get_into_the_error(bi: Bi, monkeypatch: pytest.MonkeyPatch) -> None:
    bi.publish("update marts.products set title = 'a private title'")
    monkeypatch.setitem(postgres._TYPES, Type.VARCHAR, "date")
    with pytest.raises(PublicationError, match=r"refused the marts \(invalid input syntax") as raised:
        load(bi.settings, AS_OF)
    assert "CONTEXT" not in str(raised.value)
    assert bi.schemas() == []


def test_where_nothing_is_configured_the_command_says_so_and_is_done(settings: Settings) -> None:
    done = run(settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "step": "bi",
        "parquet": "FANOUT_BI_PARQUET is not set",
        "postgres": "FANOUT_BI_DSN is not set",
        "object_store": "FANOUT_PUBLISHED_URI is not set",
    }


def test_a_day_that_is_not_published_is_refused(settings: Settings, tmp_path: Path) -> None:
    done = run(settings, FANOUT_BI_PARQUET=str(tmp_path / "parquet"), FANOUT_BI_DSN="postgresql://loader:x@127.0.0.1:1/bi")
    assert done.returncode == 1
    assert done.stderr.count("run: python -m publication --as-of 2026-03-20") == 2


def test_parquet_has_days_versions_and_links(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "parquet"
    settings = replace(settings, bi_parquet=folder, keep_versions=1)

    def loss(where: str) -> int:
        [(number,)] = duckdb.sql(
            f"select max(expected_loss)::int from '{folder / where}/merchant_churn_flags.parquet'"
        ).fetchall()
        return int(number)

    for number in (1, 2, 3):
        passed(settings, CHANGE.format(number), only=FEW)
        publish(settings, AS_OF)
        (folder / "2026-03-20").mkdir(parents=True, exist_ok=True)
        (folder / "2026-03-20" / ".building").mkdir()  # of a run that was killed
        report = parquet.write(settings, AS_OF)
        assert loss("current") == number
    assert report["is_new"] is True
    assert parquet.write(settings, AS_OF)["is_new"] is False
    assert sorted(path.name for path in (folder / "2026-03-20").iterdir()) == ["current", "v000003"]
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "2026-03-20", "current"]
    earlier = date(2026, 3, 19)
    passed(settings, CHANGE.format(9), as_of=earlier, only=FEW)
    publish(settings, earlier)
    parquet.write(settings, earlier)
    assert (loss("current"), loss("2026-03-19/current")) == (3, 9)


def test_parquet_of_a_home_that_was_made_again_is_replaced(settings: Settings, tmp_path: Path) -> None:
    for number in (1, 2):
        home = replace(settings, home=tmp_path / str(number), bi_parquet=tmp_path / "parquet")
        passed(home, CHANGE.format(number), only=FEW)
        publish(home, AS_OF)
        assert parquet.write(home, AS_OF)["is_new"] is True
    file = tmp_path / "parquet" / "current" / "merchant_churn_flags.parquet"
    assert duckdb.sql(f"select max(expected_loss)::int from '{file}'").fetchall() == [(2,)]
