"""A page of the site taken apart again: its elements, and the charts with their rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Row = dict[str, Any]


@dataclass
class Read(HTMLParser):
    """What a browser would find in a page."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[tuple[dict[str, str | None], str]] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.cdata = tag if tag in ("script", "style") else None
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if getattr(self, "cdata", None) == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = attributes, text + data
        elif getattr(self, "cdata", None) == "style":
            self.styles.append(data)
        else:
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.cdata = None

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def programs(self) -> list[str]:
        """Scripts that run."""
        return [text for attributes, text in self.scripts if not attributes]

    @property
    def charts(self) -> dict[str, dict[str, Any]]:
        """Specification, labels and data of each chart, by its title."""
        found = [json.loads(text) for attributes, text in self.scripts if attributes.get("class") == "chart-data"]
        return {chart["spec"]["description"]: chart for chart in found}

    def rows(self, title: str) -> list[Row]:
        """The rows of a chart."""
        data = self.charts[title]["data"]
        return [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]


def read(page: bytes) -> Read:
    reader = Read()
    reader.feed(page.decode())
    reader.close()
    return reader
