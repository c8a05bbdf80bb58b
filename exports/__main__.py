"""Write the exports of a published day, deliver them, and tell the account managers.

python -m exports --as-of 2026-03-20                              write, deliver and tell
python -m exports --as-of 2026-03-20 --dry-run                    show what would be sent to whom, and what is new
python -m exports preview --as-of 2026-03-20 --manager amy        open one manager's pack here
python -m exports resolve --as-of 2026-03-20 fan-ab12...          whose pseudonym it is
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import webbrowser
from datetime import date
from typing import Any

import duckdb

from contract.settings import SettingError, Settings, parse_as_of
from contract.tips import TipRulesError
from exports import preview
from exports.delivery import destinations, messages
from exports.delivery.deliver import deliver
from exports.delivery.transport import DeliveryError
from exports.pages.playbook import PlaybookError
from exports.policy import people
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from exports.write_packs import export
from lineage import names
from lineage.emitter import Arguments, Job, emitting
from publication.publish import current_database
from publication.versions import PublicationError, one_publisher


class Failed(RuntimeError):
    """The command could not do what it was asked; the message says why."""


def run(settings: Settings, as_of: date) -> tuple[dict[str, Any], list[str]]:
    """Write, deliver and tell; returns the report and a sentence for each destination and message that failed."""
    places, told = destinations.read(settings.destinations), destinations.read_messages(settings.destinations)
    delivered, sent, failures, arrived = {}, {}, [], set()
    with one_publisher(settings.exports):
        report = export(settings, as_of)
        for place in places:
            if not place.is_due(as_of):
                delivered[place.name] = f"not due ({place.schedule})"
                continue
            try:
                receipt = deliver(settings, as_of, place)
                delivered[place.name] = f"{receipt['files']} files"
                arrived.add(place.name)
            except (DeliveryError, SettingError) as fault:
                delivered[place.name] = "failed"
                failures.append(f"{place.name} has not got the exports of {as_of}: {fault}")
        for message in told:
            if message.after is not None and message.after not in arrived:
                sent[message.name] = f"no messages, since {message.after} has not got its files"
                continue
            try:
                sent[message.name] = messages.send(settings, as_of, message)
            except DeliveryError as fault:
                sent[message.name] = "failed"
                failures.append(f"{message.name}, messages of {as_of}: {fault}")
    return report | {"delivered": delivered, "messages": sent}, failures


def resolve(settings: Settings, as_of: date, shown: str) -> dict[str, Any]:
    """Who is behind a pseudonym."""
    if settings.pseudonym_key is None:
        raise Failed("FANOUT_PSEUDONYM_KEY is not set: set the key that was in force when the export was made")
    with duckdb.connect(str(current_database(settings, as_of)), read_only=True) as con:
        found = people.resolve(con, settings.pseudonym_key, shown)
    if not found:
        raise Failed(f"{shown} is nobody of {as_of} under this key; exports made under an older key need that key")
    [(merchant, user)] = found
    return {"step": "resolve", "pseudonym": shown, "merchant_id": merchant, "user_id": user}


def _outputs(_: Arguments) -> list[str]:
    kinds = {"managers": MANAGER_TABLES, "merchants": MERCHANT_TABLES}
    return [names.export(kind, table.name) for kind, tables in kinds.items() for table in tables] + [*names.EXPORTED_PAGES]


def _writes(arguments: Arguments) -> bool:
    return not {"preview", "resolve", "--dry-run"} & {*arguments.words}


JOB = Job("exports", lambda _: names.published_marts(), _outputs, _writes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=["run", "preview", "resolve"], default="run")
    parser.add_argument("pseudonym", nargs="?", help="of resolve")
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    parser.add_argument("--dry-run", action="store_true", help="send and write nothing")
    parser.add_argument("--manager", help="of preview; unassigned for merchants without one")
    arguments = parser.parse_intermixed_args()
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    failures: list[str] = []
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(arguments.as_of)
        if arguments.command == "resolve":
            report = resolve(settings, as_of, arguments.pseudonym or "")
        elif arguments.command == "preview":
            folder = preview.pack(settings, as_of, arguments.manager or "")
            webbrowser.open((folder / "report.html").as_uri())
            report = {"step": "preview", "folder": str(folder)}
        elif arguments.dry_run:
            lines, report = preview.dry_run(settings, as_of)
            print("\n".join(lines))
        else:
            report, failures = run(settings, as_of)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except (PublicationError, PlaybookError, TipRulesError, Failed) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report, ensure_ascii=False))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(emitting(main, JOB))
