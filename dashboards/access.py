"""Who sees what: members of the role `merchant_reader` see the rows of one merchant, after which their login is named."""

from __future__ import annotations

from typing import Any

from contract.table import Audience
from dashboards.datasets import DATABASE, Dataset, datasets
from dashboards.server import ServerError, Superset

ROLE = "merchant_reader"
RULE = "Rows of the reader's own merchant"
# In place of the template stands the login of the person who asks; Superset puts it into the cache key, too.
CLAUSE = """merchant_id = '{{ current_username() | replace("'", "''") }}'"""


def is_ruled(dataset: Dataset) -> bool:
    """Whether a reader of one merchant sees only some of its rows."""
    return dataset.column("merchant_id") is not None


def is_readable(dataset: Dataset) -> bool:
    """Whether readers of one merchant may open it: it is meant for merchants, and names no person and no region.

    A region may be a person's; the packs leave out those of few people, which a rule by login cannot.
    """
    names_people = any(column.is_person or "region" in (column.name, *column.values) for column in dataset.columns)
    return is_ruled(dataset) and dataset.table.audience is Audience.MERCHANT and not names_people


def keep(superset: Superset) -> None:
    """Create or renew the role and its rule.

    Raises:
        ServerError: Superset refuses, or lacks a dataset, since the bundle has not been imported.
    """
    served = {
        dataset["table_name"]: dataset
        for dataset in superset.rows("dataset/", "table_name")
        if dataset["database"]["database_name"] == DATABASE
    }
    if missing := datasets().keys() - served.keys():
        raise ServerError(f"Superset lacks the datasets {', '.join(sorted(missing))}; run: python -m dashboards import")
    role = _one(superset.rows("security/roles/", "name"), ROLE) or superset.post("security/roles/", {"name": ROLE})
    readable = {served[name]["id"] for name, dataset in datasets().items() if is_readable(dataset)}
    views = {f"[{DATABASE}].[{name}](id:{dataset['id']})" for name, dataset in served.items() if dataset["id"] in readable}
    permissions = [
        pair["id"]
        for pair in superset.rows("security/permissions-resources/", "id")
        if pair["permission"]["name"] == "datasource_access" and pair["view_menu"]["name"] in views
    ]
    if len(permissions) < len(views):
        raise ServerError(f"Superset has {len(permissions)} of the {len(views)} permissions that the role {ROLE} is to have")
    superset.post(f"security/roles/{role['id']}/permissions", {"permission_view_menu_ids": permissions})
    rule: dict[str, Any] = {
        "name": RULE,
        "description": f"A login with the role {ROLE} is named after its merchant.",
        "filter_type": "Regular",
        "clause": CLAUSE,
        "group_key": "",
        "tables": [served[name]["id"] for name, dataset in datasets().items() if is_ruled(dataset)],
        "roles": [role["id"]],
    }
    old = _one(superset.rows("rowlevelsecurity/", "name"), RULE)
    if old:
        superset.put(f"rowlevelsecurity/{old['id']}", rule)
    else:
        superset.post("rowlevelsecurity/", rule)


def _one(rows: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["name"] == name), None)
