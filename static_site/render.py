"""A page as one HTML file that needs nothing else: data, charts, styles and the library that draws them are inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from static_site.published_day import PublishedDay
from static_site.section import Choice, Form, Page, Section

TABLE_ROWS = 60
TEMPLATES = Path(__file__).resolve().parent / "templates"
# Amounts are written as the exact numbers they are.
_JSON = msgspec.json.Encoder(decimal_format="number", order="deterministic")
# What could end the script that the text stands in, or its line, becomes an escape; JSON has these only in strings.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render(page: Page, day: PublishedDay, pages: Sequence[Page]) -> bytes:
    """The file of a page.

    Args:
        pages: all of the site, the index first: what the page links to.
    """
    parts = _parts(page, day)
    has_charts = any(part["chart"] for part in parts)
    scripts = [vega_bundle(), Markup((TEMPLATES / "page.js").read_text(encoding="utf-8"))] if has_charts else []
    return (
        _template()
        .render(
            page=page,
            parts=parts,
            links=[(other.name, other.title) for other in pages],
            cards=pages[1:] if page is pages[0] else [],
            day=day.as_of.isoformat(),
            currency=day.currency,
            timezone=day.run["timezone"],
            version=day.run["version"],
            has_charts=has_charts,
            choices=[choice.name for choice in page.choices if len(choice.options) > 1],
            scripts=scripts,
            hashes=Markup(" ".join(_hash(script) for script in scripts) or "'none'"),
            style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        )
        .encode()
    )


def _parts(page: Page, day: PublishedDay) -> list[dict[str, Any]]:
    """What the template needs of each section. A choice is shown once, by the first chart that uses it."""
    shown: set[str] = set()
    parts = []
    for section in page.sections:
        choices = [choice for choice in page.choices if choice.name in section.choices]
        chosen = section.table(page.first)
        part = {
            "title": section.title,
            "note": section.note,
            "empty": section.empty,
            "head": [{"title": column.title, "is_number": column.form is not Form.TEXT} for column in section.columns],
            "body": [[column.written(row[column.name]) for column in section.columns] for row in chosen[:TABLE_ROWS]],
            "left_out": max(len(chosen) - TABLE_ROWS, 0),
            "chosen": ", ".join(choice.options[0][1] for choice in choices),
            "reach": "",
            "chart": None,
            "meanings": section.meanings(day.currency),
        }
        if not section.rows:
            part["head"] = []
        elif section.chart is not None:
            part["chart"] = _chart(section, choices, shown)
            shown |= {choice.name for choice in choices}
        parts.append(part)
    return parts


def _chart(section: Section, choices: Sequence[Choice], shown: set[str]) -> Markup:
    assert section.chart is not None
    spec = section.chart.to_dict()
    spec["description"] = section.title
    spec["params"] = [_parameter(choice, is_shown=choice.name not in shown) for choice in choices]
    names = list(section.rows[0])
    chart = {
        "spec": spec,
        "labels": {choice.name: list(choice.options) for choice in choices},
        "data": {name: [row[name] for row in section.rows] for name in names},
    }
    return in_script(chart)


def _parameter(choice: Choice, *, is_shown: bool) -> dict[str, Any]:
    """The Vega-Lite parameter of a choice; with one option there is nothing to choose."""
    parameter: dict[str, Any] = {"name": choice.name, "value": choice.options[0][0]}
    if is_shown and len(choice.options) > 1:
        parameter["bind"] = {
            "input": "select",
            "element": f"#choice-{choice.name}",  # of its own: Vega clears it
            "name": choice.title,
            "options": [value for value, _ in choice.options],
            "labels": [text for _, text in choice.options],
        }
    return parameter


def in_script(value: object) -> Markup:
    """JSON that can stand in a script element, whatever its strings say.

    >>> in_script({"name": "</script>"})
    Markup('{"name":"\\\\u003c/script\\\\u003e"}')
    """
    return Markup(_JSON.encode(value).decode().translate(_ESCAPES))


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@cache
def vega_bundle() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    return Markup(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html.j2")
