"""Why a command failed, told by the last lines that it wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.cause import cause, without_secrets

JVM = [
    "26/03/20 02:00:01 WARN NativeCodeLoader: Unable to load native-hadoop library",
    'Setting default log level to "WARN".',
    "[Stage 3:====>          (4 + 2) / 12]",
    "WARNING: Using incubator modules: jdk.incubator.vector",
]
TRACEBACK = """Traceback (most recent call last):
  File "/opt/fanout/spark_jobs/ingest/__main__.py", line 30, in main
    spark = session()
py4j.protocol.Py4JJavaError: An error occurred while calling o52.save.
: org.apache.spark.SparkException: Job aborted due to stage failure
\tat org.apache.spark.scheduler.DAGScheduler.abort(DAGScheduler.scala:2844)
Caused by: java.lang.RuntimeException: wrapped
\t... 12 more
Caused by: java.io.IOException: No space left on device
\tat java.base/java.io.FileOutputStream.write(Native Method)
\t... 31 more
""".splitlines()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["AS_OF=x is no date; write YYYY-MM-DD"], "AS_OF=x is no date; write YYYY-MM-DD", id="sentence"),
        pytest.param(["first", "the disk is full", *JVM], "the disk is full", id="before_the_jvm_ends"),
        pytest.param(["it is refused", '{"passed": false}', ""], "it is refused", id="before_a_report"),
        pytest.param(
            [*JVM, *TRACEBACK, *JVM],
            "py4j.protocol.Py4JJavaError: An error occurred while calling o52.save. "
            "Caused by: java.io.IOException: No space left on device",
            id="traceback_with_its_root",
        ),
        pytest.param(
            ["Traceback (most recent call last):", "  File", "KeyError: 'a'", *TRACEBACK[:2], "ValueError: b", "  in c"],
            "ValueError: b",
            id="the_last_of_two_tracebacks",
        ),
        pytest.param(["WARNING shop/x was left alone"], "WARNING shop/x was left alone", id="nothing_but_a_warning"),
        pytest.param(["", " "], "", id="blank"),
        pytest.param([], "", id="nothing"),
        pytest.param(["x" * 5_000], "x" * 600, id="long"),
    ],
)
def test_the_cause_is_the_last_error(lines: list[str], expected: str) -> None:
    assert cause(lines) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("post to https://chat.example/hook/T0/B1 failed", "post to *** failed"),
        ("sftp://shop:pass-word@files.example/in refused", "sftp://***@files.example/in refused"),
        ("GET https://s3.example/a?X-Amz-Signature=0af3&part=1", "GET https://s3.example/a?X-Amz-Signature=***&part=1"),
        ("postgresql://loader:p%40ss@bi.example/bi is a secret", "*** is a secret"),
        ("key 0123456789abcdef is too short", "key *** is too short"),
        ("shop/dt=2026-03-20 is missing", "shop/dt=2026-03-20 is missing"),
    ],
)
def test_no_secret_is_told(text: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FANOUT_ALERT_WEBHOOK", "https://chat.example/hook/T0/B1")
    monkeypatch.setenv("FANOUT_BI_DSN", "postgresql://loader:p%40ss@bi.example/bi")
    (tmp_path / "key").write_text("0123456789abcdef\n")
    monkeypatch.setenv("FANOUT_PSEUDONYM_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("FANOUT_SUPERSET_PASSWORD_FILE", str(tmp_path / "gone"))
    monkeypatch.setenv("EMPTY_PASSWORD", "")
    monkeypatch.setenv("SHORT_TOKEN", "a")
    assert without_secrets(text) == expected
    assert cause([text]) == expected
