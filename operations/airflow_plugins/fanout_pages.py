"""Pages in Airflow's web server, linked from every DAG's page: the ledger, the gates' results, their Data Docs.

They require Airflow's login, and only read.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from airflow.api_fastapi.core_api.security import get_user
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse

from contract.settings import Settings

PREFIX = "/fanout"
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
        return _page("Ledger", "<p>Nothing is published yet.</p>")
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
        return _page(
            "Ledger", "".join(f"<h2>{title}</h2>{_table(part.columns, part.fetchall())}" for title, part in parts.items())
        )


@app.get("/gates", response_class=HTMLResponse)
def gates() -> str:
    """The last result of every gate, of every day."""
    work = Settings.from_environment().home / "work"
    parts = [
        f"<h2>{escape(str(file.relative_to(work)))}</h2><pre>{escape(json.dumps(json.loads(file.read_text()), indent=1))}</pre>"
        for file in sorted([*work.glob("gates/*.json"), *work.glob("*/gates/*.json")], reverse=True)
    ]
    return _page("Gate results", "".join(parts) or "<p>No gate has run yet.</p>")


@app.get("/data_docs", response_class=HTMLResponse)
def data_docs() -> str:
    """The Data Docs of every gate."""
    folder = _docs_folder()
    sites = sorted(
        page.parent.relative_to(folder) for page in folder.glob("**/index.html") if not page.parent.name.startswith(".")
    )
    items = "".join(
        f'<li><a href="{PREFIX}/data_docs/{escape(str(site))}/index.html">{escape(str(site))}</a></li>' for site in sites
    )
    return _page("Data Docs", f"<ul>{items}</ul>" if items else "<p>No gate has run yet.</p>")


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


def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if value is None else escape(str(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, body: str) -> str:
    style = (
        "body{font:15px system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}"
        "td,th{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:left;font-variant-numeric:tabular-nums}"
    )
    links = "".join(f'<a href="{PREFIX}/{name}">{name.replace("_", " ")}</a> · ' for name in ("ledger", "gates", "data_docs"))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Fanout: {title}</title><style>{style}</style>'
        f'<p>{links}<a href="/">Airflow</a></p><h1>{title}</h1>{body}</html>'
    )


class FanoutPages(AirflowPlugin):
    """Mounts the pages and adds them to Airflow's menu."""

    name = "fanout_pages"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "Fanout"}]  # noqa: RUF012  (so declared by Airflow)
    external_views = [  # noqa: RUF012
        {"name": title, "href": f"{PREFIX}/{path}", "destination": "nav", "url_route": f"fanout_{path}"}
        for title, path in (("Ledger", "ledger"), ("Gate results", "gates"), ("Data Docs", "data_docs"))
    ]
