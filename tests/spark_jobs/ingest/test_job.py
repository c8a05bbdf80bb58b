"""Loads against a second way, in any order and any batches."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from deltalake import write_deltalake
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from contract.events import EVENT_TYPES, Field, Kind, Withdrawal
from contract.settings import SettingError, Settings
from spark_jobs.ingest import job
from spark_jobs.ingest.job import Ingest, LostLines, WithdrawalError, ingest, put_back, replay, withdraw
from spark_jobs.ingest.workers import ListedFile
from spark_jobs.lake import catalog, event_tables

from .brute_force import Landing, Written, fates, random_landing, write

CONFLICT = "conflicting_duplicate"


def table(spark: SparkSession, settings: Settings, source: str = "shop") -> DataFrame:
    return spark.read.format("delta").load(catalog.table_path(settings, f"{source}_events"))


def loaded(spark: SparkSession, settings: Settings) -> dict[tuple[str, int], tuple[str, str | None]]:
    rows = table(spark, settings).where("line > 0").select("file", "line", "fate", "reason").collect()
    assert len(rows) == len({(row.file, row.line) for row in rows})
    return {(row.file, row.line): (row.fate, row.reason) for row in rows}


def contents(spark: SparkSession, settings: Settings) -> list[str]:
    """Every row of the table as text, but for when a file was written; a widened table has its columns in another order."""
    rows = table(spark, settings).drop("modified_at")
    return sorted(rows.select(f.to_json(f.struct(*sorted(rows.columns)))).toPandas().iloc[:, 0])


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_and_batching_ends_in_the_fates_of_the_rules(spark: SparkSession, settings: Settings, seed: int) -> None:
    landing = random_landing(seed)
    expected = fates(landing)
    assert {fate for fate, _ in expected.values()} == {"accepted", "duplicate", "quarantined", "erased"}
    assert ("quarantined", "conflicting_duplicate") in expected.values()
    names = list(landing)
    random.Random(seed).shuffle(names)
    for batch in (names[:1], names[1:3], names[3:]):
        write({name: landing[name] for name in batch}, settings.landing_folder)
        ingest(spark, settings, "shop")
    assert loaded(spark, settings) == expected

    at_once = replace(settings, lake=f"{settings.lake}-at-once")
    report = ingest(spark, at_once, "shop")
    assert contents(spark, at_once) == contents(spark, settings)
    assert report["rows_in"] == len(expected)
    again = ingest(spark, at_once, "shop")
    assert again["rows_in"] == again["files"] == 0


def repeated_as_found(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """How many keys of several copies each commit from now on finds, None where they are too many."""
    found: list[int | None] = []
    search = job.Ingest._repeated

    def noted(*args: Any) -> Any:
        keys = search(*args)
        found.append(None if keys is None else len(keys))
        return keys

    monkeypatch.setattr(job.Ingest, "_repeated", noted)
    return found


@pytest.mark.parametrize("held", [0, 20], ids=["all copies", "repeated keys"])
def test_a_load_of_many_batches_and_buckets_ends_in_the_same_fates(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    """Each file is a commit of its own, and copies are looked for as they are where a load brings millions of events."""
    monkeypatch.setattr(job, "_BYTES_PER_BATCH", 1)
    monkeypatch.setattr(job, "_KEYS_HELD", held)
    monkeypatch.setattr(job, "_KEYS_PER_BUCKET", 5)
    monkeypatch.setattr(job, "_COPIES_PER_BUCKET", 5)
    monkeypatch.setattr(job, "_BROADCAST_BYTES", 0)
    found = repeated_as_found(monkeypatch)
    landing = random_landing(5, files=3)
    expected = fates(landing)
    assert {fate for fate, _ in expected.values()} == {"accepted", "duplicate", "quarantined", "erased"}
    write(landing, settings.landing_folder)
    ingest(spark, settings, "shop")
    assert loaded(spark, settings) == expected
    assert len(found) == 3
    assert all(keys is None if held == 0 else keys is not None and 0 < keys <= held for keys in found)


def test_what_a_line_keeps_depends_on_its_fate(spark: SparkSession, settings: Settings) -> None:
    landing = random_landing(3, files=2)
    write(landing, settings.landing_folder)
    ingest(spark, settings, "shop")
    rows = {(row.file, row.line): row for row in table(spark, settings).where("line > 0").collect()}
    for place, (fate, reason) in fates(landing).items():
        row, text = rows[place], landing[place[0]][place[1] - 1].text
        if fate == "accepted":
            event = json.loads(text)
            assert (row.event_id, row.user_id, row.raw) == (event["id"], event["data"]["user_id"], None)
            assert (str(row.event_date), row.event_month) == ("2026-02-28", "2026-02")
        elif fate == "quarantined":
            assert bytes(row.raw).decode() == text
            assert row.merchant_id is None
            assert reason
        elif fate == "erased":
            kept = {name for name, value in row.asDict().items() if value is not None}
            assert kept == {"fate", "dt", "file", "line"}


def test_lines_lie_in_the_month_of_their_business_date(spark: SparkSession, settings: Settings) -> None:
    """Newfoundland's clocks went back from 00:01 to 23:01 on the first of November 2009, and the local month with them."""
    there = replace(settings, timezone="America/St_Johns")
    months = {
        "2009-11-01T02:29:59Z": "2009-10",
        "2009-11-01T02:30:59Z": "2009-11",
        "2009-11-01T02:31:00Z": "2009-10",
        "2009-11-01T03:29:59Z": "2009-10",
        "2009-11-01T03:30:00Z": "2009-11",
        "2009-12-01T03:29:59Z": "2009-11",
        "2009-12-01T03:30:00Z": "2009-12",
    }
    lines = [
        Written(
            json.dumps(
                {"specversion": "1.0", "id": f"{kind} {time}", "source": "x", "type": kind, "time": time}
                | {"data": {"merchant_id": "m", "share_id": "s", "user_id": "u", "object_type": "product", "object_id": "p"}}
            )
        )
        for kind in ("shop.share_opened.v1", "shop.page_viewed.v1")
        for time in months
    ]
    write({"shop/dt=2009-12-01/a.jsonl": lines[::-1]}, settings.landing_folder)
    ingest(spark, there, "shop")
    rows = table(spark, there).where("fate = 'accepted'").select("event_id", "event_month", "event_date").collect()
    assert {row.event_id: row.event_month for row in rows} == {
        f"{kind} {time}": month for kind in ("shop.share_opened.v1", "shop.page_viewed.v1") for time, month in months.items()
    }
    assert all(f"{row.event_date:%Y-%m}" == row.event_month for row in rows)


