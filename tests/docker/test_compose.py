"""The compose file beside what it repeats: settings, secrets, memory; and how it is read by who runs it without Docker."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.settings import CHECKOUT, LAKE_WRITERS, LAKE_WRITERS_SLOTS, SECRET_FILES, SETTINGS
from tests.docker.natively import ComposeError, Deployment, Image, interpolate, play, read_env, seconds, size

DOCKER = CHECKOUT / "docker"
COMPOSE = (DOCKER / "compose.yml").read_text()
# What the deployment decides itself, and what the DAGs set for each run.
DECIDED = {"FANOUT_HOME", "FANOUT_SPARK_MASTER"}
OF_A_RUN = {"FANOUT_RUN_ID"}
# Keys of Airflow's chart that the values may name, with the type each has in the chart's values.schema.json (of the chart whose
# default is Airflow 3.2.2), read there by hand; what is below them is Kubernetes' own.
CHART: dict[str, type] = {
    "airflowHome": str, "airflowVersion": str, "apiServer.args": list, "apiServer.resources": dict, "createUserJob.args": list,
    "dagProcessor.livenessProbe.command": list, "dagProcessor.logGroomerSidecar.enabled": bool, "dagProcessor.resources": dict,
    "data.metadataSecretName": str, "defaultAirflowRepository": str, "defaultAirflowTag": str,
    "enableBuiltInSecretEnvVars.AIRFLOW_CONN_AIRFLOW_DB": bool,
    "enableBuiltInSecretEnvVars.AIRFLOW__API_AUTH__JWT_SECRET": bool,
    "enableBuiltInSecretEnvVars.AIRFLOW__API__SECRET_KEY": bool, "enableBuiltInSecretEnvVars.AIRFLOW__CORE__FERNET_KEY": bool,
    "enableBuiltInSecretEnvVars.AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": bool, "env": list, "executor": str, "gid": int,
    "postgresql.enabled": bool, "scheduler.args": list, "scheduler.extraContainers": list,
    "scheduler.livenessProbe.command": list, "scheduler.logGroomerSidecar.enabled": bool, "scheduler.resources": dict,
    "scheduler.startupProbe.command": list, "securityContexts.container": dict,
    "securityContexts.pod": dict, "statsd.enabled": bool, "triggerer.enabled": bool, "uid": int, "volumeMounts": list,
    "volumes": list, "workers.persistence.enabled": bool,
}  # fmt: skip
# It holds no connection that could be asked, and starts again where it ends.
WITHOUT_HEALTH_CHECK = {"airflow-watch"}


def services() -> dict[str, Any]:
    found: dict[str, Any] = interpolate(yaml.safe_load(COMPOSE)["services"], read_env(DOCKER / "example.env"))
    assert len(found) > 10
    return found


def not_passed_on(environment: dict[str, str]) -> set[str]:
    """Settings that docker/.env, or a file of docker/secrets, cannot set."""
    by_variable = {
        name
        for name in SETTINGS.keys() - OF_A_RUN - DECIDED - SECRET_FILES.keys()
        if not re.fullmatch(rf"\$\{{{name}:-[^}}]*\}}", environment.get(name, ""))
    }
    return by_variable | {
        name for name, file in SECRET_FILES.items() if environment.get(file) != f"/run/secrets/{name.lower()}"
    }


def test_every_setting_reaches_the_tasks() -> None:
    of_airflow = {
        name: service["environment"]
        for name, service in yaml.safe_load(COMPOSE)["services"].items()
        if name.startswith("airflow-")
    }
    assert len(of_airflow) == 5
    expected = SETTINGS.keys() - OF_A_RUN - SECRET_FILES.keys() | {*SECRET_FILES.values()}
    for environment in of_airflow.values():
        assert not_passed_on(environment) == set()
        assert {name for name in environment if name.startswith("FANOUT_")} == expected
        assert not [name for name in DECIDED if "$" in environment[name]]
        without = {name: value for name, value in environment.items() if name != "FANOUT_PLAYBOOK"}
        wrong = without | {"FANOUT_HOLDOUT_SHARE": "0", "FANOUT_BI_DSN_FILE": "/run/secrets/other"}
        assert not_passed_on(wrong) == {"FANOUT_PLAYBOOK", "FANOUT_HOLDOUT_SHARE", "FANOUT_BI_DSN"}


def test_the_pool_of_the_lakes_writers_is_the_one_that_tasks_ask_for() -> None:
    assert COMPOSE.count("airflow pools set") == 1
    assert f"airflow pools set {LAKE_WRITERS} {LAKE_WRITERS_SLOTS} " in COMPOSE


def secrets_in_environment(environment: dict[str, str]) -> set[str]:
    """Variables that hold a secret itself, not the file of one."""
    return {
        name
        for name, value in environment.items()
        if re.search("PASS|SECRET|TOKEN|KEY|DSN|WEBHOOK|SQL_ALCHEMY", name)
        and name != "FANOUT_HOLDOUT_KEY"  # a word, and no secret
        and not (name.endswith(("_FILE", "PASSFILE")) or (name.endswith("_CMD") and value.startswith("cat /run/secrets/")))
    }


def test_no_secret_is_in_the_environment_of_a_service() -> None:
    for name, service in services().items():
        assert secrets_in_environment(service.get("environment", {})) == set(), name
    assert secrets_in_environment({"A_KEY": "x", "B_PASSWORD_FILE": "/x", "C_SECRET_CMD": "echo 1"}) == {
        "A_KEY",
        "C_SECRET_CMD",
    }


def test_every_secret_that_a_service_reads_is_given_to_it_and_generated(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    generate = [str(DOCKER / "secrets.sh"), str(folder)]
    said = subprocess.run(generate, check=True, capture_output=True, text=True).stdout
    texts = {file.name: file.read_text() for file in folder.iterdir()}
    assert said.count("new: ") == len(texts) > 10
    assert not [text for text in texts.values() if text in said and text]
    declared = yaml.safe_load(COMPOSE)["secrets"]
    assert texts.keys() == declared.keys()
    assert {secret["file"] for secret in declared.values()} == {f"${{FANOUT_SECRETS:-./secrets}}/{name}" for name in texts}
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o444}
    assert folder.stat().st_mode & 0o777 == 0o700
    used = set()
    for name, service in services().items():
        # Spark looks for its configuration in the folder itself.
        read = {"spark-defaults.conf"} if service.get("environment", {}).get("SPARK_CONF_DIR") else set()
        read |= {*re.findall(r"/run/secrets/([\w.-]+)", yaml.safe_dump(service))}
        assert read - {*service.get("secrets", ())} == set(), name
        used |= {*service.get("secrets", ())}
    assert used == texts.keys()
    # A second time nothing is changed; what is missing comes again.
    (folder / "airflow_jwt_secret").unlink()
    subprocess.run(generate, check=True, capture_output=True)
    again = {file.name: file.read_text() for file in folder.iterdir()}
    assert {name for name in texts if again[name] != texts[name]} == {"airflow_jwt_secret"}
    password = texts["postgres_password"]
    assert len({*texts.values()}) == len(texts) - 2, "only those that may be empty are alike"
    assert texts["airflow_database"] == f"postgresql+psycopg2://airflow:{password}@postgres/airflow"


def test_secrets_are_neither_in_the_repository_nor_in_the_image() -> None:
    for ignore, lines in (
        (".gitignore", ("/docker/.env", "/docker/secrets/")),
        (".dockerignore", ("docker/.env", "docker/secrets")),
    ):
        assert {*lines} <= {*(CHECKOUT / ignore).read_text().splitlines()}


def test_every_service_has_a_limit_and_says_whether_it_is_well() -> None:
    found = services()
    for name, service in found.items():
        assert size(service["mem_limit"]) >= size("256m"), name
        if service["restart"] != "no":
            assert ("healthcheck" in service) != (name in WITHOUT_HEALTH_CHECK), name
            assert service["security_opt"] == ["no-new-privileges:true"]
        for other, rule in service.get("depends_on", {}).items():
            is_short = found[other]["restart"] == "no"
            assert rule["condition"] == ("service_completed_successfully" if is_short else "service_healthy"), (name, other)
    # Three jobs of Spark at once, and what a JVM and Python take besides the heap.
    tasks = found["airflow-scheduler"]
    assert size(tasks["mem_limit"]) > LAKE_WRITERS_SLOTS * 1.5 * size(tasks["environment"]["FANOUT_SPARK_MEMORY"])
    worker = found["spark-worker"]
    offered = worker["command"][worker["command"].index("--memory") + 1]
    assert size(worker["mem_limit"]) > 1.5 * size(offered)
    assert size(offered) >= 2 * size(tasks["environment"]["FANOUT_EXECUTOR_MEMORY"])


def test_ports_are_published_on_loopback_alone() -> None:
    published = {port for service in services().values() for port in service.get("ports", ())}
    assert published == {"127.0.0.1:8080:8080", "127.0.0.1:8088:8088"}


def test_superset_is_a_profile_that_reads_the_home_and_writes_none_of_it() -> None:
    found = yaml.safe_load(COMPOSE)["services"]
    of_superset = {name for name, service in found.items() if service.get("profiles") == ["superset"]}
    assert of_superset == {"superset", "superset-database", "superset-migrate", "superset-dashboards"}
    assert [volume for volume in found["superset"]["volumes"] if ":/data" in volume] == ["${FANOUT_DATA:-fanout-data}:/data:ro"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "a"),
        ("${A:-x} ${EMPTY:-x} ${NONE:-x} ${NONE:-}", "a x x "),
        ("${EMPTY-x}${NONE-x}", "x"),
        ("${A:?must}", "a"),
        ("$$(< file) costs 5$$", "$(< file) costs 5$"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, expected: str) -> None:
    assert interpolate({"k": [text, 1]}, {"A": "a", "EMPTY": ""}) == {"k": [expected, 1]}


@pytest.mark.parametrize("text", ["${NONE:?must}", "${EMPTY:?must}", "$NONE is not written so here", "${a.b}"])
def test_a_variable_that_is_missing_or_badly_written_is_refused(text: str) -> None:
    with pytest.raises(ComposeError):
        interpolate(text, {"EMPTY": ""})


def test_a_key_that_nobody_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text(COMPOSE.replace("    mem_limit: 1g\n", "    mem_limit: 1g\n    shm_size: 1g\n", 1))
    with pytest.raises(ComposeError, match="shm_size of postgres"):
        _ = Deployment(tmp_path / "compose.yml", tmp_path / "run").services
    assert Deployment(DOCKER / "compose.yml", tmp_path / "run").services.keys() == services().keys()


def test_what_the_image_starts_with_is_read_from_its_file() -> None:
    image = Image.of(DOCKER / "Dockerfile")
    assert (image.user, image.uid, image.folder, image.environ["FANOUT_HOME"]) == ("fanout", 50000, "/opt/fanout", "/data")
    assert image.environ["PATH"].startswith("/opt/venv/bin:/")
    assert image.entry == ("tini", "--")
    assert (seconds("2m"), seconds("5s"), size("2g"), size("512m")) == (120, 5, 2 << 30, 512 << 20)


def test_commands_of_a_page_that_fail_or_that_nobody_runs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    deployment = Deployment(tmp_path / "docker" / "compose.yml", tmp_path / "run")
    play("name=/srv/x   # where\nsudo mkdir $name\necho a \\\n  b > $name/file", deployment, {"/srv": str(tmp_path)})
    assert (tmp_path / "x" / "file").read_text() == "a b\n"
    for block in ("false | cat", "docker compose --file docker/compose.yml restart", "docker compose up"):
        with pytest.raises(AssertionError):
            play(block, deployment, {})


def not_of_the_chart(values: dict[str, Any], above: str = "") -> set[str]:
    """Keys that the chart does not have, or that have another type there."""
    found: set[str] = set()
    for key, value in values.items():
        name = f"{above}{key}"
        if any(one.startswith(f"{name}.") for one in CHART) and isinstance(value, dict):
            found |= not_of_the_chart(value, f"{name}.")
        elif type(value) is not CHART.get(name):
            found.add(name)
    return found


def test_the_values_for_kubernetes_are_keys_of_the_chart() -> None:
    values = yaml.safe_load((DOCKER / "kubernetes" / "values.yaml").read_text())
    assert len(values) > 15
    assert not_of_the_chart(values) == set()
    # The schema takes no other key here, and no number.
    assert {tuple(each) for each in values["env"]} == {("name", "value")}
    assert {type(text) for each in values["env"] for text in each.values()} == {str}
    wrong = {"apiserver": {"args": []}, "uid": "50000", "scheduler": {"arg": [], "args": []}, "statsd": True}
    assert not_of_the_chart(wrong) == {"apiserver", "uid", "scheduler.arg", "statsd"}


def test_the_values_for_kubernetes_say_what_the_compose_file_says() -> None:
    values = yaml.safe_load((DOCKER / "kubernetes" / "values.yaml").read_text())
    environment = services()["airflow-scheduler"]["environment"]
    given = {each["name"]: each["value"] for each in values["env"]}
    assert {*given} - {*environment} == set()
    differing = {name for name, value in given.items() if value.replace("/etc/fanout/", "/run/secrets/") != environment[name]}
    assert differing == {"FORWARDED_ALLOW_IPS"}
    assert (
        secrets_in_environment({name: value.replace("/etc/fanout/", "/run/secrets/") for name, value in given.items()}) == set()
    )
    # The chart says these itself, or has no Compose network to name; the other settings are as by default.
    left_out = {name for name in environment.keys() - given.keys() if not name.startswith("FANOUT_")}
    assert left_out == {
        "AIRFLOW_HOME", "AIRFLOW__API__BASE_URL", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "AIRFLOW__CORE__EXECUTOR",
        "AIRFLOW__METRICS__OTEL_ON", "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK", "AWS_CA_BUNDLE",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "SPARK_CONF_DIR",
    }  # fmt: skip
    assert {*SECRET_FILES.values()} <= {*given}
    assert f"airflow pools set {LAKE_WRITERS} {LAKE_WRITERS_SLOTS} " in values["createUserJob"]["args"][-1]
    assert (values["airflowHome"], values["executor"]) == (environment["AIRFLOW_HOME"], environment["AIRFLOW__CORE__EXECUTOR"])
    lock = (CHECKOUT / "requirements.lock").read_text()
    assert f"\napache-airflow=={values['airflowVersion']} " in lock
    # What the chart would put into the environment, and every file that is named is a secret.
    assert {*values["enableBuiltInSecretEnvVars"].values()} == {False}
    named = {*re.findall(r"/etc/fanout/(\w+)", yaml.safe_dump(values))}
    assert len(named) > 5
    assert named <= yaml.safe_load(COMPOSE)["secrets"].keys()
