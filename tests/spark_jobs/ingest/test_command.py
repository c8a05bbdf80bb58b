"""The commands of the ingest: what they refuse, and how they tell of a fault."""

from __future__ import annotations

import json

import pytest
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from contract.settings import Settings
from spark_jobs.ingest import command, withdraw
from spark_jobs.ingest.job import ingest

from .test_job import deliver, event, loaded, text

TRACEBACK = """
  File "files.py", line 1, in read_blocks
    with open(path, "rb") as file:
PermissionError: [Errno 13] Permission denied: '/in/shop/dt=2026-03-01/a.jsonl'
"""


@pytest.fixture
def session(spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> SparkSession:
    """Commands find the test's settings in the environment, and its session."""
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    monkeypatch.setenv("FANOUT_LANDING", str(settings.landing))
    monkeypatch.setattr(command, "spark_session", lambda *_args, **_options: spark)
    return spark


def test_a_fault_of_the_storage_is_told_in_one_sentence(session: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_spark: SparkSession, _settings: Settings) -> dict[str, object]:
        raise PythonException(TRACEBACK)

    assert command.run("ingest_shop", broken) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        "ingest_shop: PermissionError: [Errno 13] Permission denied: '/in/shop/dt=2026-03-01/a.jsonl'; nothing"
    )
    assert len(err.splitlines()) == 1


def test_a_fault_of_the_code_keeps_its_traceback(session: SparkSession) -> None:
    def broken(_spark: SparkSession, _settings: Settings) -> dict[str, object]:
        raise PythonException("KeyError: 'fate'")

    with pytest.raises(PythonException, match="fate"):
        command.run("ingest_shop", broken)


@pytest.mark.parametrize(
    "arguments",
    [
        "--source shop",
        "--source shop --file a",
        "--source shop --file a --id e --because x",
        "--source shop --because x",
        "--source shop --put-back",
        "--source mall --file a --because x",
    ],
)
def test_withdraw_asks_what_and_why(arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["withdraw", *arguments.split()])
    with pytest.raises(SystemExit) as stopped:
        withdraw.main()
    assert stopped.value.code == 2


def test_withdraw_takes_an_event_of_one_source_and_puts_it_back(
    session: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["withdraw", "--source", "shop", *arguments])
        status = withdraw.main()
        return status, *capsys.readouterr()

    name = "shop/dt=2026-03-01/a.jsonl"
    other = event("e1").text.replace('"source": "x"', '"source": "y"').encode() + b"\n"
    deliver(settings, name, text([event("e1")]) + other)
    assert command.run("ingest_shop", lambda spark, found: ingest(spark, found, "shop")) == 0
    capsys.readouterr()
    status, _, err = call("--id", "e1", "--because", "nonsense")
    assert (status, "x, y" in err, "--event-source" in err) == (2, True, True)
    status, out, _ = call("--id", "e1", "--event-source", "y", "--because", "nonsense")
    assert (status, json.loads(out)["withdrawn"]) == (0, 1)
    assert loaded(session, settings) == {(name, 1): ("accepted", None), (name, 2): ("withdrawn", "nonsense")}
    status, out, _ = call("--put-back", "--because", "nonsense")
    assert (status, json.loads(out)["accepted"]) == (0, 1)
    status, _, err = call("--put-back", "--because", "nonsense")
    assert (status, "no withdrawn line" in err) == (2, True)