def test_erasure_reaches_other_sources_whichever_loads_first(spark: SparkSession, settings: Settings) -> None:
    def line(type_: str, id_: str, **data: str) -> Written:
        envelope = {"specversion": "1.0", "id": id_, "source": "x", "type": type_, "time": "2026-02-28T12:00:00Z"}
        return Written(json.dumps(envelope | {"data": data}))

    joined = [line("group.member_joined.v1", f"j{user}", group_id="g", user_id=user) for user in ("u1", "u2")]
    ask = [line("shop.erasure_requested.v1", "r1", user_id="u1")]
    write({"group/dt=2026-03-01/a.jsonl": joined}, settings.landing_folder)
    ingest(spark, settings, "group")
    write({"shop/dt=2026-03-01/a.jsonl": ask}, settings.landing_folder)
    ingest(spark, settings, "shop")
    write({"group/dt=2026-03-02/b.jsonl": joined[:1]}, settings.landing_folder)
    ingest(spark, settings, "group")
    rows = table(spark, settings, "group").where("line > 0").select("file", "line", "fate").collect()
    assert {tuple(row) for row in rows} == {
        ("group/dt=2026-03-01/a.jsonl", 1, "erased"),
        ("group/dt=2026-03-01/a.jsonl", 2, "accepted"),
        ("group/dt=2026-03-02/b.jsonl", 1, "erased"),
    }


