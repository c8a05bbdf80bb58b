"""Data Docs that can be read offline: Great Expectations' pages without what they fetch from the network, and a first page.

Its own first page is a list that a script from elsewhere fills, so it stays empty on a machine without a network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from expectations.findings import Finding
from expectations.suites import Severity

_REMOTE = re.compile(
    r'<script[^>]*\ssrc="https?://[^>]*>\s*</script>|<link[^>]*\shref="https?://[^>]*>|<img[^>]*\ssrc="https?://[^>]*>'
    r"|background: url\('https?://[^;]*;"
)
_FOOTER = re.compile(r"<footer.*?</footer>", re.DOTALL)
_STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } a { color: #1f6f8b } ol, ul { padding-left: 1.2rem }
table { border-collapse: collapse; margin: .5rem 0 1rem }
td, th { border-bottom: 1px solid #e4e7eb; padding: .3rem 1.2rem .3rem 0; text-align: left; vertical-align: top }
.fail { color: #b42318; font-weight: 600 } .warn { color: #8a5a00 } .number { text-align: right }
</style>"""


def readable_offline(folder: Path, title: str, findings: Sequence[Finding], refused: Sequence[Finding]) -> None:
    """Make the pages readable offline, and write `index.html` again: a row for each table, those with failures first."""
    for page in folder.rglob("*.html"):
        content = _FOOTER.sub("", _REMOTE.sub("", page.read_text(encoding="utf-8")))
        page.write_text(content.replace("</head>", f"{_STYLE}</head>", 1), encoding="utf-8")
    rows = []
    for table in dict.fromkeys(finding.table for finding in findings):
        mine = [finding for finding in refused if finding.table == table]
        failures = [finding for finding in mine if finding.severity is Severity.FAIL]
        expectations = sum(finding.table == table for finding in findings)
        rows.append((-len(failures), -len(mine), table, expectations, mine))
    body = "".join(
        _row(folder, table, expectations, mine) for _, _, table, expectations, mine in sorted(rows, key=lambda row: row[:3])
    )
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>{_STYLE}'
    columns = '<tr><th>table</th><th class="number">expectations</th><th>what was refused</th></tr>'
    shown = f"<h1>{escape(title)}</h1><table>{columns}{body}</table>"
    index = f'<!doctype html><html lang="en"><head>{head}</head><body>{shown}</body></html>'
    (folder / "index.html").write_text(index, encoding="utf-8")


def _row(folder: Path, table: str, expectations: int, refused: list[Finding]) -> str:
    pages = sorted((folder / "validations" / table).rglob("*.html"))
    name = escape(table)
    if pages:
        name = f'<a href="{quote(str(pages[0].relative_to(folder)))}">{name}</a>'
    said = "<br>".join(f'<span class="{finding.severity.value}">{escape(finding.sentence)}</span>' for finding in refused)
    return f'<tr><td>{name}</td><td class="number">{expectations}</td><td>{said or "nothing"}</td></tr>'
