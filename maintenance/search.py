"""Where a deployment says something of people: every file of FANOUT_HOME and of the lake, and of the landing those with lines
that were erased."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.fs import FileSelector, FileType

from contract.events import ERASURE_REQUEST, SOURCES, Fate
from contract.object_store import SCHEME, filesystem, is_uri
from contract.settings import Settings
from maintenance.decode import Open, Unsearchable, names_anybody, parquet_rows
from maintenance.lake import tables
from maintenance.landing import open_landed, remaining
from maintenance.needles import Needles
from maintenance.retention import is_held
from spark_jobs.lake.event_tables import ERASED_PEOPLE, erased_people, erasure_requests
from spark_jobs.lake.files import select

LAKE, LANDING, REPORTS = "lake", "landing", "erasure"
_EVENT_TABLES = tuple(f"{source}_events" for source in SOURCES)
# Says whom to forget, which every later delivery is compared with.
_LIST = ERASED_PEOPLE


@dataclass(frozen=True)
class Finding:
    """A file that names people.

    Attributes:
        place: the folder of FANOUT_HOME that it lies in, or `lake/<table>`, or `landing`.
        name: its path below FANOUT_HOME, the lake or the landing.
        sha256: of its bytes.
        path: where it lies, if it is a file of this machine.
        is_dead: a data file that the table no longer names.
        lines: of a data file of an event table, the lines (file, line) that name people and are no request to be forgotten.
        why: it could not be searched, for this reason.
    """

    place: str
    name: str
    sha256: str
    path: Path | None = None
    is_dead: bool = False
    lines: tuple[tuple[str, int], ...] = ()
    why: str = ""


@dataclass
class Searched:
    """What was looked at in a place: files, bytes, and a digest of the names and contents of all its files."""

    files: int = 0
    bytes: int = 0
    digests: dict[str, str] = field(default_factory=dict)

    def sha256(self) -> str:
        return hashlib.sha256("".join(f"{sha} {name}\n" for name, sha in sorted(self.digests.items())).encode()).hexdigest()


@dataclass
class Search:
    """What a search saw and found."""

    people: int
    searched: dict[str, Searched] = field(default_factory=lambda: defaultdict(Searched))
    findings: list[Finding] = field(default_factory=list)


def people_to_forget(settings: Settings) -> set[str]:
    """Everybody whose request was accepted, also where the ingest that has to erase them was killed."""
    return erasure_requests(settings) | erased_people(settings)


def search(settings: Settings, people: Iterable[str]) -> Search:
    """Look for people in the lake, in FANOUT_HOME and among the landing files that have lines of theirs.

    What may name them is left out: the requests themselves and the list of whom to forget.
    """
    needles = Needles(people)
    found = Search(needles.people)
    if needles.people:
        for finding in (
            *_lake(settings, needles, found),
            *_home(settings, needles, found),
            *landing_findings(settings, found),
        ):
            found.findings.append(finding)
    return found


def _home(settings: Settings, needles: Needles, found: Search) -> Iterator[Finding]:
    apart = {settings.home / REPORTS, Path(settings.lake)} | (
        {settings.landing} if isinstance(settings.landing, Path) else set()
    )
    others = [] if settings.bi_parquet is None else [settings.bi_parquet]
    for top in [settings.home, *(other for other in others if not other.is_relative_to(settings.home))]:
        for folder, folders, files in os.walk(top):
            folders[:] = sorted(name for name in folders if Path(folder, name) not in apart and not is_held(Path(folder, name)))
            for name in sorted(files):
                path = Path(folder, name)
                if path.is_symlink() or not path.is_file():
                    continue
                shown = path.relative_to(top).as_posix()
                place = shown.partition("/")[0] if top == settings.home else "bi_parquet"
                yield from _file(place, shown, partial(_opened, path), needles, found, path)


def _file(
    place: str, name: str, open_: Open, needles: Needles, found: Search, path: Path | None, *, is_dead: bool = False
) -> Iterator[Finding]:
    """Search one file; one that has gone meanwhile names nobody."""
    try:
        sha256 = _count(found, place, name, open_)
        try:
            is_named = needles.in_values(pa.array([name]))[0].as_py() or names_anybody(open_, needles, path)
        except Unsearchable as error:
            yield Finding(place, name, sha256, path, why=str(error))
            return
    except FileNotFoundError:
        return
    if is_named:
        yield Finding(place, name, sha256, path, is_dead)


def _count(found: Search, place: str, name: str, open_: Open) -> str:
    """Note a file as searched; gives its SHA-256."""
    with open_() as file:
        sha256 = hashlib.sha256()
        size = 0
        while piece := file.read(8 << 20):
            sha256.update(piece)
            size += len(piece)
    searched = found.searched[place]
    searched.files += 1
    searched.bytes += size
    searched.digests[name] = sha256.hexdigest()
    return sha256.hexdigest()


def _lake(settings: Settings, needles: Needles, found: Search) -> Iterator[Finding]:
    live = {name: {str(path) for path in table.file_uris()} for name, table in tables(settings).items()}
    for name, shown, open_, path in _lake_files(settings):
        table = name if name in live else ""
        place = f"{LAKE}/{table}".rstrip("/")
        if table == _LIST:
            continue
        is_dead = bool(table) and "_delta_log" not in shown and _uri(settings, shown) not in live[table]
        if table in _EVENT_TABLES and shown.endswith(".parquet") and "_delta_log" not in shown:
            yield from _event_file(place, shown, open_, needles, found, path, is_dead=is_dead)
        else:
            yield from _file(place, shown, open_, needles, found, path, is_dead=is_dead)


def _lake_files(settings: Settings) -> Iterator[tuple[str, str, Open, Path | None]]:
    """The files of the lake: name of the table's folder, path below the lake, how to open it, where it lies."""
    if is_uri(settings.lake):
        store, base = filesystem(), settings.lake.removeprefix(SCHEME)
        for info in store.get_file_info(FileSelector(base, recursive=True, allow_not_found=True)):
            if info.type is FileType.File:
                shown = info.path.removeprefix(f"{base}/")
                yield shown.partition("/")[0], shown, partial(store.open_input_file, info.path), None
        return
    for folder, folders, files in os.walk(settings.lake):
        folders.sort()
        for file in sorted(files):
            path = Path(folder, file)
            shown = path.relative_to(settings.lake).as_posix()
            yield shown.partition("/")[0], shown, partial(_opened, path), path


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _uri(settings: Settings, shown: str) -> str:
    return f"{settings.lake}/{shown}"


