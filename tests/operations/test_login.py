"""The login of a team's Airflow is not made without a password. tests/docker/test_deployment.py makes it, and logs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.login import main


def test_a_password_that_is_missing_or_short_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "password"
    assert main(["--password-file", str(file)]) == 2
    assert f"refused: --password-file cannot be read: [Errno 2] No such file or directory: '{file}'" in capsys.readouterr().err
    file.write_text("eleven-char\n")
    assert main(["--password-file", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"refused: {file} holds fewer than 12 characters")
    assert "eleven-char" not in said
