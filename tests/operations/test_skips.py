"""A skipped test fails CI unless data beside the checkout are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.skips import main

REPORT = '<testsuites><testsuite><testcase classname="tests.a" name="test_b">{}</testcase></testsuite></testsuites>'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param("", 0, id="run"),
        pytest.param('<skipped message="../shared/data is missing"/>', 0, id="missing_data"),
        pytest.param('<skipped message="no LibreOffice here"/>', 1, id="missing_program"),
        pytest.param("<skipped/>", 1, id="no_reason"),
    ],
)
def test_skips(body: str, status: int, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT.format(body))
    assert main([str(report)]) == status


def test_a_report_without_tests_and_no_report_fail(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text("<testsuites/>")
    assert main([str(report)]) == 1
    assert main([]) == 1
