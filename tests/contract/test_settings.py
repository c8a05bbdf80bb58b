"""Settings: what is accepted works everywhere, and what would fail later is refused by its name before anything starts."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from croniter import croniter
from deltalake import DeltaTable, write_deltalake

from contract.settings import SettingError, Settings
from dbt_project.build import run_dbt
from dbt_project.extensions import load_extensions
from operations.readiness import arrow_dates

# Spaces, quotes and letters of all kinds, and whatever of ASCII has no meaning to what reads a path.
HOLDS = 'sp ace "d" 中文 é &+-=@!~`()<>;:*._ end '


def read(**settings: str) -> Settings:
    return Settings.from_environment({f"FANOUT_{name.upper()}": text for name, text in settings.items()})


@pytest.mark.parametrize("setting", ["home", "lake"])
@pytest.mark.parametrize("character", [*"'?#%${}[]|^\\,", "\n", "\t", "\0", "\x7f", "\udcff"])
def test_a_folder_that_something_later_could_not_name_is_refused(tmp_path: Path, setting: str, character: str) -> None:
    with pytest.raises(SettingError, match=f"^FANOUT_{setting.upper()}[= ]"):
        read(**{"home": str(tmp_path), setting: f"{tmp_path}/a{character}b"})


def test_the_characters_that_are_refused_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"it's 100%/data holds ' %, .*; choose another folder"):
        read(home=f"{tmp_path}/it's 100%/data")


def test_every_character_of_a_path_is_either_refused_or_tried() -> None:
    assert set(string.punctuation) - {"/"} == set("'?#%${}[]|^\\,") | set(HOLDS) & set(string.punctuation)


def test_a_folder_with_any_other_character_is_taken_by_what_reads_it(tmp_path: Path) -> None:
    settings = read(home=f"{tmp_path}/{HOLDS}")
    assert settings.lake == f"{tmp_path}/{HOLDS}/lake"
    table = f"{settings.lake}/t"
    write_deltalake(table, pa.table({"a": [1]}))
    assert (Path(table) / "_delta_log").is_dir()
    assert DeltaTable(table).to_pyarrow_table().num_rows == 1
    with duckdb.connect() as con:
        load_extensions(con)
        assert con.execute(f"select count(*) from glob('{table}/_delta_log/*.json')").fetchall() == [(1,)]
        assert con.execute(f"select a from delta_scan('{table}')").fetchall() == [(1,)]
    day = date(2026, 3, 20)
    assert run_dbt(settings, day, "--quiet", "show", "--inline", "select 1 as a").success
    assert settings.warehouse(day).is_file()


def test_a_landing_may_have_any_name_but_has_to_be_there(tmp_path: Path) -> None:
    landing = tmp_path / "it's ?#%41[x]|^\\,"
    with pytest.raises(SettingError, match=r"FANOUT_LANDING=.* is not a folder"):
        read(home=str(tmp_path), landing=str(landing))
    landing.mkdir()
    assert read(home=str(tmp_path), landing=str(landing)).landing == landing
    with pytest.raises(SettingError, match="FANOUT_LANDING holds a control character"):
        read(home=str(tmp_path), landing=f"{landing}\n")


def test_landing_and_lake_may_lie_in_an_object_store() -> None:
    settings = read(home="/tmp/x", landing="s3://in.example/landing/", lake="s3://lake", published_uri="s3://lake-2/pub/a_b")
    assert (str(settings.landing), settings.lake) == ("s3://in.example/landing", "s3://lake")
    assert settings.published_uri == "s3://lake-2/pub/a_b"
    assert settings.uses_object_store
    assert not read(home="/tmp/x", published_uri="s3://lake-2/pub").uses_object_store


@pytest.mark.parametrize("setting", ["home", "landing", "lake", "bi_parquet", "destinations", "playbook", "published_uri"])
@pytest.mark.parametrize(
    "uri", ["S3A://lake/x", "s3a://lake/x", "abfss://lake@x/y", "hdfs://host/lake", "file:///lake", "s3:/x"]
)
def test_a_uri_of_another_kind_is_refused(setting: str, uri: str) -> None:
    with pytest.raises(SettingError, match=f"^FANOUT_{setting.upper()}={uri} is (a URI|no place)"):
        read(**{setting: uri})


@pytest.mark.parametrize("setting", ["home", "bi_parquet", "destinations", "playbook"])
def test_an_object_store_is_refused_where_files_are_needed(setting: str) -> None:
    with pytest.raises(SettingError, match=f"^FANOUT_{setting.upper()}=s3://b-1/x is a URI, .*; name a folder or file$"):
        read(**{setting: "s3://b-1/x"})


@pytest.mark.parametrize("setting", ["landing", "lake", "published_uri"])
@pytest.mark.parametrize(
    "uri", ["s3://", "s3://B/x", "s3://ab", "s3://b-1/a b", "s3://b-1/a%20b", "s3://b-1//x", "s3://b-1/../x", "s3://b-1/x?y"]
)
def test_a_place_of_an_object_store_has_one_form(setting: str, uri: str) -> None:
    with pytest.raises(SettingError, match=rf"^FANOUT_{setting.upper()}=.* is not s3://bucket/prefix"):
        read(**{setting: uri})


@pytest.mark.parametrize(
    ("published", "says"), [("lake", "LAKE"), ("lake/x", "LAKE"), ("in/a/b", "LANDING"), ("in", "LANDING"), ("lake-2", "")]
)
def test_what_is_published_lies_apart_in_the_store(published: str, says: str) -> None:
    places = {"landing": "s3://b-1/in/a", "lake": "s3://b-1/lake", "published_uri": f"s3://b-1/{published}"}
    if not says:
        assert read(**places).published_uri == "s3://b-1/lake-2"
        return
    with pytest.raises(SettingError, match=f"^FANOUT_PUBLISHED_URI=.* and FANOUT_{says} lie in one another"):
        read(**places)


@pytest.mark.parametrize("setting", ["home", "lake"])
def test_a_file_is_no_folder(tmp_path: Path, setting: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=f"FANOUT_{setting.upper()}=.* is a file; name a folder"):
        read(**{setting: str(tmp_path / "file")})


@pytest.mark.parametrize("path", ["/" + "a" * 300, "~nobody-of-this-name/x"])
def test_what_cannot_be_a_path_is_refused(path: str) -> None:
    with pytest.raises(SettingError, match=r"FANOUT_HOME=.* cannot be a path"):
        read(home=path)


REFUSED_ZONES = [
    *("localtime", "posixrules", "Factory", "posix/Asia/Shanghai", "right/Asia/Shanghai", "SystemV/PST8"),
    *("Mars", "asia/shanghai", "Asia", "../UTC", "Asia/./Shanghai", "/usr/share/zoneinfo/UTC", "tzdata.zi", "UTC+8"),
]


@pytest.mark.parametrize("zone", REFUSED_ZONES)
def test_a_zone_that_not_all_know_is_refused(zone: str) -> None:
    with pytest.raises(SettingError, match=r"FANOUT_TIMEZONE=.* is not an IANA time zone"):
        read(timezone=zone)


def test_a_zone_is_accepted_exactly_if_python_pyarrow_and_duckdb_know_it() -> None:
    """Of every file of this system's database."""
    folder = next(Path(path) for path in TZPATH if (Path(path) / "Asia" / "Shanghai").exists())
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert len(names) > 500
    with duckdb.connect() as con:
        load_extensions(con)
        verdicts = {name: (_accepts(name), _all_know(con, name)) for name in names}
    assert {accepted for accepted, _ in verdicts.values()} == {True, False}
    assert [name for name, (accepted, known) in verdicts.items() if accepted != known] == []