def test_a_request_that_contradicts_an_earlier_event_erases_nobody(spark: SparkSession, settings: Settings) -> None:
    """It has the source and id of an order: a conflicting copy, whether both come in one load or in two."""
    envelope = {"specversion": "1.0", "source": "x", "time": "2026-02-28T12:00:00Z"}

    def follow(id_: str) -> Written:
        data = {"merchant_id": "m", "user_id": "u1"}
        return Written(json.dumps(envelope | {"id": id_, "type": "shop.fan_followed.v1", "data": data}))

    request = envelope | {"id": "e1", "type": "shop.erasure_requested.v1", "data": {"user_id": "u1"}}
    landing = {
        "shop/dt=2026-03-01/a.jsonl": [follow("e1"), follow("e2")],
        "shop/dt=2026-03-02/b.jsonl": [Written(json.dumps(request))],
    }
    expected = fates(landing)
    assert sorted(fate for fate, _ in expected.values()) == ["accepted", "accepted", "quarantined"]
    for name in landing:
        write({name: landing[name]}, settings.landing_folder)
        ingest(spark, settings, "shop")
    assert loaded(spark, settings) == expected
    at_once = replace(settings, lake=f"{settings.lake}-at-once")
    ingest(spark, at_once, "shop")
    assert loaded(spark, at_once) == expected


def test_a_cut_file_waits_for_a_whole_copy_and_stops_no_other(spark: SparkSession, settings: Settings) -> None:
    landing: Landing = random_landing(4, files=2)
    write(landing, settings.landing_folder)
    cut, whole = (settings.landing_folder / name for name in landing)
    archived = gzip.compress(cut.read_bytes(), mtime=0)
    cut.unlink()
    archive = cut.with_name("part-0.jsonl.gz")
    archive.write_bytes(archived[:-20])
    os.utime(archive, (1, 1))  # decades old: it must not be taken for seen
    name = str(archive.relative_to(settings.landing_folder))
    report = ingest(spark, settings, "shop")
    assert report["unreadable_files"] == 1
    assert {place[0] for place in loaded(spark, settings)} == {str(whole.relative_to(settings.landing_folder))}
    marker = table(spark, settings).where(f.col("file") == name).collect()
    assert [(row.fate, row.line, row.bytes) for row in marker] == [("unreadable", 0, len(archived) - 20)]
    assert marker[0].error

    archive.write_bytes(archived)
    assert ingest(spark, settings, "shop")["unreadable_files"] == 0
    expected = fates(
        {
            name: landing[str(cut.relative_to(settings.landing_folder))],
            str(whole.relative_to(settings.landing_folder)): landing[str(whole.relative_to(settings.landing_folder))],
        }
    )
    assert loaded(spark, settings) == expected


