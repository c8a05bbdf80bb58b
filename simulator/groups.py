"""The chat groups of the platform: who is in them, and until when they talk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.calendar import Bools, Floats, Ints


@dataclass
class Groups:
    """Groups that still talk, an entry each, and the records of all groups ever.

    Members are contiguous people: `first` is a person for a circle's group, a fan row for a merchant's. The first 60 % are
    the core: they join within hours, and only they write.
    """

    number: Ints
    circle: Ints
    merchant: Ints
    first: Ints
    size: Ints
    owner: Ints
    born_at: Ints
    dies_at: Ints
    rate: Floats
    last_at: Ints
    of_circle: Ints
    of_merchant: Ints
    records: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def none(cls, circles: int, merchants: int) -> Groups:
        empty = np.empty(0, np.int64)
        return cls(
            number=empty,
            circle=empty,
            merchant=empty,
            first=empty,
            size=empty,
            owner=empty,
            born_at=empty,
            dies_at=empty,
            rate=np.empty(0),
            last_at=empty,
            of_circle=np.full(circles, -1),
            of_merchant=np.full(merchants, -1),
        )

    def of(self, circle: Ints, merchant: Ints, rng: np.random.Generator) -> Ints:
        """A talking group of each circle or merchant, negative if there is none."""
        own, fan = self.of_circle[circle], self.of_merchant[merchant]
        return np.where((own >= 0) & ((fan < 0) | (rng.random(len(circle)) < 0.7)), own, fan)

    def keep(self, kept: Bools) -> None:
        for name in ("number", "circle", "merchant", "first", "size", "owner", "born_at", "dies_at", "rate", "last_at"):
            setattr(self, name, getattr(self, name)[kept])


def group_ids(numbers: Ints) -> list[str]:
    return [f"g-{number:06d}" for number in numbers.tolist()]
