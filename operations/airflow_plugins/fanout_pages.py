"""Pages in Airflow's web server, linked from every DAG's page: the ledger, the gates' results, their Data Docs.

They require Airflow's login, and only read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from airflow.api_fastapi.core_api.security import get_user
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from contract.settings import Settings

PREFIX = "/fanout"
PAGES = {"ledger": "Ledger", "gates": "Gate results", "data_docs": "Data Docs"}
app = FastAPI(title="Fanout", dependencies=[Depends(get_user)])

_LEDGER_LINES = 500
_SUMS = """
    select
        source, count(*) as files, sum(rows_read) as rows_read, sum(accepted) as accepted, sum(duplicate) as duplicate,
        sum(quarantined) as quarantined, sum(erased) as erased, sum(withdrawn) as withdrawn,
        bool_and(is_balanced) as is_balanced
    from marts.ingest_ledger group by source order by source
"""


@app.get("/ledger", response_class=HTMLResponse)
def ledger() -> str:
    """What became of the lines of every file, newest delivery first, from the current marts."""
    import duckdb  # only when the page is asked for: tasks load this module too

    file = Settings.from_environment().published / "current" / "fanout.duckdb"
    if not file.exists():
        return _page("ledger", nothing="Nothing is published yet.")
    with duckdb.connect(str(file), read_only=True) as marts:
        sums = marts.sql(_SUMS)
        reasons = marts.sql("select * from marts.quarantine_reasons order by dt desc, source, reason")
        unreadable = marts.sql("select * from marts.unreadable_files order by dt desc, source, file")
        files = marts.sql(f"select * from marts.ingest_ledger order by dt desc, source, file limit {_LEDGER_LINES}")
        parts = {
            "Sources": sums,
            "Quarantined": reasons,
            "Unreadable files": unreadable,
            f"Files (newest {_LEDGER_LINES})": files,
        }
        return _page("ledger", tables=[(heading, part.columns, part.fetchall()) for heading, part in parts.items()])


@app.get("/gates", response_class=HTMLResponse)
def gates() -> str:
    """The last result of every gate, of every day."""
    work = Settings.from_environment().home / "work"
    files = sorted([*work.glob("gates/*.json"), *work.glob("*/gates/*.json")], reverse=True)
    results = [
        (str(file.relative_to(work)), json.dumps(json.loads(file.read_text()), indent=1, ensure_ascii=False)) for file in files
    ]
    return _page("gates", results=results, nothing="No gate has run yet.")


@app.get("/data_docs", response_class=HTMLResponse)
def data_docs() -> str:
    """The Data Docs of every gate."""
    folder = _docs_folder()
    sites = sorted(
        page.parent.relative_to(folder) for page in folder.glob("**/index.html") if not page.parent.name.startswith(".")
    )
    return _page("data_docs", sites=[str(site) for site in sites], nothing="No gate has run yet.")


@app.get("/data_docs/{path:path}", response_class=FileResponse)
def data_docs_file(path: str) -> Path:
    """A file of the Data Docs; nothing outside their folder."""
    folder = _docs_folder()
    file = (folder / path).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise HTTPException(404)
    return file


def _docs_folder() -> Path:
    return (Settings.from_environment().home / "data_docs").resolve()


def _page(
    path: str,
    *,
    tables: Sequence[tuple[str, list[str], list[tuple[Any, ...]]]] = (),
    results: Sequence[tuple[str, str]] = (),
    sites: Sequence[str] = (),
    nothing: str = "",
) -> str:
    """A page of tables (heading, columns, rows), results (heading, text) or sites; `nothing` is what it says without any."""
    return _template().render(
        title=PAGES[path],
        pages=PAGES,
        prefix=PREFIX,
        tables=tables,
        results=results,
        sites=sites,
        nothing=nothing,
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).resolve().parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("fanout_pages.html.j2")


class FanoutPages(AirflowPlugin):
    """Mounts the pages and adds them to Airflow's menu."""

    name = "fanout_pages"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "Fanout"}]  # noqa: RUF012  (so declared by Airflow)
    external_views = [  # noqa: RUF012
        {"name": title, "href": f"{PREFIX}/{path}", "destination": "nav", "url_route": f"fanout_{path}"}
        for path, title in PAGES.items()
    ]