def test_files_that_are_no_deliveries_are_named_and_left_alone(
    spark: SparkSession, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    good = {"shop/dt=2026-03-01/a b#%20é.jsonl": random_landing(5, files=1)["shop/dt=2026-03-01/part-0.jsonl"]}
    write(good, settings.landing_folder)
    strange = ("shop/2026-03-01/b.jsonl", "shop/dt=2026-03-01/c.jsonl/d.jsonl", "shop/dt=2026-03-01/e.csv")
    write({name: [Written("{")] for name in (*strange, "shop/dt=2026-03-01/_making.jsonl")}, settings.landing_folder)
    ingest(spark, settings, "shop")
    assert loaded(spark, settings) == fates(good)
    for name in ("shop/2026-03-01 ", "shop/dt=2026-03-01/c.jsonl ", "shop/dt=2026-03-01/e.csv "):
        assert name in caplog.text
    assert "_making" not in caplog.text
    ingest(spark, settings, "stream")  # its folder is missing
    assert "stream" in caplog.text
    assert table(spark, settings, "stream").isEmpty()


def test_replay_ends_where_a_first_load_under_the_fixed_rule_ends(spark: SparkSession, settings: Settings) -> None:
    def order(id_: str, day: int, amount: str, currency: str) -> str:
        data = {"merchant_id": "m", "order_id": id_, "user_id": "u", "amount": amount, "currency": currency}
        envelope = {
            "specversion": "1.0",
            "id": id_,
            "source": "x",
            "type": "shop.order_paid.v1",
            "time": f"2026-03-0{day}T12:00:00Z",
        }
        return json.dumps(envelope | {"data": data})

    days = {
        "shop/dt=2026-03-01/a.jsonl": [Written(order("o1", 1, "1", "GBP")), Written(order("o2", 1, "2", "GBP"))],
        "shop/dt=2026-03-02/a.jsonl": [Written(order("o1", 1, "1", "GBP")), Written(order("o1", 2, "9", "GBP")), Written("{")],
    }
    write(days, settings.landing_folder)
    ingest(spark, settings, "shop")
    assert {fate for fate, _ in loaded(spark, settings).values()} == {"quarantined"}
    fixed = replace(settings, currency="GBP")
    report = replay(spark, fixed, "shop", ["unsupported_currency"], [])
    assert (report["accepted"], report["duplicate"], report["quarantined"]) == (2, 1, -3)

    afresh = replace(fixed, lake=f"{settings.lake}-afresh")
    ingest(spark, afresh, "shop")
    assert contents(spark, fixed) == contents(spark, afresh)
    assert loaded(spark, fixed)["shop/dt=2026-03-02/a.jsonl", 2] == ("quarantined", "conflicting_duplicate")


def followed(id_: str, **data: Any) -> Written:
    envelope = {"specversion": "1.0", "id": id_, "source": "x", "type": "shop.fan_followed.v1", "time": "2026-02-28T12:00:00Z"}
    return Written(json.dumps(envelope | {"data": {"merchant_id": "m", "user_id": f"u-{id_}"} | data}))


def declare(monkeypatch: pytest.MonkeyPatch, *fields: Field) -> None:
    """Optional fields of `shop.fan_followed.v1`, from now on."""
    event = EVENT_TYPES["shop.fan_followed.v1"]
    monkeypatch.setitem(EVENT_TYPES, event.name, replace(event, fields=(*event.fields, *fields)))


WISH = Field("wish", Kind.TEXT, "What they would like.", required=False)
BUDGET = Field("budget", Kind.MONEY, "What they would spend.", required=False)
FRIEND = Field("friend_id", Kind.IDENTIFIER, "Who came along.", required=False, is_person=True)
LATE = {
    "shop/dt=2026-03-01/a.jsonl": [
        followed("good", wish="a rose", budget="12.50", z=1),
        followed("empty", wish="", budget=None),
        followed("none"),
        followed("number", wish=1.5),
        followed("text", wish="1.5"),
        followed("wins", wish=7),  # refused, so that the copy that contradicts it is the first
        followed("first"),
        followed("with", friend_id="gone"),
        followed("beside", friend_id="f", budget=3),
        followed("taken", wish="a test", friend_id="f"),
        Written(followed("other", wish=8).text.replace("shop.fan_followed.v1", "shop.fan_unfollowed.v1")),
    ],
    "shop/dt=2026-03-02/b.jsonl": [
        followed("beside", budget=3.0, friend_id="f"),
        followed("wins", wish="seven"),
        followed("first", wish=9),
        followed("with"),
        followed("broken", wish=1, budget="much"),
        Written("{"),
        Written(
            json.dumps(
                {"specversion": "1.0", "id": "r", "source": "x", "type": "shop.erasure_requested.v1"}
                | {"time": "2026-02-28T12:00:00Z", "data": {"user_id": "gone"}}
            )
        ),
    ],
}


def test_a_field_declared_later_ends_as_if_it_had_been_declared_from_the_start(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under both contracts the same line was withdrawn."""
    taken = f.col("event_id") == "taken"
    write(LATE, settings.landing_folder)
    ingest(spark, settings, "shop")
    withdraw(spark, settings, "shop", taken, Withdrawal.EVENT, "a test")
    before = contents(spark, settings)
    declare(monkeypatch, WISH, BUDGET, FRIEND)
    replay(spark, settings, "shop", [], [])
    assert contents(spark, settings) == before, "only --accepted moves accepted lines"

    report = replay(spark, settings, "shop", [], [], accepted=True)
    afresh = replace(settings, lake=f"{settings.lake}-afresh")
    ingest(spark, afresh, "shop")
    withdraw(spark, afresh, "shop", taken, Withdrawal.EVENT, "a test")
    assert contents(spark, settings) == contents(spark, afresh) != before
    rows = {row.event_id: row for row in table(spark, settings).where("fate = 'accepted'").collect()}
    assert (rows["good"].wish, str(rows["good"].budget), rows["good"].extra) == ("a rose", "12.50", '{"z":1}')
    assert (rows["text"].wish, rows["wins"].wish, rows["with"].friend_id) == ("1.5", "seven", None)
    assert loaded(spark, settings)["shop/dt=2026-03-01/a.jsonl", 8] == ("erased", None)
    assert report["filled"] == 8
    assert replay(spark, settings, "shop", [], [], accepted=True)["filled"] == 0
    assert contents(spark, settings) == contents(spark, afresh)


def test_late_fields_need_the_landing_only_where_a_value_does_not_fit(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, other = "shop/dt=2026-03-01/a.jsonl", "shop/dt=2026-03-01/b.jsonl"
    write({name: [followed("good", wish="a rose")], other: [followed("odd", wish=7)]}, settings.landing_folder)
    ingest(spark, settings, "shop")
    for file in (name, other):
        (settings.landing_folder / file).unlink()
    declare(monkeypatch, WISH)
    assert replay(spark, settings, "shop", [], [name], accepted=True)["filled"] == 1
    assert table(spark, settings).where("event_id = 'good'").collect()[0].wish == "a rose"
    with pytest.raises(LostLines, match=other):
        replay(spark, settings, "shop", [], [], accepted=True)


def test_models_read_null_where_a_field_was_declared_after_the_last_ingest(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"shop/dt=2026-03-01/a.jsonl": [followed("good", wish="a rose")]}, settings.landing_folder)
    ingest(spark, settings, "shop")
    declare(monkeypatch, WISH, BUDGET)
    events = event_tables.read_events(spark, settings, "shop.fan_followed.v1", date(2026, 3, 1))
    [row] = events.select("user_id", "wish", "budget").collect()
    assert tuple(row) == ("u-good", None, None)
    assert dict(events.dtypes)["budget"] == "decimal(18,2)"


def test_a_late_earlier_copy_takes_the_place_of_the_accepted_one(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    def line(note: int) -> Written:
        data = {"merchant_id": "m", "share_id": "s", "user_id": "u", "note": note}
        envelope = {
            "specversion": "1.0",
            "id": "e",
            "source": "x",
            "type": "shop.share_opened.v1",
            "time": "2026-03-01T12:00:00Z",
        }
        return Written(json.dumps(envelope | {"data": data}))

    write({"shop/dt=2026-03-05/a.jsonl": [line(1), line(1)]}, settings.landing_folder)
    ingest(spark, settings, "shop")
    write({"shop/dt=2026-03-04/a.jsonl": [line(2)]}, settings.landing_folder)
    ingest(spark, settings, "shop")
    assert loaded(spark, settings) == {
        ("shop/dt=2026-03-04/a.jsonl", 1): ("accepted", None),
        ("shop/dt=2026-03-05/a.jsonl", 1): ("quarantined", "conflicting_duplicate"),
        ("shop/dt=2026-03-05/a.jsonl", 2): ("quarantined", "conflicting_duplicate"),
    }
    raw = {bytes(row.raw).decode() for row in table(spark, settings).where("fate = 'quarantined'").select("raw").collect()}
    assert raw == {line(1).text}


def event(id_: str, share: str = "s") -> Written:
    data = {"merchant_id": "m", "share_id": share, "user_id": "u"}
    envelope = {"specversion": "1.0", "id": id_, "source": "x", "type": "shop.share_opened.v1", "time": "2026-03-01T12:00:00Z"}
    return Written(json.dumps(envelope | {"data": data}))


def text(lines: list[Written]) -> bytes:
    return "".join(f"{line.text}\n" for line in lines).encode()


def deliver(settings: Settings, name: str, content: bytes) -> None:
    """Write a landing file, under an old name so that its time is another than before."""
    path = settings.landing_folder / name
    at = path.stat().st_mtime + 60 if path.exists() else 1e9
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at, at))


def lines_afresh(spark: SparkSession, settings: Settings) -> list[str]:
    """The lines that the landing as it lies now gives to another lake."""
    other = replace(settings, lake=f"{settings.lake}-afresh")
    ingest(spark, other, "shop")
    return lines_of(spark, other)


def lines_of(spark: SparkSession, settings: Settings) -> list[str]:
    rows = table(spark, settings).where("line > 0")
    return sorted(rows.select(f.to_json(f.struct("*"))).toPandas().iloc[:, 0])


def test_a_file_that_has_changed_is_read_again_in_its_own_place(
    spark: SparkSession, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """It loses a line, and another changes: what it gave makes room, and copies elsewhere take the places that it held."""
    a, b = "shop/dt=2026-03-01/a.jsonl", "shop/dt=2026-03-02/b.jsonl"
    before = {a: [event("e1"), event("e2"), Written("{"), event("e3")], b: [event("e1"), event("e2", "other"), event("e4")]}
    after = {a: [event("e2"), event("e3", "new")], b: before[b]}
    for name in before:
        deliver(settings, name, text(before[name]))
    ingest(spark, settings, "shop")
    deliver(settings, a, text(after[a]))
    report = ingest(spark, replace(settings, run_id="second"), "shop")
    assert report["files"] == 0
    assert f"{a} has changed" in caplog.text
    assert f"{b} has changed" not in caplog.text
    assert loaded(spark, settings) == {
        (a, 1): ("accepted", None),
        (a, 2): ("accepted", None),
        (b, 1): ("accepted", None),
        (b, 2): ("quarantined", "conflicting_duplicate"),
        (b, 3): ("accepted", None),
    }
    markers = table(spark, settings).where("line = 0").select("file", "rows_read", "reread_by").collect()
    assert {tuple(row) for row in markers} == {(a, 2, "second"), (b, 3, None)}
    assert lines_of(spark, settings) == lines_afresh(spark, settings)
    assert ingest(spark, settings, "shop")["rows_in"] == 0


@pytest.mark.parametrize(
    ("held", "are_too_many"),
    [(job._KEYS_HELD, set()), (60, {False}), (0, {True})],
    ids=["few keys", "repeated keys", "all copies"],
)
def test_files_that_change_in_any_way_end_where_a_first_load_ends(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, held: int, are_too_many: set[bool]
) -> None:
    monkeypatch.setattr(job, "_KEYS_HELD", held)
    found = repeated_as_found(monkeypatch)
    first, second = random_landing(6, files=4), random_landing(7, files=4)
    names = list(first)
    for name in names[1:]:  # requests to be erased are heeded for good: only the first file, which stays, has some
        for landing in (first, second):
            landing[name] = [line for line in landing[name] if "erasure_requested" not in line.text]
    for name in names:
        deliver(settings, name, text(first[name]))
    ingest(spark, settings, "shop")
    final = first | {name: second[name] for name in names[1:3]}
    for name in names[1:3]:
        deliver(settings, name, text(final[name]))
    ingest(spark, settings, "shop")
    assert loaded(spark, settings) == fates(final)
    assert {keys is None for keys in found} == are_too_many
    assert lines_of(spark, settings) == lines_afresh(spark, settings)


def test_files_of_no_bytes_and_half_written_ones_are_read_when_they_are_whole(spark: SparkSession, settings: Settings) -> None:
    day = "shop/dt=2026-03-01"
    whole = {
        f"{day}/a.jsonl.gz": gzip.compress(text([event("a")])),
        f"{day}/b.jsonl.zst": zstandard.ZstdCompressor().compress(text([event("b")])),
        f"{day}/c.jsonl": text([event("c")]),
        f"{day}/d.jsonl": text([event("d1"), event("d2")]),
        f"{day}/e.jsonl": b"\xef\xbb\xbf" + text([event("e")]),
    }
    for name in whole:
        deliver(settings, name, whole[name][:-50] if name.endswith("d.jsonl") else b"")
    report = ingest(spark, settings, "shop")
    assert report["unreadable_files"] == 2
    assert loaded(spark, settings) == {
        (f"{day}/d.jsonl", 1): ("accepted", None),
        (f"{day}/d.jsonl", 2): ("quarantined", "not_json"),
    }
    for name, content in whole.items():
        deliver(settings, name, content)
    report = ingest(spark, settings, "shop")
    assert (report["unreadable_files"], report["accepted"], report["quarantined"]) == (0, 5, -1)
    assert set(loaded(spark, settings).values()) == {("accepted", None)}


def test_a_file_that_breaks_when_it_is_replaced_gives_nothing_until_whole(spark: SparkSession, settings: Settings) -> None:
    a, b = "shop/dt=2026-03-01/a.jsonl.gz", "shop/dt=2026-03-02/b.jsonl"
    whole = gzip.compress(text([event("e1"), event("e2")]))
    deliver(settings, a, whole)
    deliver(settings, b, text([event("e1")]))
    ingest(spark, settings, "shop")
    assert loaded(spark, settings)[b, 1] == ("duplicate", None)
    deliver(settings, a, whole[:-3])
    assert ingest(spark, settings, "shop")["unreadable_files"] == 1
    assert loaded(spark, settings) == {(b, 1): ("accepted", None)}
    deliver(settings, a, whole)
    assert ingest(spark, settings, "shop")["unreadable_files"] == 0
    assert loaded(spark, settings)[b, 1] == ("duplicate", None)


def test_a_fault_of_the_storage_fails_the_load_and_says_nothing_of_the_file(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a worker has lost the mount: the files are known, and not there."""
    name = "shop/dt=2026-03-01/a.jsonl"
    deliver(settings, name, text([event("e1")]))
    away = settings.landing_folder.with_name("away")
    deliveries = Ingest._deliveries

    def lost(self: Ingest) -> Iterator[ListedFile]:
        yield from list(deliveries(self))
        settings.landing_folder.rename(away)

    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "_deliveries", lost)
        with pytest.raises(PythonException, match="FileNotFoundError"):
            ingest(spark, settings, "shop")
    away.rename(settings.landing_folder)
    assert event_tables.landing_files(settings, "shop") == []
    assert ingest(spark, settings, "shop")["accepted"] == 1


def test_a_withdrawn_file_leaves_what_would_be_had_it_never_come(spark: SparkSession, settings: Settings) -> None:
    landing = random_landing(8, files=5)
    write(landing, settings.landing_folder)
    ingest(spark, settings, "shop")
    expected, before = fates(landing), contents(spark, settings)
    asked = {place[0] for place, (fate, _) in expected.items() if fate == "accepted" and _is_request(landing, place)}
    chosen = next(name for name in list(landing)[1:] if name not in asked)
    without = fates({name: lines for name, lines in landing.items() if name != chosen})
    assert any(without[place] != expected[place] for place in without)
    is_copy = {place for place, (fate, reason) in expected.items() if fate in ("accepted", "duplicate") or reason == CONFLICT}
    report = withdraw(spark, settings, "shop", f.col("file") == chosen, Withdrawal.FILE, "a test feed")
    assert report["withdrawn"] == len([place for place in is_copy if place[0] == chosen]) > 0
    assert report["rows_in"] == 0
    for place, fate in loaded(spark, settings).items():
        if place[0] != chosen:
            assert fate == without[place]
        else:
            assert fate == (("withdrawn", "a test feed") if place in is_copy else expected[place])
    gone = table(spark, settings).where("fate = 'withdrawn'").collect()
    assert {bytes(row.raw).decode() for row in gone} == {landing[row.file][row.line - 1].text for row in gone}
    assert all(row.merchant_id is None for row in gone)

    ingest(spark, settings, "shop")  # the file still lies there, and stays withdrawn
    os.utime(settings.landing_folder / chosen, (1, 1))  # also where somebody touches it
    ingest(spark, settings, "shop")
    assert table(spark, settings).where("fate = 'withdrawn'").count() == len(gone)

    report = put_back(spark, settings, "shop", f.col("reason") == "a test feed")
    assert report["withdrawn"] == -len(gone)
    assert [line for line in contents(spark, settings) if '"line":0,' not in line] == [
        line for line in before if '"line":0,' not in line
    ]


def test_a_withdrawn_event_takes_its_copies_with_it_and_a_correction_counts(spark: SparkSession, settings: Settings) -> None:
    a, b, c = (f"shop/dt=2026-03-0{day}/a.jsonl" for day in (1, 2, 3))
    deliver(settings, a, text([event("e1"), event("e2")]))
    deliver(settings, b, text([event("e1"), event("e1", "other")]))
    ingest(spark, settings, "shop")
    before = lines_of(spark, settings)
    report = withdraw(spark, settings, "shop", f.col("event_id") == "e1", Withdrawal.EVENT, "nonsense")
    assert (report["accepted"], report["withdrawn"]) == (-1, 3)
    deliver(settings, c, text([event("e1"), event("e1", "corrected")]))
    ingest(spark, settings, "shop")
    nonsense = ("withdrawn", "nonsense")
    assert loaded(spark, settings) == {
        **{(a, 1): nonsense, (a, 2): ("accepted", None), (b, 1): nonsense, (b, 2): nonsense},
        **{(c, 1): nonsense, (c, 2): ("accepted", None)},
    }
    deliver(settings, a, text([event("e1"), event("e2")]))  # the same again, at another time
    ingest(spark, settings, "shop")
    assert loaded(spark, settings)[a, 1] == nonsense
    put_back(spark, settings, "shop", f.col("file") == b)  # what was withdrawn together comes back together
    assert loaded(spark, settings) == fates(
        {
            a: [event("e1"), event("e2")],
            b: [event("e1"), event("e1", "other")],
            c: [event("e1"), event("e1", "corrected")],
        }
    )
    (settings.landing_folder / c).unlink()
    withdraw(spark, settings, "shop", f.col("file") == b, Withdrawal.FILE, "once more")
    put_back(spark, settings, "shop", f.col("file") == b)
    assert [line for line in lines_of(spark, settings) if c not in line] == before


def test_withdrawing_refuses_what_it_could_not_undo(spark: SparkSession, settings: Settings) -> None:
    a, b = "shop/dt=2026-03-01/a.jsonl", "shop/dt=2026-03-02/b.jsonl"
    request = json.loads(event("r1").text) | {"type": "shop.erasure_requested.v1", "data": {"user_id": "u9"}}
    deliver(settings, a, text([event("e1")]))
    deliver(settings, b, text([Written(json.dumps(request))]))
    ingest(spark, settings, "shop")
    before = contents(spark, settings)
    with pytest.raises(WithdrawalError, match="request to be erased"):
        withdraw(spark, settings, "shop", f.col("file") == b, Withdrawal.FILE, "no")
    with pytest.raises(WithdrawalError, match="no line that is an event"):
        withdraw(spark, settings, "shop", f.col("file") == "c", Withdrawal.FILE, "no")
    with pytest.raises(WithdrawalError, match="no withdrawn line"):
        put_back(spark, settings, "shop", f.col("file") == a)
    (settings.landing_folder / a).unlink()
    with pytest.raises(WithdrawalError, match=rf"{a} left the landing"):
        withdraw(spark, settings, "shop", f.col("file") == a, Withdrawal.FILE, "no")
    assert contents(spark, settings) == before


def test_withdrawn_lines_are_erased_with_their_people(spark: SparkSession, settings: Settings) -> None:
    a, b = "shop/dt=2026-03-01/a.jsonl", "shop/dt=2026-03-02/b.jsonl"
    deliver(settings, a, text([event("e1")]))
    ingest(spark, settings, "shop")
    withdraw(spark, settings, "shop", f.col("file") == a, Withdrawal.FILE, "a test feed")
    request = json.loads(event("r1").text) | {"type": "shop.erasure_requested.v1", "data": {"user_id": "u"}}
    deliver(settings, b, text([Written(json.dumps(request))]))
    ingest(spark, settings, "shop")
    assert loaded(spark, settings) == {(a, 1): ("erased", None), (b, 1): ("accepted", None)}
    assert table(spark, settings).where("raw is not null").isEmpty()


@pytest.mark.usefixtures("spark")  # which tells the table's schema
def test_a_lake_of_digests_of_another_kind_is_refused(settings: Settings) -> None:
    old = pa.table({"file": ["a"], "fate": ["accepted"], "event_month": ["2026-03"], "value_hash": [b"1"]})
    write_deltalake(catalog.table_path(settings, "shop_events"), old, partition_by=["fate", "event_month"])
    with pytest.raises(SettingError, match="FANOUT_LAKE"):
        event_tables.event_table(settings, "shop")


def _is_request(landing: Landing, place: tuple[str, int]) -> bool:
    return "erasure_requested" in landing[place[0]][place[1] - 1].text