def _event_file(
    place: str, name: str, open_: Open, needles: Needles, found: Search, path: Path | None, *, is_dead: bool
) -> Iterator[Finding]:
    """A data file of an event table, whose lines may name people only where they are requests."""
    try:
        sha256 = _count(found, place, name, open_)
        with open_() as file:
            lines = [line for rows in parquet_rows(file) for line in _lines(rows, needles)]
    except FileNotFoundError:
        return
    except (OSError, pa.ArrowException) as error:
        yield Finding(place, name, sha256, path, is_dead, why=f"parquet: {error}")
        return
    if lines:
        yield Finding(place, name, sha256, path, is_dead, tuple(lines))


def _lines(rows: pa.RecordBatch, needles: Needles) -> Iterator[tuple[str, int]]:
    named = needles.rows(rows)
    if {"event_type", "event_key"} <= {*rows.schema.names}:
        is_request = pc.and_(pc.equal(rows["event_type"], ERASURE_REQUEST), pc.is_valid(rows["event_key"]))
        named = pc.and_not(named, pc.fill_null(is_request, False))
    for row in rows.filter(named).select(["file", "line"]).to_pylist():
        yield row["file"], row["line"]


def erased_lines(settings: Settings) -> dict[str, set[int]]:
    """The lines of landing files that were erased, by file."""
    lines: dict[str, set[int]] = defaultdict(set)
    for name, table in tables(settings).items():
        if name in _EVENT_TABLES:
            for row in select(table, "file, line", f"fate = '{Fate.ERASED}'"):
                lines[row["file"]].add(row["line"])
    return lines


def landing_findings(settings: Settings, found: Search) -> Iterator[Finding]:
    """Landing files whose erased lines still say something: their requests, and lines of others, are none of it."""
    for name, lines in sorted(erased_lines(settings).items()):
        open_ = partial(open_landed, settings, name)
        try:
            sha256 = _count(found, LANDING, name, open_)
            left = remaining(settings, name, lines)
        except FileNotFoundError:
            continue
        if left:
            path = settings.landing / name
            yield Finding(
                LANDING, name, sha256, path if isinstance(path, Path) else None, lines=tuple((name, line) for line in left)
            )
