"""The real Superset: the bundle in it, what each chart answers, what nobody may, and a publication while people read."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import pytest

from contract.settings import Settings
from dashboards import access, bundle
from dashboards.boards import BOARDS
from dashboards.datasets import DATABASE
from dashboards.server import ServerError, Superset, password_file
from dashboards.warming import warm
from operations import superset_server
from operations.airflow_server import free_port, processes
from tests.dashboards.conftest import NEXT_DAY, publish_day
from tests.small_warehouse import AS_OF

pytestmark = pytest.mark.acceptance

PASSWORD = "of-merchant-1-only"
READERS, PUBLICATIONS = 4, 5


@dataclass(frozen=True)
class Deployment:
    """A Superset of this home, with the dashboards in it, and the session of its administrator."""

    settings: Settings
    server: superset_server.Server
    admin: Superset

    @cached_property
    def first_charts(self) -> dict[str, int]:
        """The charts as they were numbered at first; an import changes no number."""
        return self.charts()

    @cached_property
    def first_datasets(self) -> dict[str, int]:
        return self.datasets()

    def charts(self) -> dict[str, int]:
        return {chart["slice_name"]: chart["id"] for chart in self.admin.rows("chart/", "slice_name")}

    def datasets(self) -> dict[str, int]:
        return {dataset["table_name"]: dataset["id"] for dataset in self.admin.rows("dataset/", "table_name")}

    def answer(self, chart: str) -> dict[str, Any]:
        (result,) = self.admin.get(f"chart/{self.first_charts[chart]}/data/")["result"]
        assert isinstance(result, dict)
        return result

    def ask(self, superset: Superset, dataset: str, **query: Any) -> list[dict[str, Any]]:
        """The rows of a dataset, as a chart asks for them."""
        body = {"datasource": {"id": self.first_datasets[dataset], "type": "table"}, "queries": [query], "force": False}
        (result,) = superset.post("chart/data", body)["result"]
        rows: list[dict[str, Any]] = result["data"]
        return rows

    def sql(self, statement: str, superset: Superset | None = None) -> list[dict[str, Any]]:
        """What SQL Lab answers."""
        asked = superset or self.admin
        (database,) = [row["id"] for row in self.admin.rows("database/", "database_name") if row["database_name"] == DATABASE]
        body = {"database_id": database, "sql": statement, "schema": "marts", "runAsync": False, "queryLimit": 100}
        rows: list[dict[str, Any]] = asked.post("sqllab/execute/", body)["data"]
        return rows


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("superset"))})
    publish_day(settings)
    try:
        superset_server.install()
    except superset_server.SupersetError as error:
        pytest.skip(str(error))
    server = superset_server.start(settings, free_port())
    try:
        admin = Superset(server.base_url, superset_server.USER, superset_server.password(settings))
        bundle.put(admin, settings)
        access.keep(admin)
        yield Deployment(settings, server, admin)
    finally:
        superset_server.stop(settings, server)
        assert not server.is_running()


def test_every_chart_answers_and_none_is_empty(deployment: Deployment) -> None:
    titles = [chart.title for board in BOARDS for chart in board.charts]
    assert len(titles) > 40
    assert {*titles} == deployment.charts().keys()
    for title in titles:
        answer = deployment.answer(title)
        assert answer["error"] is None, title
        assert answer["rowcount"] > 0, title
    # By hand, from tests/small_warehouse.yml: 50.00 + 30.00 + 12.50, of which the whole weeks have the 12.50 of 5 March.
    assert [row["net_revenue"] for row in deployment.answer("Net revenue by week")["data"]] == [12.5]


def test_a_second_import_changes_nothing(deployment: Deployment) -> None:
    before = deployment.charts(), deployment.datasets()
    bundle.put(deployment.admin, deployment.settings)
    access.keep(deployment.admin)
    assert (deployment.charts(), deployment.datasets()) == before
    assert len(deployment.admin.rows("rowlevelsecurity/", "name")) == 1


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("attach '{file}' as other", "Cannot access file"),
        ("install httpfs", "disabled by configuration"),
        ("load httpfs", "disabled"),
        ("select * from read_text('{file}')", "Cannot access file"),
        ("select * from read_csv('{file}')", "Cannot access file"),
        ("select * from read_blob('{file}')", "Cannot access file"),
        ("select * from glob('{file}')", "Cannot access file"),
        ("from '{file}'", "does not exist"),
        ("copy marts.orders to '{file}.csv'", "Cannot access file"),
        ("copy (select 1) to '{file}.csv'", "Cannot access file"),
        ("set enable_external_access = true", "locked"),
        ("set lock_configuration = false", "locked"),
        ("set memory_limit = '100GB'", "locked"),
        ("reset temp_directory", "locked"),
        ("create table marts.mine as select 1", "does not allow for DDL/DML"),
        ("delete from marts.orders", "does not allow for DDL/DML"),
    ],
)
def test_sql_lab_reads_the_marts_and_nothing_else(deployment: Deployment, tmp_path: Path, statement: str, reason: str) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("the password of the database")
    with pytest.raises(ServerError, match=reason) as refused:
        deployment.sql(statement.format(file=file))
    assert "the password" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"]
    assert deployment.sql("select count(*) as orders from marts.orders") == [{"orders": 3}]  # nobody else is locked out


def test_the_parameters_are_in_force_where_queries_run(deployment: Deployment) -> None:
    names = "'access_mode', 'enable_external_access', 'lock_configuration', 'memory_limit', 'temp_directory', 'threads'"
    rows = deployment.sql(f"select name, value from duckdb_settings() where name in ({names})")
    found = {row["name"]: row["value"] for row in rows}
    spill = Path(found.pop("temp_directory"))
    assert spill.parent == deployment.settings.home / "superset" / "spill", "a folder of each process and version"
    assert re.fullmatch(rf"\d+-{AS_OF}-v\d{{6}}", spill.name)
    assert found == {
        "access_mode": "read_only",
        "enable_external_access": "false",
        "lock_configuration": "true",
        "memory_limit": "1.8 GiB",
        "threads": "2",
    }


def test_a_query_that_spills_leaves_the_published_version_as_it_is(deployment: Deployment) -> None:
    version = (deployment.settings.published / "current").resolve()
    before = sorted(path.name for path in version.iterdir())
    spill = deployment.settings.home / "superset" / "spill"
    spill.mkdir(exist_ok=True)
    os.utime(spill, (0, 0))
    spilling = "select count(*) as n from (select distinct repeat(md5(range::varchar), 8) from range(9000000))"
    assert deployment.sql(spilling) == [{"n": 9_000_000}]  # 2.3 GB of keys, with 1.8 GiB
    assert spill.stat().st_mtime > 0  # files came and went
    assert not [path for path in spill.rglob("*") if path.is_file()]
    assert sorted(path.name for path in version.iterdir()) == before


def test_a_reader_of_one_merchant_sees_its_rows_alone(deployment: Deployment) -> None:
    admin = deployment.admin
    roles = {role["name"]: role["id"] for role in admin.rows("security/roles/", "name")}
    for merchant in ("m-1", "m-2"):
        person = {"username": merchant, "first_name": "A", "last_name": "Reader", "email": f"{merchant}@example.org"}
        own = {"password": PASSWORD, "active": True, "roles": [roles["Gamma"], roles[access.ROLE]]}
        admin.post("security/users/", person | own)
    everything = {"columns": ["merchant_id"], "metrics": [], "row_limit": 100}
    assert len(deployment.ask(admin, "per_fan_revenue", **everything)) == 2
    for merchant in ("m-1", "m-2"):  # the second one must not be served what the first one's question cached
        reader = Superset(deployment.server.base_url, merchant, PASSWORD)
        assert deployment.ask(reader, "per_fan_revenue", **everything) == [{"merchant_id": merchant}]
    for clause in ("1 = 1) or (1 = 1", "merchant_id = 'm-1' or true", "true"):
        asked = everything | {"extras": {"where": clause}}
        try:
            seen = deployment.ask(reader, "per_fan_revenue", **asked)
        except ServerError:
            continue
        assert {row["merchant_id"] for row in seen} <= {"m-2"}, clause
    metric = {"expressionType": "SQL", "sqlExpression": "(select sum(net) from marts.orders)", "label": "all"}
    with pytest.raises(ServerError, match="sub-quer"):
        deployment.ask(reader, "per_fan_revenue", metrics=[metric], columns=[])
    for other in ("orders", "merchants", "users", "merchant_overview", "fan_revenue"):
        with pytest.raises(ServerError, match=r"\(403\)"):
            deployment.ask(reader, other, columns=[], metrics=["count"])
    with pytest.raises(ServerError, match=r"\(403\)"):
        deployment.sql("select * from marts.orders", reader)


def test_what_superset_exports_can_be_imported_again(deployment: Deployment) -> None:
    exported = deployment.admin.download("assets/export/")
    with zipfile.ZipFile(io.BytesIO(exported)) as packed:
        kinds = [name.split("/")[1] for name in packed.namelist()]
    assert kinds.count("dashboards") == len(BOARDS)
    assert kinds.count("charts") == len(deployment.charts())
    before = deployment.charts()
    deployment.admin.upload("assets/import/", "bundle", "again.zip", exported)
    assert deployment.charts() == before
    assert deployment.answer("Net revenue by week")["rowcount"] == 1


def test_no_password_lies_open(deployment: Deployment) -> None:
    home = superset_server.superset_home(deployment.settings)
    secrets = [password_file(deployment.settings).read_text(), (home / "secret_key").read_text()]
    assert all(len(secret) >= 12 for secret in secrets)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for file in (password_file(deployment.settings), home / "secret_key", home / "running.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    logs = [*superset_server.log_folder(deployment.settings).iterdir()]
    shown = [file.read_text(errors="replace") for file in logs]
    shown += [" ".join(process.cmdline()) for process in processes(deployment.server.marker)]
    shown.append(deployment.admin.get("database/1/connection")["result"]["sqlalchemy_uri"])
    assert len(logs) == 2
    assert len(shown) > 4
    assert not [text[:80] for text in shown for secret in secrets if secret in text]


def test_a_wrong_password_and_a_wrong_address_are_told_without_the_password(deployment: Deployment) -> None:
    for url in (deployment.server.base_url, "http://127.0.0.1:1"):
        with pytest.raises(ServerError) as told:
            Superset(url, "admin", "hunter2-hunter2")
        assert url in str(told.value)
        assert "hunter2" not in str(told.value)


def test_a_new_day_is_on_screen_at_once_and_nobody_goes_back(deployment: Deployment) -> None:
    settings, admin = deployment.settings, deployment.admin
    assert warm(admin, settings, AS_OF)["as_of"] == AS_OF.isoformat()
    old = deployment.answer("This morning: as of")
    assert old["is_cached"] is True
    publish_day(settings, "update marts.daily_merchant set revenue = 99.00 where merchant_id = 'm-2'", as_of=NEXT_DAY)
    new = deployment.answer("This morning: as of")  # nothing was emptied
    assert new["is_cached"] in (False, None)
    assert new["data"] != old["data"]
    assert [row["net_revenue"] for row in deployment.answer("Net revenue by week")["data"]] == [99.0]
    assert warm(admin, settings, AS_OF) == {"charts": 0, "reason": "the dashboards show 2026-03-21, the newest published day"}
    report = warm(admin, settings, NEXT_DAY)
    assert report == {"charts": sum(len(board.charts) for board in BOARDS), "as_of": NEXT_DAY.isoformat(), "version": "v000001"}
    assert all(deployment.answer(chart.title)["is_cached"] for board in BOARDS for chart in board.charts[:2])
    run = settings.published / "current" / "run.json"
    text = run.read_text()
    run.chmod(0o644)
    run.write_text(text.replace("v000001", "v000009"))
    try:
        with pytest.raises(ServerError, match=r"v000009.* is published; does it read this folder"):
            warm(admin, settings, NEXT_DAY)
    finally:
        run.write_text(text)


def test_readers_through_publications_see_whole_versions_and_no_error(deployment: Deployment) -> None:
    settings, stop = deployment.settings, threading.Event()
    change = "update marts.merchants set name = '{0}'; update marts.products set title = '{0}'"
    publish_day(settings, change.format(0), as_of=NEXT_DAY + timedelta(days=1))
    pair = "select (select max(name) from marts.merchants) as a, (select max(title) from marts.products) as b"
    dataset = deployment.datasets()["merchants"]
    chart = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [{"columns": ["name"], "metrics": [], "row_limit": 10}],
    }

    def read(number: int) -> list[int]:
        reader = Superset(deployment.server.base_url, "admin", superset_server.password(settings))
        seen: list[int] = []
        while not stop.is_set() or not seen:
            if number % 2:
                (row,) = deployment.sql(pair, reader)
                assert row["a"] == row["b"]
                seen.append(int(row["a"]))
            else:
                (result,) = reader.post("chart/data", chart)["result"]
                (name,) = {row["name"] for row in result["data"]}
                seen.append(int(name))
        return seen

    with ThreadPoolExecutor(READERS) as pool:
        futures = [pool.submit(read, number) for number in range(READERS)]
        try:
            for number in range(1, PUBLICATIONS + 1):
                publish_day(settings, change.format(number), as_of=NEXT_DAY + timedelta(days=1))
        finally:
            stop.set()
        seen = [future.result() for future in futures]
    assert all(numbers == sorted(numbers) for numbers in seen)
    assert max(len({*numbers}) for numbers in seen) > 1
    assert deployment.sql(pair) == [{"a": str(PUBLICATIONS), "b": str(PUBLICATIONS)}]


def test_secrets_may_stand_in_files(deployment: Deployment, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "SUPERSET_HOME": str(tmp_path), "PYTHONPATH": str(superset_server.SOURCE)}
    for name, text in {"SUPERSET_SECRET_KEY": "k" * 40, "SUPERSET_METADATA": "postgresql+psycopg2://a:b@c/d"}.items():
        (tmp_path / name).write_text(f"{text}\n")
        environ[f"{name}_FILE"] = str(tmp_path / name)
    script = "import superset_config as c; print(c.SECRET_KEY, c.SQLALCHEMY_DATABASE_URI)"
    process = psutil.Popen([str(superset_server.VENV / "bin" / "python"), "-c", script], env=environ, stdout=-1, text=True)
    said, _ = process.communicate(timeout=120)
    assert said.split() == ["k" * 40, "postgresql+psycopg2://a:b@c/d"]


def test_a_server_without_a_secret_key_does_not_start(deployment: Deployment, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "SUPERSET_HOME": str(tmp_path)}
    environ["SUPERSET_CONFIG_PATH"] = str(superset_server.SOURCE / "superset_config.py")
    python = superset_server.VENV / "bin" / "python"
    done = psutil.Popen([str(python), "-c", "import superset.config"], env=environ, stderr=-1, text=True)
    _, said = done.communicate(timeout=120)
    assert done.returncode != 0
    assert "SUPERSET_SECRET_KEY is missing or has fewer than 32 characters; make one with: openssl rand -base64 42" in said
    assert json.loads((superset_server.superset_home(deployment.settings) / "running.json").read_text())["port"]
