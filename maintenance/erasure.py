"""What becomes of the files that name people who asked to be forgotten.

| where | what |
|---|---|
| event tables | the line is erased, as the ingest erases lines; dead files go |
| derived tables | the day goes from all of them; its models are computed again by their command |
| `published/` | the rows go, the other rows stay as they were published; the day is handed on again |
| logs, lineage events, receipts and journals of deliveries | the id is overwritten with stars |
| databases of Airflow and Superset | the id is replaced, and the free pages are given back |
| everything else that was made for a day | the file goes; its command makes it again |
| the landing | FANOUT_REWRITE_LANDING: the line is emptied; otherwise it is listed |
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing, nullcontext
from datetime import date
from io import BytesIO
from pathlib import Path

from contract.settings import SettingError, Settings
from maintenance.airflow_metadata import give_back
from maintenance.decode import kind_of
from maintenance.lake import Step
from maintenance.landing import NotRewritten, rewrite
from maintenance.needles import Needles
from maintenance.retention import remove
from maintenance.search import LAKE, LANDING, Finding
from publication.forget import forget
from publication.versions import DATABASE, RUN, newest_day, one_publisher
from spark_jobs.engine.session import spark_session
from spark_jobs.ingest.job import erase_lines

_AS_OF = re.compile(r"/as_of=(\d{4}-\d{2}-\d{2})/")
_MADE_AGAIN = ("bi_parquet", "data_docs", "docs", "exports", "model_cards", "returns", "site", "work")
_LOCKED = ("exports", "published", "site")  # whose writers hold a lock
_OVERWRITTEN = ("logs", "lineage", "exports/deliveries", "exports/receipts", "airflow/logs")


def derived_days(findings: Iterable[Finding]) -> set[str]:
    """The days of derived tables that name anybody."""
    found = (
        _AS_OF.search(finding.name) for finding in findings if finding.place.startswith(f"{LAKE}/") and not finding.is_dead
    )
    return {day[1] for day in found if day}


def days_to_hand_on(settings: Settings, findings: Iterable[Finding]) -> list[date]:
    """The published days that name anybody, and after them the newest, which alone PostgreSQL is given; none if none does."""
    paths = [finding.path for finding in findings if finding.place == "published" and finding.path is not None]
    days = {path.parent.parent.name for path in paths if path.name == DATABASE and not path.parent.name.startswith(".")}
    newest = {newest_day(settings.published)} if days else set()
    return sorted(date.fromisoformat(day) for day in days | newest if day)


def erase_events(settings: Settings, findings: Iterable[Finding], step: Step) -> int:
    """Erase lines of the event tables; a JVM is started only where there are any. The caller holds no lock of the lake."""
    places: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for finding in findings:
        if finding.place.startswith(f"{LAKE}/") and not finding.is_dead:
            places[finding.place.removeprefix(f"{LAKE}/").removesuffix("_events")] |= {*finding.lines}
    found = {source: lines for source, lines in places.items() if lines}
    if found:
        step("erase events")
        spark = spark_session("maintenance", settings)
        for source, lines in found.items():
            erase_lines(spark, settings, source, sorted(lines))
    return sum(map(len, found.values()))


def erase_files(settings: Settings, findings: Iterable[Finding], needles: Needles, step: Step) -> Counter[str]:
    """Take people out of the files of FANOUT_HOME; gives how many were removed, rewritten and overwritten."""
    done: Counter[str] = Counter()
    for finding in findings:
        path = finding.path
        if path is None or finding.why or finding.place.startswith(LAKE) or finding.place == LANDING or not path.exists():
            continue
        step(f"erase {finding.place}")
        folder = settings.home / finding.place
        with one_publisher(folder) if finding.place in _LOCKED else nullcontext():
            if path.exists():
                done += _erase_file(finding, path, needles)
    return done


def _erase_file(finding: Finding, path: Path, needles: Needles) -> Counter[str]:
    if finding.place == "published" and path.name == DATABASE and not path.parent.name.startswith("."):
        return Counter(rows_of_published=forget(path.parent, needles.rows))
    if finding.place == "published" and path.parent.name.startswith("."):  # a killed publisher left it
        remove(path.parent)
        return Counter(removed=1)
    if _is_sqlite(path):
        _replace(path, needles)
        return Counter(databases=1)
    if finding.name.startswith(_OVERWRITTEN) and not needles.in_stream(BytesIO(path.name.encode())):
        _overwrite(path, needles)
        return Counter(overwritten=1)
    if finding.place in _MADE_AGAIN or finding.name.startswith(_OVERWRITTEN):
        if finding.place == "bi_parquet":
            (path.parent / RUN).unlink(missing_ok=True)  # so that the next load writes the version again
        remove(path)
        return Counter(removed=1)
    return Counter()


def empty_landing_lines(settings: Settings, findings: Iterable[Finding], step: Step) -> tuple[int, dict[str, str]]:
    """Empty the lines of landing files; gives how many files, and of others the reason."""
    count, refused = 0, dict[str, str]()
    for finding in findings:
        if finding.place == LANDING:
            step("empty landing lines")
            try:
                rewrite(settings, finding.name, {line for _, line in finding.lines})
                count += 1
            except (NotRewritten, OSError, SettingError) as error:
                refused[finding.name] = str(error)
    return count, refused


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return kind_of(file.read(16)) == "sqlite"


def _overwrite(path: Path, needles: Needles) -> None:
    """Overwrite ids within a text, which stays as long as it is: a process that writes at its end goes on doing so."""
    with path.open("r+b") as file:
        content = file.read()
        masked = needles.masked(content)
        if masked != content:
            file.seek(0)
            file.write(masked)
            os.fsync(file.fileno())


def _replace(path: Path, needles: Needles) -> None:
    """Overwrite ids in every text of a SQLite database, in one transaction, and give its free pages back."""
    with closing(sqlite3.connect(path, timeout=60)) as con, con:
        con.text_factory = bytes
        for (name,) in con.execute("select name from sqlite_master where type = 'table' and sql is not null").fetchall():
            table = '"' + name.decode().replace('"', '""') + '"'
            for _, column, *_ in con.execute(f"pragma table_info({table})").fetchall():
                cell = '"' + column.decode().replace('"', '""') + '"'
                rows = con.execute(
                    f"select rowid, {cell}, typeof({cell}) from {table} where typeof({cell}) in ('text', 'blob')"
                )
                changed = [
                    (masked if kind == b"blob" else masked.decode("utf-8", "replace"), row)
                    for row, content, kind in rows
                    if (masked := needles.masked(content)) != content
                ]
                con.executemany(f"update {table} set {cell} = ? where rowid = ?", changed)
    give_back(path)
