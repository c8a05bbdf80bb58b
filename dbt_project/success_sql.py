"""The marts of merchant success in a warehouse that dbt did not build: one that is made by hand, to test or to measure exports.

They read marts alone, so their SQL can be run wherever these stand. `tests/dbt_project/test_success_sql.py` compares the result
with what dbt makes of the same files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter

from jinja2 import Environment

from contract.tables import TABLES
from dbt_project.build import PROJECT

_MARTS = PROJECT / "models" / "marts"
_REF = re.compile(r"ref\('(\w+)'\)")


def statements(variables: Mapping[str, str]) -> Iterator[str]:
    """SQL that makes these marts as they are declared, each after those that it reads.

    Args:
        variables: of `dbt_project.build.variables`.
    """
    marts = {path.stem: path.read_text(encoding="utf-8") for path in _MARTS.rglob("*.sql")}
    reads = {path.stem: {*_REF.findall(marts[path.stem])} for path in (_MARTS / "success").glob("*.sql")}
    derived = {name: inputs for name, inputs in reads.items() if inputs and inputs <= marts.keys()}
    macros = "".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "macros").glob("*.sql")))
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {"var": variables.__getitem__, "ref": "marts.{}".format}
    for name in TopologicalSorter(derived).static_order():
        if name in derived:
            columns = ", ".join(f"{column.name} {column.type}" for column in TABLES[name].mart_columns)
            yield f"create or replace table marts.{name} ({columns})"
            yield f"insert into marts.{name} by name\n{environment.from_string(macros + marts[name]).render()}"
