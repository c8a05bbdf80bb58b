"""What the commands that write planted landings have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path


def parser(text: str | None, end: date) -> argparse.ArgumentParser:
    """A parser of the arguments that each of them has.

    Args:
        text: the command's docstring.
        end: the last day, if no other is named.
    """
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--out", type=Path, required=True, help="a new folder")
    made.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default %(default)s)")
    made.add_argument("--end", type=date.fromisoformat, default=end, help="the last day (default %(default)s)")
    return made


def status(write: Callable[[], object]) -> int:
    """Exit status of a command that writes a landing."""
    try:
        write()
    except OSError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    return 0
