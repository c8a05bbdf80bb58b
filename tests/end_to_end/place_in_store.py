"""A place in an object store."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.end_to_end.conftest import Place
from tests.object_stores import BUCKET

PREFIXES = {"LANDING": "landing", "LAKE": "some/lake", "PUBLISHED_URI": "published"}  # in the store


@dataclass(frozen=True)
class PlaceInStore(Place):
    """A place whose landing, lake and published versions lie in a store."""

    access: dict[str, str] = field(default_factory=dict)

    def environ(self, **settings: str) -> dict[str, str]:
        uris = {f"FANOUT_{name}": f"s3://{BUCKET}/{prefix}" for name, prefix in PREFIXES.items()}
        return super().environ(**uris, **{**self.access, **settings})
