"""The packs of a day: a folder for each account manager and for each merchant, whole or not there.

exports/2026-03-20/manifest.json                       names the packs
exports/2026-03-20/managers/<manager>/workbook.xlsx    and report.html, maps/, csv/, manifest.json
exports/2026-03-20/merchants/<merchant>/report.html    and community.html, spread_map.html, lives/, csv/,
                                                       manifest.json: for the merchant too
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from contract import tips
from contract.settings import Settings
from contract.tips import TipRules
from exports.packs import row_ids
from exports.packs.csv_tables import CSV, write_tables
from exports.packs.export_day import BEFORE, NOW, ExportDay, Published, open_day
from exports.packs.manifest import MANIFEST, File, to_json, versions, write, write_manifest
from exports.packs.pack import MANAGERS, MERCHANTS, Pack, last_export, pack_folder
from exports.pages import figures, playbook
from exports.pages.about import About
from exports.pages.community import FILE as COMMUNITY
from exports.pages.community_page import community_page
from exports.pages.figures import Merchant
from exports.pages.live_page import live_page
from exports.pages.lives import FOLDER as LIVES
from exports.pages.outcomes import outcomes
from exports.pages.playbook import Playbook
from exports.pages.reasons import tell_reasons
from exports.pages.report import manager_report, merchant_report
from exports.pages.spread_page import map_page
from exports.pages.words import Words
from exports.pages.workbook import write_workbook
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES, OVERVIEW
from exports.policy.names import readable, safe_name
from publication.versions import PublicationError

REPORT, MAP, WORKBOOK = "report.html", "spread_map.html", "workbook.xlsx"
MAPS = "maps"  # the folder of a manager's pack
_MERCHANTS_PER_BATCH = 200
_MERCHANTS_PER_PROCESS = 1_000  # fewer are sooner written than a process has started

Files = dict[tuple[str, str], list[File]]  # by kind and owner of a pack


def export(settings: Settings, as_of: date) -> dict[str, Any]:
    """Write the exports of a day from its current publication; returns the report of the step.

    They are built beside `exports/<as_of>` and renamed, so that nobody finds half of them.

    Raises:
        PublicationError: the day has not been published.
        PlaybookError: the playbook has a fault.
        TipRulesError: the rules of tips have one.
        SettingError: the deployment's key of `row_id` is broken.
    """
    folder = settings.exports / as_of.isoformat()
    building = settings.exports / f".{as_of}.building"
    shutil.rmtree(building, ignore_errors=True)
    packs = write_packs(settings, as_of, last_export(settings, as_of), building)
    _swap(building, folder)
    rows = sum(file.rows or 0 for pack in packs for file in pack.files)
    report = {"step": "exports", "rows_in": rows, "rows_out": rows, "folder": str(folder)}
    counts = {kind: sum(pack.kind == kind for pack in packs) for kind in (MANAGERS, MERCHANTS)}
    return report | counts | {"files": sum(len(pack.files) + 1 for pack in packs)}


def write_packs(
    settings: Settings, as_of: date, base: Published | None, folder: Path, pages_of: str | None = None
) -> list[Pack]:
    """Write all packs of a day into a new folder, with their differences to `base`, and the manifest that names them.

    Args:
        pages_of: the one manager whose workbook and reports are written, for a look at them; default all.
    """
    book, rules = playbook.read(settings.playbook), tips.read()
    with open_day(settings, as_of, base) as day:
        folder.mkdir(parents=True)
        shards = _shards(_assigned(day), os.cpu_count() or 1)
        if len(shards) == 1:
            packs = _write_shard(day, settings, folder, pages_of, book, rules, shards[0])
    if len(shards) > 1:
        alone = multiprocessing.get_context("spawn")  # DuckDB has threads, which a fork would lack
        with ProcessPoolExecutor(len(shards), alone) as processes:
            write_one = partial(_write_shard_alone, settings, day.published, day.base, folder, pages_of, book, rules)
            packs = list(chain.from_iterable(processes.map(write_one, shards)))
    packs.sort(key=lambda pack: (pack.kind, pack.owner))
    index = [
        {"kind": pack.kind, "owner": pack.owner, "folder": pack.folder, "manifest_sha256": pack.manifest_sha256}
        for pack in packs
    ]
    (folder / MANIFEST).write_bytes(to_json({**versions(day.published, day.base), "packs": index}))
    return packs


def _shards(assigned: dict[str, list[str]], most: int) -> list[dict[str, list[str]]]:
    """The managers with their merchants, dealt to as many processes as there is work for: the next one to who has least."""
    merchants = sum(len(mine) for mine in assigned.values())
    shards: list[dict[str, list[str]]] = [{} for _ in range(max(min(most, merchants // _MERCHANTS_PER_PROCESS), 1))]
    for manager, mine in sorted(assigned.items(), key=lambda item: (-len(item[1]), item[0])):
        least = min(shards, key=lambda shard: sum(len(dealt) for dealt in shard.values()))
        least[manager] = mine
    return shards


def _write_shard_alone(
    settings: Settings,
    published: Published,
    base: Published | None,
    folder: Path,
    pages_of: str | None,
    book: Playbook,
    rules: TipRules,
    assigned: dict[str, list[str]],
) -> list[Pack]:
    """Write packs in a process of their own, which keeps one core busy.

    Raises:
        PublicationError: another version of the day was published meanwhile.
    """
    with open_day(settings, published.as_of, base, threads=1) as day:
        if day.published != published:
            raise PublicationError(f"{day.published} was published while {published} was exported; run it again")
        return _write_shard(day, settings, folder, pages_of, book, rules, assigned)


def _write_shard(
    day: ExportDay,
    settings: Settings,
    folder: Path,
    pages_of: str | None,
    book: Playbook,
    rules: TipRules,
    assigned: dict[str, list[str]],
) -> list[Pack]:
    """Write the packs of managers and of their merchants."""
    words = Words.of(settings.language)
    row_ids.use_key(day.con, settings)
    tell_reasons(day, words)
    files = _write_tables(day, folder, assigned, settings.currency)
    about = About(
        day.published, day.base, settings.currency, settings.contact, book.version, settings.pseudonym_key is not None
    )
    for manager, identifiers in assigned.items():
        if pages_of not in (None, manager):
            continue
        mine: list[Merchant] = []
        maps: list[File] = []
        pictured: Merchant | None = None
        for merchant in _merchants(day, identifiers):
            identifier = merchant.overview["merchant_id"]
            path = pack_folder(folder, MERCHANTS, identifier)
            files[MERCHANTS, identifier] += _write_pages(path, merchant, rules, about, words)
            if merchant.overview["rank"] is not None:
                maps += _write_map(pack_folder(folder, MANAGERS, manager), merchant, about, words)
            mine.append(merchant)
            pictured = _forget_smaller(pictured, merchant)
        path = pack_folder(folder, MANAGERS, manager)
        files[MANAGERS, manager] += maps + _write_manager(day, path, manager, mine, about, book, words)
    return [_finish(folder, kind, owner, day, written) for (kind, owner), written in files.items()]


def _write_manager(
    day: ExportDay, path: Path, manager: str, merchants: list[Merchant], about: About, book: Playbook, words: Words
) -> list[File]:
    """Write the workbook and the report of an account manager."""
    title = words("title.manager", manager=readable(manager or words("title.unassigned")))
    calls = figures.calls(day, manager, merchants, book, words)
    before = figures.total_before(day, manager)
    found = outcomes(day, manager, book, words)
    write_workbook(path / WORKBOOK, title, calls, merchants, found, about, words)
    page = write(path, REPORT, [(0, manager_report(title, calls, merchants, found, before, about, words))])
    return [page, File.of(path, WORKBOOK)]


def _write_map(path: Path, merchant: Merchant, about: About, words: Words) -> list[File]:
    """Write the map of a merchant to call into its manager's pack, without the fans that the merchant's own names."""
    if merchant.spread is None or not merchant.has_map:
        return []
    merchant.map = f"{MAPS}/{safe_name(merchant.overview['merchant_id'])}.html"
    (path / MAPS).mkdir(exist_ok=True)
    return [write(path, merchant.map, [(0, map_page(merchant.spread, merchant.name, None, about, words, names_fans=False))])]


def _write_pages(path: Path, merchant: Merchant, rules: TipRules, about: About, words: Words) -> list[File]:
    """Write a merchant's report, the page of its people, its spread map if there is anything to draw, and the pages
    of its last lives."""
    pages = {
        REPORT: merchant_report(merchant, rules, about, words),
        COMMUNITY: community_page(merchant, about, words),
    }
    if merchant.spread:
        pages[MAP] = map_page(merchant.spread, merchant.name, None, about, words)
    if merchant.lives:
        (path / LIVES).mkdir()
        pages |= {live.file: live_page(live, merchant.name, about, words) for live in merchant.lives}
        merchant.lives = []  # its manager's files show none
    return [write(path, name, [(0, page)]) for name, page in pages.items()]


def _forget_smaller(pictured: Merchant | None, latest: Merchant) -> Merchant:
    """Keep the shares of one merchant alone, which is returned: a manager's report draws one picture."""
    if pictured is None:
        return latest
    kept, other = (latest, pictured) if latest.to_see > pictured.to_see else (pictured, latest)
    other.nodes, other.spread = [], None
    return kept


