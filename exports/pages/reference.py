"""What a row of a list of calls comes from: the hidden text by which a sheet that comes back is recognised.

Each row says it by itself, so it does not matter what becomes of the sheet: sorted, cut, renamed, saved as CSV in any encoding.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from datetime import date
from typing import ClassVar, Self
from urllib.parse import quote, unquote

_VERSION = re.compile(r"v\d{6,12}")


@dataclass(frozen=True)
class Listed:
    """Where a row was listed, and of which merchant.

    Attributes:
        as_of: the day of the list.
        version: of the published day.
        manager: whose list it is, an empty text for merchants without a manager.
    """

    MARK: ClassVar[str]

    as_of: date
    version: str
    manager: str
    merchant_id: str

    def __str__(self) -> str:
        """Plain ASCII, which begins with a letter and is no value of any spreadsheet.

        >>> str(Reference(date(2026, 3, 20), "v000001", "小王", "m/1", "*.orders"))
        'fanout/2026-03-20/v000001/%E5%B0%8F%E7%8E%8B/m%2F1/*.orders'
        """
        return "/".join(quote(str(part), safe="*", errors="surrogatepass") for part in (self.MARK, *astuple(self)))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What a text says, None if no list of this kind wrote it.

        >>> Reference.parse("fanout/2026-03-20/v000001/amy/m-1/*.orders").merchant_id
        'm-1'
        >>> LeadReference.parse("fanout/2026-03-20/v000001/amy/m-1/*.orders")
        """
        parts = [unquote(part, errors="replace") for part in text.strip().split("/")]
        if len(parts) != 6 or parts[0] != cls.MARK or not _VERSION.fullmatch(parts[2]) or not parts[4] or not parts[5]:
            return None
        try:
            day = date.fromisoformat(parts[1])
        except ValueError:
            return None
        return cls(day, *parts[2:])


@dataclass(frozen=True)
class Reference(Listed):
    """A row of the merchants to call; `step` is stage and topic of the playbook's row that it suggests."""

    MARK = "fanout"

    step: str


@dataclass(frozen=True)
class LeadReference(Listed):
    """A row of the leads to call; `fan` is the lead as the list shows it: an id or a pseudonym."""

    MARK = "fanout-lead"

    fan: str