def _accepts(zone: str) -> bool:
    try:
        return read(timezone=zone).timezone == zone
    except SettingError:
        return False


def _all_know(con: duckdb.DuckDBPyConnection, zone: str) -> bool:
    instant = pa.array([datetime(2026, 3, 20, tzinfo=UTC)])
    try:
        ZoneInfo(zone)
        arrow_dates(zone, instant)
        con.execute("select timezone(?, timestamptz '2026-03-20 00:00:00+00')", [zone])
    except (ValueError, KeyError, OSError, duckdb.Error):
        return False
    return True


@pytest.mark.parametrize("code", ["RMB", "CNH", "XXX", "XAU", "DEM", "cny", "CNY ", "C"])
def test_a_currency_that_is_none_is_refused(code: str) -> None:
    with pytest.raises(SettingError, match=f"FANOUT_CURRENCY={code} is not an ISO 4217 code"):
        read(currency=code)


@pytest.mark.parametrize("code", ["CNY", "GBP", "USD", "EUR", "JPY", "HKD", "TWD", "SGD", "VND", "THB", "IDR", "INR", "BRL"])
def test_currencies_in_use(code: str) -> None:
    assert read(currency=code).currency == code


GOOD_CRONS = [
    *("0 2 * * *", "30 2,14 * * 1-5", "*/15 0-6 * * *", "5 4 1 * *", "0 2 * jan,JUL mon-FRI", "0 2 29 2 *", "0 2 30 2 mon"),
    *("0 2 31 4,5 *", "0 2 * * 7", "0 2 * * fri-mon", "5/15 22-3 * * *", "0 2 */31 * *"),
]
BAD_CRONS = [
    *("99 99 * * *", "60 2 * * *", "0 24 * * *", "0 2 0 * *", "0 2 32 * *", "0 2 * 13 *", "0 2 * 0 *", "0 2 * * 8"),
    *("0 2 30 2 *", "0 2 31 4,6,9,11 *", "*/0 2 * * *", "0 2 * * monday", "0 2 * 1jan *", "0 2 * * ", "0 2 * *", "0 2 * * * *"),
    *("often", "0  2 * * *", "0 2 * * 1--3", "0 2 * * ,", "- 2 * * *", "0 ２ * * *"),
]