def _write_tables(day: ExportDay, folder: Path, assigned: dict[str, list[str]], currency: str) -> Files:
    """Write the CSV files of the packs of managers and of their merchants; returns the files by kind and owner."""
    files: Files = {}
    merchants = list(chain.from_iterable(assigned.values()))
    for kind, tables, owners in ((MANAGERS, MANAGER_TABLES, list(assigned)), (MERCHANTS, MERCHANT_TABLES, merchants)):
        folders = {name: pack_folder(folder, kind, name) for name in owners}
        for path in folders.values():
            (path / CSV).mkdir(parents=True)
        files |= {(kind, name): written for name, written in write_tables(day, kind, tables, folders, currency).items()}
    return files


def _assigned(day: ExportDay) -> dict[str, list[str]]:
    """Managers with their merchants; who is there no more is among them, so that what was removed is told."""
    assigned: dict[str, list[str]] = {}
    managers = f"select manager, merchant_id from {NOW}.marts.{OVERVIEW}"
    if day.base:
        is_there = f"merchant_id in (select merchant_id from {NOW}.marts.{OVERVIEW})"
        managers += f" union all select manager, if({is_there}, null, merchant_id) from {BEFORE}.marts.{OVERVIEW}"
    for manager, merchant in day.con.execute(f"from ({managers}) order by all").fetchall():
        assigned.setdefault(manager, [])
        if merchant is not None:
            assigned[manager].append(merchant)
    return assigned


def _merchants(day: ExportDay, identifiers: list[str]) -> Iterator[Merchant]:
    """Merchants, read in batches."""
    for at in range(0, len(identifiers), _MERCHANTS_PER_BATCH):
        yield from figures.merchants(day, identifiers[at : at + _MERCHANTS_PER_BATCH])


def _finish(folder: Path, kind: str, owner: str, day: ExportDay, files: list[File]) -> Pack:
    path = pack_folder(folder, kind, owner)
    name = {"manager": owner} if kind == MANAGERS else {"merchant_id": owner}
    digest = write_manifest(path, name, day.published, day.base, files)
    return Pack(kind, owner, str(path.relative_to(folder)), tuple(files), digest)


def _swap(building: Path, folder: Path) -> None:
    """Put a folder in the place of another; a process that is killed between leaves the rest to the next run."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    building.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
