"""The first page of the Data Docs: what it says of each table, whatever the names are."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from expectations.data_docs import readable_offline
from expectations.findings import Finding
from expectations.suites import Severity

HOSTILE = "<i>&\"'#?%20"


def test_tables_with_failures_come_first_and_lead_to_their_pages(tmp_path: Path) -> None:
    (tmp_path / "validations" / "fans").mkdir(parents=True)
    (tmp_path / "validations" / "fans" / "run.html").write_text("<head></head>")
    findings = [
        Finding("circles", "key", Severity.FAIL, "a meaning", 0, None),
        Finding("cascades", "usual", Severity.WARN, "a meaning", 1, None),
        Finding("fans", "key", Severity.FAIL, "a meaning", 2, '{"fan":"u-1"}'),
        Finding("fans", "order", Severity.FAIL, "a meaning", 0, None),
    ]
    readable_offline(tmp_path, "publication", findings, findings[1:3])
    rows = re.findall(r"<tr><td>(.*?)</tr>", (tmp_path / "index.html").read_text(), re.DOTALL)
    assert [" ".join(re.sub(r"<[^>]*>", " ", unescape(row)).split()) for row in rows] == [
        """fans 2 fail fans, 'key': 2 rows break it, first {"fan":"u-1"} (a meaning)""",
        "cascades 1 warn cascades, 'usual': 1 rows break it (a meaning)",
        "circles 1 nothing",
    ]
    assert rows[0].startswith('<a href="validations/fans/run.html">fans</a>')


def test_names_are_texts_whatever_is_in_them(tmp_path: Path) -> None:
    page = tmp_path / "validations" / HOSTILE / "run.html"
    page.parent.mkdir(parents=True)
    page.write_text("<head></head>")
    finding = Finding(HOSTILE, HOSTILE, Severity.FAIL, HOSTILE, 1, HOSTILE)
    readable_offline(tmp_path, HOSTILE, [finding], [finding])
    index = (tmp_path / "index.html").read_text()
    assert "<i>" not in index
    assert index.count("&lt;i&gt;&amp;") == 7  # title and heading, the table, and four in the sentence
    [link] = re.findall(r'href="([^"]*)"', index)
    assert not set(link) & set("<>&'#?")
    assert tmp_path / unquote(link) == page
