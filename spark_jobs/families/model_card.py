"""The model card: one self-contained page that shows how far to trust the models of a day.

Each family that has models writes a section. The sections lie in the day's work folder, so that a family that runs alone
renews its own and leaves the others on the page.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contract.settings import Settings
from spark_jobs.families import FAMILIES


def write_model_card(settings: Settings, as_of: date, sections: Mapping[str, str]) -> Path:
    """Replace sections of a day's page, by family; readers see either the earlier page or the new one, whole."""
    work = settings.work(as_of) / "model_card"
    for family, section in sections.items():
        _replace(work / f"{family}.html", section)
    known = [work / f"{family.name}.html" for family in FAMILIES]
    written = [Markup(file.read_text(encoding="utf-8")) for file in known if file.exists()]
    page = settings.home / "model_cards" / f"{as_of.isoformat()}.html"
    _replace(page, render("families/model_card.html.j2", as_of=as_of.isoformat(), sections=written))
    return page


def render(template: str, **values: object) -> str:
    """A template of a room of the Spark jobs, by its path from there; `families/macros.html.j2` has figure and table."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).resolve().parents[1])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
