"""The model card: one self-contained page that shows how far to trust the models of a day.

Each family that has models writes a section. The sections lie in the day's work folder, so that a family that runs alone
renews its own and leaves the others on the page.
"""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from contract.settings import Settings
from spark_jobs.families import FAMILIES

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:right}"
    "th:first-child,td:first-child{text-align:left}figure{display:inline-block;vertical-align:top;margin:0 1rem 1rem 0}"
    "figcaption{font-size:13px;max-width:24rem}"
)


def write_model_card(settings: Settings, as_of: date, sections: Mapping[str, str]) -> Path:
    """Renew some sections of a day's page, by family; a reader sees the earlier page or this one whole."""
    work = settings.work(as_of) / "model_card"
    for family, section in sections.items():
        _replace(work / f"{family}.html", section)
    known = [work / f"{family.name}.html" for family in FAMILIES]
    body = "".join(file.read_text(encoding="utf-8") for file in known if file.exists())
    page = settings.home / "model_cards" / f"{as_of.isoformat()}.html"
    _replace(
        page,
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Model card {as_of}</title><style>{_STYLE}</style>'
        f"<h1>Models of {as_of}</h1>{body}</html>\n",
    )
    return page


def figure(chart: str, caption: str) -> str:
    return f"<figure>{chart}<figcaption>{html.escape(caption)}</figcaption></figure>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>{body}</table>"


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
