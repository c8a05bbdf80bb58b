"""Which people an export may name, and how.

A merchant owns its fans: who is its fan at the end of the day may be named to it, nobody else. With a key from the
environment people carry keyed pseudonyms in place of their ids: HMAC-SHA256 of merchant and person, so that two merchants
cannot find out that they share a fan.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from contract.success import RULES

PSEUDONYM = "fan-"
_CHARACTERS = 20  # of base32: 100 bits
PSEUDONYM_FORM = f"{PSEUDONYM}[a-z2-7]{{{_CHARACTERS}}}"
_ROWS_PER_BATCH = 100_000
MASK = "**"  # in place of all of a name but its first character
PER_MERCHANT = 30  # people of one merchant that its manager's files may name
LEADERS, SPREADERS, SLEEPERS, LEADS, OWNERS, SELLERS, INVITERS = 4, 5, 5, 6, 4, 3, 3
SMALLEST_CELL = RULES["smallest_cell"]  # people in a breakdown by an attribute of persons


def pseudonym(key: str, merchant_id: str, user_id: str) -> str:
    """The name of a person to one merchant; the same on every day until the key changes."""
    digest = hmac.digest(key.encode(), f"{len(merchant_id)}:{merchant_id}{user_id}".encode(), hashlib.sha256)
    return PSEUDONYM + base64.b32encode(digest).decode().lower()[:_CHARACTERS]


def name_fans(con: duckdb.DuckDBPyConnection, catalog: str, key: str | None) -> None:
    """Make the temp table `fans_<catalog>`: the people whom a merchant's files may name.

    Columns: those of the mart `fan_contacts`; shown, the id or the pseudonym; display_name, the name that the fan chose, where
    the merchant may contact the fan; masked_name, what others see of it. A pseudonym has no name: it would tell whose it is.
    """
    fans = f"select *, user_id as shown from {catalog}.marts.fan_contacts"
    if key is None:
        con.execute(
            f"""create temp table fans_{catalog} as
            select fans.*, names.display_name,
                if(length_grapheme(names.display_name) > 1, left_grapheme(names.display_name, 1), '')
                || if(names.display_name is null, null, '{MASK}') as masked_name
            from ({fans}) as fans left join {catalog}.marts.fan_names as names using (merchant_id, user_id)"""
        )
        return
    fans = f"select *, null::varchar as display_name, null::varchar as masked_name from ({fans})"
    reader = con.cursor().execute(fans).to_arrow_reader(_ROWS_PER_BATCH)
    named = pa.RecordBatchReader.from_batches(reader.schema, _pseudonymised(reader, key))
    con.register("named", named)
    con.execute(f"create temp table fans_{catalog} as select * from named")
    con.unregister("named")


def _pseudonymised(reader: Any, key: str) -> Iterator[Any]:
    for batch in reader:
        merchants, users = batch.column("merchant_id").to_pylist(), batch.column("user_id").to_pylist()
        shown = [pseudonym(key, merchant, user) for merchant, user in zip(merchants, users, strict=True)]
        yield batch.set_column(batch.schema.get_field_index("shown"), "shown", pa.array(shown, pa.string()))


def resolve(con: duckdb.DuckDBPyConnection, key: str, shown: str) -> list[tuple[str, str]]:
    """(merchant, person) of a pseudonym among everybody that a mart of revenue names; empty if it is of another key."""
    people = con.execute("select merchant_id, user_id from marts.fan_revenue")
    found = []
    while batch := people.fetchmany(_ROWS_PER_BATCH):
        found += [(merchant, user) for merchant, user in batch if pseudonym(key, merchant, user) == shown]
    return found