@pytest.mark.parametrize("cron", GOOD_CRONS)
def test_a_schedule_that_comes_due(cron: str) -> None:
    assert read(schedule=cron).schedule == cron
    assert croniter(cron, datetime(2026, 1, 1)).get_next(datetime) > datetime(2026, 1, 1)


@pytest.mark.parametrize("cron", BAD_CRONS)
def test_a_schedule_that_airflow_could_not_keep_is_refused(cron: str) -> None:
    with pytest.raises(SettingError, match=r"FANOUT_SCHEDULE=.* is neither off nor a cron expression"):
        read(schedule=cron)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        *(("spark_memory", text) for text in ("499m", "1k", "0g", "1000g", "999999999g", "8", "8G", "1３g")),
        *(("executor_memory", text) for text in ("100m", "99999g")),
        *(("spark_master", text) for text in ("local[0]", "local[99999]", "spark://host", "spark://", "mesos://x", "k8s://")),
        *(("keep_versions", text) for text in ("0", "-1", "３", "9" * 5_000)),
        *(("keep_days", text) for text in ("0", "-1", "1.5", "9" * 5_000)),
        *(("keep_dead_hours", text) for text in ("0", "1h")),
        *(("rewrite_landing", text) for text in ("true", "YES")),
        *(("wait_minutes", text) for text in ("0", "-1", "1.5", "10000", "an hour")),
        *(("executor_edges", text) for text in ("-1", "１", "1e6")),
        *(("churn_capacity", text) for text in ("0", "many")),
        *(("churn_threshold", text) for text in ("0", "0.0", "1", "1.5", "." + "9" * 40, "0.٤")),
        *(("holdout_share", text) for text in ("1", "0.6", "-0.1", "10 %", ".1234567", "0.٤")),
        *(("holdout_key", text) for text in ("it's", "a b", "x" * 65, "键")),
        *(("alert_webhook", text) for text in ("slack", "chat.example/hook", "https://", "ftp://x/y")),
        *(
            ("bi_dsn", f"postgresql://{rest}")
            for rest in ("host/db", "u@host", "u:p@ss@host/db", "u:p/s@host/db", "u:p%zz@host/db")
        ),
        *(
            ("bi_dsn", text)
            for text in ("host=h password=p", "mysql://u:p@h/d", "postgresql://u:p%00@h/d", "postgresql://u:p@h/d?x=%")
        ),
        ("bi_parquet", "/tmp/a?b"),
        *(
            ("superset_url", text)
            for text in ("bi.example:8088", "ftp://bi.example", "http://admin:x@bi.example", "http://b/?q=1")
        ),
        *(
            ("exports_url", text)
            for text in (
                "files.example",
                "ftp://files.example",
                "http://u:x@files.example",
                "http://f/?q=1",
                "http://f/'\"><b>",
            )
        ),
        *(("alert_email", text) for text in ("night", "a@b,c@d", "a b@c", "@")),
        *(("language", text) for text in ("de", "EN")),
        *(("pseudonym_key", text) for text in ("short", "\udcff" * 40)),
        *(("destinations", text) for text in ("/nowhere/destinations.toml",)),
        ("s3_connection", "a b"),
    ],
)
def test_a_value_that_is_impossible_is_refused_by_name(setting: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"^FANOUT_{setting.upper()}[= ]"):
        read(**{setting: text})


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        *(("spark_memory", text) for text in ("500m", "8g", "12000m")),
        *(("spark_master", text) for text in ("local", "local[2]", "local[*]", "spark://host:7077", "k8s://https://x:443")),
        *(("executor_edges", text) for text in ("0", "1000")),
        ("keep_days", "400"),
        *(("rewrite_landing", text) for text in ("yes", "no")),
        *(("churn_threshold", text) for text in ("0.4", ".05")),
        *(("holdout_share", text) for text in ("0", "0.1", ".5")),
        ("holdout_key", "2026-spring_A.1"),
        ("alert_webhook", "http://127.0.0.1:8080/hook?a=b"),
        ("alert_webhook", "https://chat.example"),
        ("alert_email", "night@example.org"),
        ("bi_dsn", "postgresql://loader@bi.example/bi"),
        ("bi_dsn", "postgres://loader:p%40ss%2F@[::1]:5432/bi?sslmode=verify-full&sslrootcert=/etc/ca.pem"),
        ("bi_dsn", "postgresql://loader@/bi?host=/run/postgresql"),
        ("bi_parquet", "/tmp/parquet"),
        ("superset_url", "http://127.0.0.1:8088"),
        ("superset_url", "https://bi.example/superset/"),
        ("exports_url", "https://files.example/exports/"),
        ("contact", "王小明\n+86 10 1234"),
    ],
)
def test_a_value_that_is_possible_is_accepted(setting: str, text: str) -> None:
    read(**{setting: text})


