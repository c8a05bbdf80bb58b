"""Data Docs that can be read offline: Great Expectations' pages without what they fetch from the network, and a new first page.

Great Expectations' own first page is a list that a remote script fills, so it stays empty on a machine without a network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from expectations.findings import Finding
from expectations.suites import Severity

_REMOTE = re.compile(
    r'<script[^>]*\ssrc="https?://[^>]*>\s*</script>|<link[^>]*\shref="https?://[^>]*>|<img[^>]*\ssrc="https?://[^>]*>'
    r"|background: url\('https?://[^;]*;"
)
_FOOTER = re.compile(r"<footer.*?</footer>", re.DOTALL)
_STYLE = Markup("""<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } a { color: #1f6f8b } ol, ul { padding-left: 1.2rem }
table { border-collapse: collapse; margin: .5rem 0 1rem }
td, th { border-bottom: 1px solid #e4e7eb; padding: .3rem 1.2rem .3rem 0; text-align: left; vertical-align: top }
.fail { color: #b42318; font-weight: 600 } .warn { color: #8a5a00 }
.fail, .warn { overflow-wrap: anywhere } .number { text-align: right }
</style>""")


class _Row(NamedTuple):
    """What the first page says of a table; `page` is that of Great Expectations, from the folder."""

    table: str
    expectations: int
    refused: list[Finding]
    page: str | None


def readable_offline(folder: Path, title: str, findings: Sequence[Finding], refused: Sequence[Finding]) -> None:
    """Make the pages below `folder` readable offline, and replace `index.html`: a row a table, those with failures first."""
    for page in folder.rglob("*.html"):
        content = _FOOTER.sub("", _REMOTE.sub("", page.read_text(encoding="utf-8")))
        page.write_text(content.replace("</head>", f"{_STYLE}</head>", 1), encoding="utf-8")
    rows = [_row(folder, table, findings, refused) for table in sorted({finding.table for finding in findings})]
    rows.sort(key=lambda row: (-sum(one.severity is Severity.FAIL for one in row.refused), -len(row.refused)))
    loader = FileSystemLoader(Path(__file__).resolve().parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    index = environment.get_template("data_docs.html.j2").render(title=title, style=_STYLE, rows=rows)
    (folder / "index.html").write_text(index, encoding="utf-8")


def _row(folder: Path, table: str, findings: Sequence[Finding], refused: Sequence[Finding]) -> _Row:
    pages = sorted((folder / "validations" / table).rglob("*.html"))
    return _Row(
        table,
        expectations=sum(finding.table == table for finding in findings),
        refused=[finding for finding in refused if finding.table == table],
        page=str(pages[0].relative_to(folder)) if pages else None,
    )
