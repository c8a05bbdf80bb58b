"""The values for Airflow's official chart, rendered by Helm: pods run what the image has, and no secret is in them.

Asks for helm and for the chart: `helm pull apache-airflow/airflow --untar`, `AIRFLOW_CHART=$PWD/airflow`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.settings import CHECKOUT

VALUES = CHECKOUT / "docker" / "kubernetes" / "values.yaml"
PROGRAMS = {"airflow", "bash", "env", "python", "sh"}
OURS = re.compile(r"/(data|etc/fanout|opt/fanout|tmp)\b")

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(shutil.which("helm") is None, reason="helm is missing"),
    pytest.mark.skipif("AIRFLOW_CHART" not in os.environ, reason="AIRFLOW_CHART is not set"),
]


def rendered(values: Path) -> list[dict[str, Any]]:
    """The objects; jobs that Helm runs as hooks among them."""
    hooks = "migrateDatabaseJob.useHelmHooks=false,createUserJob.useHelmHooks=false"
    command = ["helm", "template", "fanout", os.environ["AIRFLOW_CHART"], "--values", str(values), "--set", hooks]
    found = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return [one for one in yaml.safe_load_all(found.stdout) if one]


def containers(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in objects:
        if one["kind"] in ("Deployment", "StatefulSet", "Job"):
            pod = one["spec"]["template"]["spec"]
            yield from (*pod.get("initContainers", ()), *pod["containers"])


def commands(container: dict[str, Any]) -> list[list[str]]:
    """What a container runs: its own, and what asks whether it lives."""
    probes = [container.get(name) or {} for name in ("livenessProbe", "startupProbe", "readinessProbe")]
    return [container.get("command") or container["args"], *(probe["exec"]["command"] for probe in probes if "exec" in probe)]


def not_in_the_image(objects: list[dict[str, Any]]) -> set[str]:
    """Programs and files that the chart would run, and that the image of docker/Dockerfile does not have."""
    found = set()
    for container in containers(objects):
        for command in commands(container):
            words = [word for part in command for word in part.split()]
            found |= {word for word in words if word.startswith("/") and not OURS.match(word)} | {words[0]} - PROGRAMS
    return found


def test_pods_run_what_the_image_has_and_read_secrets_from_files(tmp_path: Path) -> None:
    objects = rendered(VALUES)
    names = [container["name"] for container in containers(objects)]
    assert {"api-server", "scheduler", "watch", "dag-processor", "create-user", "run-airflow-migrations"} <= {*names}
    assert {container["image"] for container in containers(objects)} == {"registry.example.org/fanout:latest"}
    assert not_in_the_image(objects) == set()
    for container in containers(objects):
        given = {one["name"]: one for one in container["env"]}
        assert not [name for name, one in given.items() if "valueFrom" in one], container["name"]
        assert given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"]["value"] == "cat /etc/fanout/airflow_database"
        assert {"/data", "/etc/fanout"} <= {mount["mountPath"] for mount in container["volumeMounts"]}
    bare = yaml.safe_load(VALUES.read_text())
    for part in ("scheduler", "dagProcessor"):
        del bare[part]["livenessProbe"], bare[part]["logGroomerSidecar"]
    del bare["scheduler"]["startupProbe"]
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(bare))
    assert not_in_the_image(rendered(tmp_path / "values.yaml")) == {"/entrypoint", "/clean-logs"}


def test_a_key_that_the_chart_does_not_have_is_refused(tmp_path: Path) -> None:
    wrong = yaml.safe_load(VALUES.read_text())
    wrong["enableBuiltInSecretEnvVars"]["AIRFLOW__CORE__SQL_ALCHEMY_CONN"] = False
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(wrong))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        rendered(tmp_path / "values.yaml")
    assert "AIRFLOW__CORE__SQL_ALCHEMY_CONN" in refused.value.stderr
