"""What a row of the sheet *Today* comes from: the hidden text by which a sheet that comes back is recognised.

Each row says it by itself, so it does not matter what becomes of the sheet: sorted, cut, renamed, saved as CSV in any encoding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Self
from urllib.parse import quote, unquote

_MARK = "fanout"
_VERSION = re.compile(r"v\d{6,12}")


@dataclass(frozen=True)
class Reference:
    """A row of a list of calls.

    Attributes:
        as_of: the day of the list.
        version: of the published day.
        manager: whose list it is, an empty text for merchants without a manager.
        merchant_id: whom it names.
        step: stage and topic of the playbook's row that it suggests.
    """

    as_of: date
    version: str
    manager: str
    merchant_id: str
    step: str

    def __str__(self) -> str:
        """Plain ASCII, which begins with a letter and is no value of any spreadsheet.

        >>> str(Reference(date(2026, 3, 20), "v000001", "小王", "m/1", "*.orders"))
        'fanout/2026-03-20/v000001/%E5%B0%8F%E7%8E%8B/m%2F1/*.orders'
        """
        parts = (_MARK, self.as_of.isoformat(), self.version, self.manager, self.merchant_id, self.step)
        return "/".join(quote(part, safe="*", errors="surrogatepass") for part in parts)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What a text says, None if no list wrote it.

        >>> Reference.parse("fanout/2026-03-20/v000001/amy/m-1/*.orders").merchant_id
        'm-1'
        """
        parts = [unquote(part, errors="replace") for part in text.strip().split("/")]
        if len(parts) != 6 or parts[0] != _MARK or not _VERSION.fullmatch(parts[2]) or not parts[4] or not parts[5]:
            return None
        try:
            day = date.fromisoformat(parts[1])
        except ValueError:
            return None
        return cls(day, *parts[2:])
