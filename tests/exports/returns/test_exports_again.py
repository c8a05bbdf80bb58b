"""Days that were delivered and are exported again after sheets came back: the same bytes, and no note in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta

from contract.settings import CHECKOUT
from exports.write_packs import export
from tests.exports.contents import contents, packs_with
from tests.exports.returns.conftest import DAY_AFTER, Office
from tests.exports.returns.test_returns import CALLED
from tests.small_warehouse import AS_OF

SECRET = "她在考虑别的平台"


def test_a_return_changes_nothing_of_what_was_exported(office: Office) -> None:
    """Neither the first time nor when the same sheet comes again; the note stands in the landing alone."""
    before = {day: contents(office.settings.exports / day.isoformat()) for day in (AS_OF, DAY_AFTER)}
    path = office.lay(office.filled({"m-1": (CALLED, "talked", None, SECRET)}))
    sent = path.read_bytes()
    for as_of in (DAY_AFTER, DAY_AFTER + timedelta(days=1)):
        path.write_bytes(sent)
        office.run(as_of)
        assert [event["data"]["note"] for event in office.landed()] == [SECRET]
        for day, written in before.items():
            export(office.settings, day)
            folder = office.settings.exports / day.isoformat()
            assert len(written) > 100
            assert contents(folder) == written
            assert packs_with(folder, SECRET) == []


def test_another_process_elsewhere_writes_the_same_bytes(office: Office) -> None:
    """Another home, another time zone of the machine, other hashes of Python."""
    first = contents(office.settings.exports / DAY_AFTER.isoformat())
    home = office.settings.home.with_name("moved")
    shutil.move(office.settings.home, home)
    shutil.rmtree(home / "exports" / DAY_AFTER.isoformat())
    environment = os.environ | {
        "FANOUT_HOME": str(home),
        "FANOUT_LANDING": str(office.settings.landing),
        "TZ": "Pacific/Auckland",
        "PYTHONHASHSEED": "20",
    }
    code = f"from datetime import date; from contract.settings import Settings; from exports.write_packs import export; \
export(Settings.from_environment(), date({DAY_AFTER.year}, {DAY_AFTER.month}, {DAY_AFTER.day}))"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment, check=True)
    assert contents(home / "exports" / DAY_AFTER.isoformat()) == first
    assert first
