"""The one name of each dataset, by the stage that it lies in; its namespace is `NAMESPACE` everywhere.

landing/shop/dt=*/*.jsonl             the landing files of a source
lake/shop_events                      a table of the lake
lake/shop_events/shop.order_paid.v1   its accepted events of one type
warehouse/marts.orders                a model of dbt, by its schema
published/orders                      a mart as its readers get it
exports/merchants/products.csv        a table of the packs of merchants, or of managers
bi/orders                             a mart in PostgreSQL, as Parquet, or in an object store
superset/orders                       a dataset of the dashboards
site/platform.html                    a page of the site
exports/receipts, returns/*           what was delivered, and the sheets that came back
"""

from __future__ import annotations

from collections.abc import Iterator

from contract.events import EVENT_TYPES, SOURCES
from contract.published import BY_PUBLICATION
from contract.tables import TABLES, marts

NAMESPACE = "fanout"
RECEIPTS = "exports/receipts"  # of deliveries
EXPORTED_PAGES = ("exports/pages", "exports/spread_map.html")  # workbooks and reports; maps
RETURNS = "returns/*"  # sheets that account managers sent back


def landing(source: str) -> str:
    return f"landing/{source}/dt=*/*.jsonl"


def events(source: str) -> str:
    return lake(f"{source}_events")


def event_type(name: str) -> str:
    return f"{events(EVENT_TYPES[name].source)}/{name}"


def lake(table: str) -> str:
    return f"lake/{table}"


def model(schema: str, name: str) -> str:
    return f"warehouse/{schema}.{name}"


def published(mart: str) -> str:
    return f"published/{mart}"


def export(kind: str, table: str) -> str:
    """Args: kind: of the packs, `managers` or `merchants`."""
    return f"exports/{kind}/{table}.csv"


def bi(mart: str) -> str:
    return f"bi/{mart}"


def superset(dataset: str) -> str:
    return f"superset/{dataset}"


def site(page: str) -> str:
    return f"site/{page}.html"


def lake_tables() -> Iterator[str]:
    """The lake's tables that dbt reads: events of all sources, and what Spark's families write."""
    yield from map(events, SOURCES)
    yield from (lake(table.name) for table in TABLES.values() if table.family is not None)


def published_marts() -> list[str]:
    return [published(table.name) for table in (*marts(), *BY_PUBLICATION)]
