"""The pages in Airflow's web server: what they show, and that nothing outside the Data Docs can be read through them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest


@pytest.fixture
def pages(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A browser that is logged in, on a home of its own; Airflow makes its home when it is imported."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
    monkeypatch.setenv("FANOUT_HOME", str(tmp_path))
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi.testclient import TestClient

    from operations.airflow_plugins import fanout_pages

    fanout_pages.app.dependency_overrides[get_user] = lambda: "somebody"
    yield TestClient(fanout_pages.app)
    fanout_pages.app.dependency_overrides.clear()


def test_every_page_asks_for_airflows_login(pages: Any) -> None:
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi.routing import APIRoute, APIWebSocketRoute

    from operations.airflow_plugins import fanout_pages

    routes = [route for route in fanout_pages.app.routes if isinstance(route, APIRoute | APIWebSocketRoute)]
    assert len(routes) == 4
    for route in routes:
        assert get_user in [dependency.call for dependency in route.dependant.dependencies]


def test_pages_of_an_empty_home(pages: Any) -> None:
    assert "Nothing is published yet" in pages.get("/ledger").text
    assert "No gate has run yet" in pages.get("/gates").text
    assert "No gate has run yet" in pages.get("/data_docs").text


def test_the_ledger_shows_the_current_marts(pages: Any, tmp_path: Path) -> None:
    version = tmp_path / "published" / "current"
    version.mkdir(parents=True)
    with duckdb.connect(str(version / "fanout.duckdb")) as marts:
        marts.execute(
            """
            create schema marts;
            create table marts.ingest_ledger as select 'shop' as source, date '2026-03-01' as dt, 'shop/<a>' as file,
                7 as rows_read, 4 as accepted, 1 as duplicate, 1 as quarantined, 1 as erased, 0 as withdrawn,
                true as is_balanced;
            create table marts.quarantine_reasons as select 'shop' as source, date '2026-03-01' as dt, 'not_json' as reason,
                null as example_id;
            create table marts.unreadable_files as select 'shop' as source, date '2026-03-01' as dt, 'x.gz' as file limit 0;
            """
        )
    text = pages.get("/ledger").text
    counts = "".join(f'<td class="number">{count}</td>' for count in (1, 7, 4, 1, 1, 1, 0))
    assert f"<td>shop</td>{counts}<td>True</td>" in text
    assert "<td>not_json</td><td></td>" in text
    assert "shop/&lt;a&gt;" in text
    assert "<h2>Unreadable files</h2>\n<p>None.</p>" in text


def test_gates_and_data_docs_are_found(pages: Any, tmp_path: Path) -> None:
    for name in ("gates/ingest_shop.json", "2026-03-01/gates/publication.json"):
        (tmp_path / "work" / name).parent.mkdir(parents=True)
        (tmp_path / "work" / name).write_text('{"passed": true}')
    site = tmp_path / "data_docs" / "ingest_shop" / "index.html"
    site.parent.mkdir(parents=True)
    site.write_text("<p>docs</p>")
    text = pages.get("/gates").text
    assert "<h2>gates/ingest_shop.json</h2>" in text
    assert "<h2>2026-03-01/gates/publication.json</h2>" in text
    assert 'href="/fanout/data_docs/ingest_shop/index.html"' in pages.get("/data_docs").text
    assert pages.get("/data_docs/ingest_shop/index.html").text == "<p>docs</p>"


def test_names_are_texts_whatever_is_in_them(pages: Any, tmp_path: Path) -> None:
    hostile = "<i>&\"'#? "
    (tmp_path / "work" / hostile / "gates").mkdir(parents=True)
    (tmp_path / "work" / hostile / "gates" / "publication.json").write_text(json.dumps({"name": f"面店 {hostile}"}))
    site = tmp_path / "data_docs" / hostile / "index.html"
    site.parent.mkdir(parents=True)
    site.write_text("<p>docs</p>")
    gates, docs = pages.get("/gates").text, pages.get("/data_docs").text
    assert "<i>" not in gates + docs
    assert "<h2>&lt;i&gt;&amp;" in gates
    assert "面店 &lt;i&gt;&amp;" in gates
    [link] = re.findall(r'<li><a href="/fanout([^"]*)">&lt;i&gt;&amp;', docs)
    assert pages.get(link).text == "<p>docs</p>"


@pytest.mark.parametrize("path", ["%2e%2e/secret", "ingest_shop/%2e%2e/%2e%2e/secret", "link", "none"])
def test_nothing_outside_the_data_docs_is_given_away(path: str, pages: Any, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "data_docs" / "ingest_shop").mkdir(parents=True)
    (tmp_path / "data_docs" / "link").symlink_to(tmp_path / "secret")
    assert pages.get(f"/data_docs/{path}").status_code == 404
