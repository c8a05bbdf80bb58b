"""Runs in MetricFlow's own environment, in the folder of a project: questions as JSON on stdin, their answers on stdout.

A question is {"metrics": […], "group_by": […]}; its answer a list of rows by column.
"""

import contextlib
import json
import sys
from typing import Any

from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest


def answers(questions: list[dict[str, list[str]]]) -> list[list[dict[str, Any]]]:
    configuration = CLIConfiguration()
    configuration.setup()
    found = []
    for question in questions:
        request = MetricFlowQueryRequest.create(metric_names=question["metrics"], group_by_names=question["group_by"])
        table = configuration.mf.query(request).result_df
        found.append([dict(zip(table.column_names, row, strict=True)) for row in table.rows])
    return found


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        result = answers(json.load(sys.stdin))
    json.dump(result, sys.stdout, default=str)
