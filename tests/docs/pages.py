"""The pages that a person reads, and how the tests look at them."""

from __future__ import annotations

import re
from pathlib import Path

from contract.settings import CHECKOUT

# Folders of the checkout that Python imports; the tests are none of the product.
ROOMS = sorted(file.parent.name for file in CHECKOUT.glob("*/__init__.py") if file.parent.name != "tests")
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("benchmarks/*.md"), *CHECKOUT.glob("docs/**/*.md")])


def modules() -> dict[str, Path]:
    """Every module of the rooms by its name; `__main__` and `__init__` under that of their package."""
    found = {}
    for room in ROOMS:
        for file in sorted((CHECKOUT / room).rglob("*.py")):
            name = ".".join(file.relative_to(CHECKOUT).with_suffix("").parts)
            found[name] = file
    return found


def section(page: str, heading: str) -> str:
    """The text below a heading, up to the next one of its level or above; empty if there is no such heading."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", page, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def table(text: str) -> list[list[str]]:
    """The rows of the first table of a text, without the row of its names."""
    found = re.search(r"^\|.*\|\n\|[-|: ]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    assert found, f"no table in: {text[:100]}"
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in found[1].splitlines()]


def code(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)
