"""SQL of the project without dbt: of a macro, or of a model over queries that stand for what it reads."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment

from dbt_project.build import PROJECT


def macro(call: str) -> str:
    return _environment().from_string(_macros() + "{{ " + call + " }}").render()


def model(name: str, tables: Mapping[str, str], **variables: str) -> str:
    environment = _environment()
    environment.globals |= {"var": variables.__getitem__, "ref": lambda table: f"({tables[table]})", "config": lambda **_: ""}
    (path,) = (PROJECT / "models").rglob(f"{name}.sql")
    return environment.from_string(_macros() + path.read_text(encoding="utf-8")).render()


def _environment() -> Environment:
    return Environment(extensions=["jinja2.ext.do"])


def _macros() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "macros").glob("*.sql")))
