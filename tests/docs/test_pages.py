"""What the pages point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.settings import CHECKOUT
from tests.docs.pages import PAGES


def links(text: str) -> list[str]:
    """The targets of links and pictures below the checkout, in prose, not in code."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", prose) if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """The names of a page's headings, as they stand behind a `#`."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    found = []
    for target in links(page.read_text()):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
            found.append(target)
    return found


def test_pages_and_links_are_found() -> None:
    assert len(PAGES) > 15
    assert sum(len(links(page.read_text())) for page in PAGES) > 80


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A title\n[a](page.md#a-title) [b](gone.md) [c](#gone) `[d](code.md)` [e](https://example.org)\n")
    assert broken(page) == ["gone.md", "#gone"]