@pytest.mark.parametrize("folder", ["home/published", "home/published/parquet", "home/site", "home/lake", "landing/shop"])
def test_parquet_files_do_not_go_where_others_write(tmp_path: Path, folder: str) -> None:
    (tmp_path / "landing").mkdir()
    folders = {"home": str(tmp_path / "home"), "landing": str(tmp_path / "landing")}
    with pytest.raises(SettingError, match=r"^FANOUT_BI_PARQUET=.* lies among published versions"):
        read(**folders, bi_parquet=str(tmp_path / folder))
    beside = tmp_path / "home" / "parquet"
    assert read(**folders, bi_parquet=str(beside)).bi_parquet == beside


def test_secrets_are_not_in_the_message() -> None:
    refused_ones = [
        ("alert_webhook", "chat.example/T0/secret"),
        ("pseudonym_key", "secret"),
        ("bi_dsn", "postgresql://u:secret@h"),
        ("superset_url", "http://admin:secret@bi.example"),
    ]
    for setting, text in refused_ones:
        with pytest.raises(SettingError) as refused:
            read(**{setting: text})
        assert "secret" not in str(refused.value)


def test_an_empty_environment_is_a_deployment() -> None:
    assert Settings.from_environment({}).timezone == "Asia/Shanghai"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text("postgresql://loader:word@host/marts\n")
    assert read(bi_dsn_file=str(file)).bi_dsn == "postgresql://loader:word@host/marts"
    file.write_text("")
    assert read(bi_dsn_file=str(file)).bi_dsn is None, "an empty file is none"
    file.write_text("mysql://host")
    with pytest.raises(SettingError, match=r"^FANOUT_BI_DSN is not a URL"):
        read(bi_dsn_file=str(file))
    with pytest.raises(SettingError, match=r"^FANOUT_BI_DSN and FANOUT_BI_DSN_FILE are both set"):
        read(bi_dsn_file=str(file), bi_dsn="postgresql://loader:word@host/marts")
    with pytest.raises(SettingError, match=f"^FANOUT_PSEUDONYM_KEY_FILE={tmp_path}/gone cannot be read"):
        read(pseudonym_key_file=f"{tmp_path}/gone")
    with pytest.raises(SettingError, match=r"^unknown setting FANOUT_CONTACT_FILE"):
        read(contact_file=str(file))
