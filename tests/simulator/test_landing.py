"""The landing as a delivery: what the ingest accepts and refuses, repeats, late comers, and the same bytes every time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from contract.events import EVENT_TYPES, SOURCES, Kind, Reason
from contract.settings import CHECKOUT
from simulator.__main__ import END, EVENTS, main
from simulator.calendar import Calendar
from simulator.delivery import Outbox
from simulator.platform import Plan, simulate
from tests.simulator.landing import Landing, read_landing

SMALL = Plan(seed=3, events=9_000, days=45, end=date(2026, 3, 31))


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_the_future_changes_none_of_them(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "one")
    simulate(SMALL, tmp_path / "two")
    simulate(Plan(4, SMALL.events, SMALL.days, SMALL.end), tmp_path / "other_seed")
    simulate(Plan(SMALL.seed, SMALL.events, SMALL.days, SMALL.end, future_days=5), tmp_path / "with_future")
    one = digests(tmp_path / "one")
    assert len(one) > 2 * SMALL.days
    assert digests(tmp_path / "two") == one
    assert digests(tmp_path / "other_seed") != one
    with_future = digests(tmp_path / "with_future")
    future = {name for name in with_future if name.startswith("_future/")}
    assert {name: digest for name, digest in with_future.items() if name not in future} == one
    assert {name.split("/")[2] for name in future if name.count("/") == 3} == {f"dt=2026-04-0{day}" for day in range(1, 6)}


def test_only_the_planted_garbage_is_refused_each_for_its_reason(sample: Landing) -> None:
    planted = {(line["reason"], line["file"], line["line"]) for line in sample.truth["garbage"]}
    assert set(sample.refused) == planted
    assert len(sample.refused) == len(planted)
    assert {reason for reason, _, _ in planted} == {reason.value for reason in Reason}


def test_a_spoiled_line_more_is_found(sample_folder: Path, tmp_path: Path) -> None:
    truth = json.loads((sample_folder / "_truth.json").read_bytes())
    for source in SOURCES:
        target = tmp_path / source / f"dt={END}"
        target.mkdir(parents=True)
        (target / "part-0000.jsonl").write_bytes(b'{"specversion":"1.0"}\n')
    assert [(reason, number) for reason, _, number in read_landing(tmp_path, truth).refused] == [("not_cloudevents", 1)] * 3


def test_one_archive_is_cut_and_nothing_is_lost_by_it(sample: Landing) -> None:
    assert sample.unreadable == sample.truth["unreadable_files"]
    assert len(sample.unreadable) == 1
    assert dict(sample.counts) == sample.truth["events"]


def test_every_event_type_field_and_enum_value_occurs(sample: Landing) -> None:
    assert set(sample.counts) == set(EVENT_TYPES)
    for name, event_type in EVENT_TYPES.items():
        used = {field for event in sample.events[name] for field in event.data}
        unused = {field.name for field in event_type.fields} - used - NEVER_USED.get(name, set())
        assert not unused, f"{name} never has {unused}"
        for field in event_type.fields:
            if field.kind == Kind.ENUM:
                assert {event.data.get(field.name) for event in sample.events[name]} >= set(field.values), (
                    f"{name} {field.name}"
                )


NEVER_USED = {
    **{f"shop.fan_{verb}.v1": {"channel", "via_share_id"} for verb in ("unfollowed", "blocked")},
    "group.member_left.v1": {"inviter_id"},
    "group.team_left.v1": {"via_share_id"},
    "stream.viewer_left.v1": {"via_share_id", "channel"},
}


def test_some_events_come_late_and_some_again_but_all_within_the_landing(sample: Landing) -> None:
    events = [event for found in sample.events.values() for event in found]
    late = Counter((event.dt - event.day).days for event in events)
    assert min(late) == 0
    assert max(late) <= 10
    assert 0.015 < 1 - late[0] / len(events) < 0.035
    assert 0.007 < len(sample.copies) / len(events) < 0.013
    assert all(original <= copy <= END for original, copy in sample.copies)
    assert len(sample.copies) == sample.truth["repeated_deliveries"]
    assert sample.suffixes == {".gz", ".zst", ""}


def test_the_last_day_is_delivered_by_every_source(sample_folder: Path) -> None:
    for source in SOURCES:
        days = sorted(path.name for path in (sample_folder / source).iterdir())
        assert len(days) > 200
        assert days[-1] == f"dt={END}"


def test_the_size_is_about_what_was_asked_for(sample: Landing) -> None:
    assert 0.87 * EVENTS < sum(sample.counts.values()) < 1.16 * EVENTS  # what merchants try out comes on top


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "mine").write_text("kept")
    assert main(["--out", str(tmp_path / "landing"), "--events", "500", "--days", "5"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_the_command_reports_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "landing").mkdir()
    assert main(["--out", str(tmp_path / "landing"), "--events", "500", "--days", "12", "--end", "2026-01-31"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    truth = json.loads((tmp_path / "landing" / "_truth.json").read_bytes())
    assert report["step"] == "simulator"
    assert report["rows_out"] == sum(truth["events"].values()) > 0
    assert report["as_of"] == truth["as_of"] == "2026-01-31"
    assert truth["first_day"] == (date(2026, 1, 31) - timedelta(days=11)).isoformat()


def test_a_written_day_takes_no_more_events(tmp_path: Path) -> None:
    calendar = Calendar(END, 10)
    outbox = Outbox(tmp_path, calendar, np.random.default_rng(1))
    outbox.write(0)
    with pytest.raises(ValueError, match="day 0 has been written"):
        outbox.add("group.chat_dissolved.v1", np.array([calendar.midnight(0)]), group_id=["g-1"])


@pytest.mark.acceptance
def test_a_million_events_take_little_memory(tmp_path: Path) -> None:
    """In a process of its own: the sample takes 60 MB, a platform seven times as large may take a little more."""
    script = (
        "import re, sys; from simulator.__main__ import main; main(sys.argv[1:]); "
        # Not getrusage: its maximum is inherited from the process that started this one.
        "print(int(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
    )
    started = perf_counter()
    run = subprocess.run(
        [sys.executable, "-c", script, "--out", str(tmp_path / "landing"), "--events", "1000000"],
        check=True,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    seconds = perf_counter() - started
    report, megabytes = run.stdout.splitlines()
    events = json.loads(report)["rows_out"]
    print(f"{events} events, {events / seconds:,.0f} a second, {megabytes} MB")
    assert events > 800_000
    assert int(megabytes) < 200
