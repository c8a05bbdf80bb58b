"""After a publication: ask for every chart once, so that nobody waits for the first answer of the day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from contract.settings import Settings
from dashboards.boards import BOARDS
from dashboards.server import ServerError, Superset
from publication.versions import CURRENT, RUN, newest_day


def warm(superset: Superset, settings: Settings, as_of: date) -> dict[str, Any]:
    """Fill the cache with the answers of the day, if it is the newest that is published: the dashboards show no other.

    Nothing has to be emptied: the version is a part of each cache key (docker/superset/superset_config.py), so what was cached
    of an older one is never found again and expires.

    Raises:
        ServerError: a chart is missing or in error, or Superset reads another version than the one published here.
    """
    newest = newest_day(settings.published)
    if newest != as_of.isoformat():
        return {"charts": 0, "reason": f"the dashboards show {newest}, the newest published day"}
    served = {chart["slice_name"]: chart["id"] for chart in superset.rows("chart/", "slice_name")}
    wrong: list[str] = []
    for board in BOARDS:
        for chart in board.charts:
            if chart.title not in served:
                wrong.append(f"{chart.title}: missing, run: python -m dashboards import")
                continue
            (answer,) = superset.put("chart/warm_up_cache", {"chart_id": served[chart.title]})["result"]
            if answer["viz_error"]:
                wrong.append(f"{chart.title}: {answer['viz_error']}")
    if wrong:
        raise ServerError(f"Superset at {superset.url} does not answer {len(wrong)} charts: {'; '.join(wrong)}")
    first = BOARDS[0].charts[0]
    (row,) = superset.get(f"chart/{served[first.title]}/data/")["result"][0]["data"]
    shown = {"as_of": datetime.fromtimestamp(row["as_of"] / 1000, UTC).date().isoformat(), "version": row["version"]}
    run = json.loads((settings.published / CURRENT / RUN).read_text())
    published = {name: run[name] for name in shown}
    if shown != published:
        raise ServerError(f"Superset at {superset.url} shows {shown}, but {published} is published; does it read this folder?")
    return {"charts": sum(len(board.charts) for board in BOARDS), **shown}
