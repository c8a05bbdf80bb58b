"""Names of folders and files made from identifiers that anybody may have chosen."""

from __future__ import annotations

import hashlib
import re
import unicodedata

PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESERVED = re.compile(
    r"con|prn|aux|nul|com\d|lpt\d|unassigned"
)  # devices on Windows, and the folder of merchants without a manager
_HASH_DIGITS = 16


def safe_name(identifier: str) -> str:
    """A folder name for an identifier: itself where it is plain, else its readable part, `~` and a hash.

    Two identifiers never share a name, not even where upper and lower case are one, and no name leaves its folder.

    >>> safe_name("m-17")
    'm-17'
    >>> safe_name("../M 17")
    'm-17~5221a952e9f78957'
    """
    if PLAIN.fullmatch(identifier) and not RESERVED.fullmatch(identifier):
        return identifier
    letters = "".join(character if character.isalnum() else "-" for character in unicodedata.normalize("NFKC", identifier))
    readable = re.sub("-+", "-", letters.lower()).strip("-")[:32]
    return f"{readable}~{hashlib.sha256(identifier.encode('utf-8', 'surrogatepass')).hexdigest()[:_HASH_DIGITS]}"


_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]+")


def readable(text: str) -> str:
    """A text for people to read: without control characters and what turns the direction of writing.

    >>> readable("a\\tb\\u202ec")
    'a b c'
    """
    return _UNREADABLE.sub(" ", text).strip()
