"""The spread map of a merchant or of one cascade, drawn on request: one HTML file that needs no network.

    python -m exports.spread_map --as-of 2026-03-20 --merchant m-1 [--root-share-id s-1] [--out map.html]

The merchant's largest cascades of the last 90 days around the merchant, as in its pack, or one cascade around its first share.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path

from contract.settings import SettingError, Settings, parse_as_of
from contract.success import RULES
from exports.packs.export_day import open_day
from exports.pages.about import About
from exports.pages.spread import largest_cascades, one_cascade
from exports.pages.spread_page import map_page
from exports.pages.words import Words
from publication.versions import PublicationError


class NothingToDraw(RuntimeError):
    """No share of this merchant, or of this cascade, is published for the day."""


def spread_map(settings: Settings, as_of: date, merchant: str, root: str | None) -> bytes:
    """The page of a map.

    Raises:
        PublicationError: the day is not published.
        NothingToDraw: there is no such cascade.
    """
    with open_day(settings, as_of, None) as day:
        if root is None:
            day.con.execute("create temp table batch as select ? as merchant_id", [merchant])
            spread = largest_cascades(day).get(merchant)
        else:
            spread = one_cascade(day, merchant, root)
        if spread is None:
            what = f"cascade {root!r} of merchant {merchant!r}" if root else f"cascade of merchant {merchant!r}"
            when = "" if root else f" in the {RULES['map_days']} days to {as_of}"
            raise NothingToDraw(f"there is no {what}{when}; see marts.cascades for those that there are")
        about = About(day.published, None, settings.currency, settings.contact, "", bool(settings.pseudonym_key))
    return map_page(spread, merchant, root, about, Words.of(settings.language))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    parser.add_argument("--merchant", required=True, help="merchant_id")
    parser.add_argument("--root-share-id", help="one cascade; without, the merchant's largest ones")
    parser.add_argument("--out", type=Path, default=Path("spread_map.html"))
    arguments = parser.parse_args()
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(arguments.as_of)
        content = spread_map(settings, as_of, arguments.merchant, arguments.root_share_id)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except (PublicationError, NothingToDraw) as error:
        print(error, file=sys.stderr)
        return 1
    partial = arguments.out.with_name(f".{arguments.out.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, arguments.out)
    print(arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
