"""OpenLineage events of a command: START, then COMPLETE or FAIL (https://openlineage.io/spec/2-0-2/OpenLineage.json).

    sys.exit(emitting(main, Job("static_site", inputs, outputs)))

Events go into `FANOUT_HOME/lineage/<day>.jsonl`, one line each, and to FANOUT_LINEAGE_URL if it is set. The command's result
never depends on them: a fault is a warning, an endpoint that does not answer is given up, and the file is kept.

A run's id follows from the command, its arguments and FANOUT_RUN_ID, so that a task which is tried again is the same run;
`eventTime` is the clock's. An event holds names and numbers: no text of an error, and nothing of a row.
"""

from __future__ import annotations

import io
import json
import os
import queue
import sys
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract.settings import SettingError, Settings, parse_as_of
from lineage.names import NAMESPACE

PRODUCER = "urn:fanout"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets"
_RUNS = uuid.UUID("c2f8b5d3-6f0a-5a53-9d6c-5b6f6f4a9a51")
_ANSWER_SECONDS = 2.0
_WAIT_SECONDS = 5.0  # at the end of a command, for events that are on their way
NO_DAY = "no_day"

Event = dict[str, Any]


class Arguments:
    """The arguments of a command as its caller wrote them."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    def __getitem__(self, option: str) -> str | None:
        """The value of an option, `--as-of 2026-03-20` or `--as-of=2026-03-20`; None if it is not there."""
        for at, word in enumerate(self.words):
            if word == option and at + 1 < len(self.words):
                return self.words[at + 1]
            if word.startswith(f"{option}="):
                return word.partition("=")[2]
        return None


def _none(_: Arguments) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Part:
    """A step within a command that has datasets of its own, such as a model of dbt."""

    name: str
    inputs: Sequence[str]
    output: str
    columns: Mapping[str, str]  # of the output, with their types


@dataclass(frozen=True)
class Job:
    """A command as lineage has it.

    Attributes:
        name: its module.
        inputs: names of the datasets that it reads, by its arguments.
        outputs: of those that it writes.
        applies: whether these arguments make it read and write them.
        parts: what it did, once it is done, by the settings and its arguments.
    """

    name: str
    inputs: Callable[[Arguments], Iterable[str]] = _none
    outputs: Callable[[Arguments], Iterable[str]] = _none
    applies: Callable[[Arguments], bool] = lambda _: True
    parts: Callable[[Settings, Arguments], Iterable[Part]] | None = None


def emitting(main: Callable[[], int], job: Job) -> int:
    """Run a command with its events; gives its exit status, or raises what it raises."""
    emitter = Emitter.of(job, Arguments(sys.argv[1:]))
    if emitter is None:
        return main()
    said = _LastLine(sys.stdout)
    emitter.start()
    try:
        with redirect_stdout(said):
            status = main()
    except BaseException as error:
        emitter.end(type(error).__name__, {})
        raise
    emitter.end(None if status == 0 else f"exit status {status}", said.report())
    return status


class Emitter:
    """Writes and sends the events of one run of a command."""

    def __init__(self, settings: Settings, job: Job, arguments: Arguments, day: str) -> None:
        self._settings, self._job, self._arguments, self._day = settings, job, arguments, day
        said = " ".join((job.name, *arguments.words))
        self._run = str(uuid.uuid5(_RUNS, f"{said}\0{day}\0{settings.run_id}"))
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._sender: threading.Thread | None = None
        self._began = datetime.now(UTC)

    @classmethod
    def of(cls, job: Job, arguments: Arguments) -> Emitter | None:
        """None where the command has none: it only tells how to use it, or its settings are impossible, as it says itself."""
        if {"-h", "--help"} & {*arguments.words} or not job.applies(arguments):
            return None
        try:
            settings = Settings.from_environment()
            given = arguments["--as-of"] or os.environ.get("AS_OF")
            day = parse_as_of(given).isoformat() if given else NO_DAY
        except SettingError:
            return None
        return cls(settings, job, arguments, day)

    def start(self) -> None:
        self._guarded(lambda: self._emit([self._event("START", {}, [])]))

    def end(self, fault: str | None, report: Mapping[str, Any]) -> None:
        """Tell how the command ended, wait for what is on its way, and no longer than `_WAIT_SECONDS`."""
        self._guarded(lambda: self._emit(self._last(fault, report)))
        if self._sender is not None:
            self._queue.put(None)
            self._sender.join(_WAIT_SECONDS)

    def _last(self, fault: str | None, report: Mapping[str, Any]) -> list[Event]:
        numbers = {name: value for name, value in report.items() if isinstance(value, int | float)}
        numbers["seconds"] = round((datetime.now(UTC) - self._began).total_seconds(), 3)
        facets: dict[str, Any] = {"fanout_report": _facet(f"{PRODUCER}:report", **numbers)}
        if fault is not None:
            where = f"{_FACETS}/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"
            facets["errorMessage"] = _facet(where, message=fault, programmingLanguage="PYTHON")
        parts = list(self._job.parts(self._settings, self._arguments)) if self._job.parts and fault is None else []
        return [*map(self._of_part, parts), self._event("COMPLETE" if fault is None else "FAIL", facets, parts)]

    def _of_part(self, part: Part) -> Event:
        where = f"{_FACETS}/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
        fields = [{"name": name, "type": kind} for name, kind in part.columns.items()]
        parent = f"{_FACETS}/1-1-0/ParentRunFacet.json#/$defs/ParentRunFacet"
        of = _facet(parent, run={"runId": self._run}, job={"namespace": NAMESPACE, "name": self._job.name})
        output = _dataset(part.output) | {"facets": {"schema": _facet(where, fields=fields)}}
        name, run = f"{self._job.name}.{part.name}", str(uuid.uuid5(_RUNS, f"{self._run}\0{part.name}"))
        return _event("COMPLETE", name, run, {"parent": of}, map(_dataset, part.inputs), [output])

    def _event(self, kind: str, facets: dict[str, Any], parts: Sequence[Part]) -> Event:
        if self._day != NO_DAY:
            where = f"{_FACETS}/1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet"
            facets = {"nominalTime": _facet(where, nominalStartTime=f"{self._day}T00:00:00Z")} | facets
        outputs = [*self._job.outputs(self._arguments)]
        return _event(
            kind,
            self._job.name,
            self._run,
            facets,
            map(_dataset, sorted({*self._job.inputs(self._arguments)})),
            map(_dataset, sorted({*outputs, *(part.output for part in parts)})),
        )

    def _emit(self, events: Iterable[Event]) -> None:
        lines = [json.dumps(event, separators=(",", ":")).encode() for event in events]
        folder = self._settings.home / "lineage"
        folder.mkdir(parents=True, exist_ok=True)
        _append(folder / f"{self._day}.jsonl", b"".join(line + b"\n" for line in lines))
        if self._settings.lineage_url is not None:
            if self._sender is None:
                self._sender = threading.Thread(target=self._send, args=(self._settings.lineage_url,), daemon=True)
                self._sender.start()
            for line in lines:
                self._queue.put(line)

    def _send(self, url: str) -> None:
        while (line := self._queue.get()) is not None:
            try:
                request = urllib.request.Request(url, line, {"Content-Type": "application/json"})
                urllib.request.urlopen(request, timeout=_ANSWER_SECONDS).close()
            except Exception as error:  # one that does not answer would cost each event its time
                _warn(f"FANOUT_LINEAGE_URL: {type(error).__name__}; the events are in {self._settings.home / 'lineage'}")
                return

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            _warn(f"{type(error).__name__}: no lineage of {self._job.name}")


class _LastLine(io.TextIOBase):
    """Passes text on and keeps its last line, the report."""

    def __init__(self, out: Any) -> None:
        self._out, self._line = out, ""

    def write(self, text: str) -> int:
        self._line = (self._line + text)[-_LONGEST_REPORT:]
        if "\n" in (ended := self._line.rstrip("\n")):
            self._line = self._line[ended.rindex("\n") + 1 :]
        self._out.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)

    def flush(self) -> None:
        self._out.flush()

    def fileno(self) -> int:
        return int(self._out.fileno())

    def isatty(self) -> bool:
        return bool(self._out.isatty())

    def report(self) -> dict[str, Any]:
        try:
            found = json.loads(self._line)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


_LONGEST_REPORT = 1 << 20


def _event(
    kind: str, job: str, run: str, facets: Mapping[str, Any], inputs: Iterable[Event], outputs: Iterable[Event]
) -> Event:
    return {
        "eventTime": datetime.now(UTC).isoformat(),
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
        "eventType": kind,
        "run": {"runId": run, "facets": facets},
        "job": {"namespace": NAMESPACE, "name": job, "facets": {}},
        "inputs": [*inputs],
        "outputs": [*outputs],
    }


def _dataset(name: str) -> Event:
    return {"namespace": NAMESPACE, "name": name}


def _facet(schema: str, **content: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": schema} | content


def _append(file: Path, content: bytes) -> None:
    """In one write, since commands that run at the same time share the file."""
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)


def _warn(text: str) -> None:
    print(f"WARNING lineage: {text}", file=sys.stderr, flush=True)
