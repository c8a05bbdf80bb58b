"""The compose file beside the settings that it repeats."""

from __future__ import annotations

import re

import yaml

from contract.settings import CHECKOUT, LAKE_WRITERS, LAKE_WRITERS_SLOTS, SETTINGS

# What the deployment decides itself, and what the DAGs set for each run.
DECIDED = {"FANOUT_HOME", "FANOUT_SPARK_MASTER"}
OF_A_RUN = {"FANOUT_RUN_ID"}


def not_passed_on(environment: dict[str, str]) -> set[str]:
    """Settings that docker/.env cannot set."""
    return {
        name
        for name in SETTINGS.keys() - OF_A_RUN - DECIDED
        if not re.fullmatch(rf"\$\{{{name}:-[^}}]*\}}", environment.get(name, ""))
    }


def test_every_setting_reaches_the_tasks() -> None:
    services = yaml.safe_load((CHECKOUT / "docker" / "compose.yml").read_text())["services"]
    of_airflow = {name: service["environment"] for name, service in services.items() if name.startswith("airflow-")}
    assert len(of_airflow) == 5
    for environment in of_airflow.values():
        assert not_passed_on(environment) == set()
        assert {name for name in environment if name.startswith("FANOUT_")} == SETTINGS.keys() - OF_A_RUN
        assert not [name for name in DECIDED if "$" in environment[name]]
        without = {name: value for name, value in environment.items() if name != "FANOUT_PLAYBOOK"}
        assert not_passed_on(without | {"FANOUT_HOLDOUT_SHARE": "0"}) == {"FANOUT_PLAYBOOK", "FANOUT_HOLDOUT_SHARE"}


def test_the_pool_of_the_lakes_writers_is_the_one_that_tasks_ask_for() -> None:
    compose = (CHECKOUT / "docker" / "compose.yml").read_text()
    assert compose.count("airflow pools set") == 1
    assert f"airflow pools set {LAKE_WRITERS} {LAKE_WRITERS_SLOTS} " in compose


def test_superset_is_a_profile_that_reads_the_home_and_writes_none_of_it() -> None:
    services = yaml.safe_load((CHECKOUT / "docker" / "compose.yml").read_text())["services"]
    of_superset = {name for name, service in services.items() if service.get("profiles") == ["superset"]}
    assert of_superset == {"superset", "superset-database", "superset-migrate", "superset-dashboards"}
    assert [volume for volume in services["superset"]["volumes"] if ":/data" in volume] == [
        "${FANOUT_DATA:-fanout-data}:/data:ro"
    ]
    for name in of_superset:  # every secret comes from docker/.env
        for variable, value in services[name]["environment"].items():
            if re.search("PASSWORD|SECRET", variable):
                assert re.fullmatch(r"\$\{[A-Z_]+:[-?][^}]*\}", value), (name, variable)
