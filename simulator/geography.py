"""Regions of China (ISO 3166-2) with what is planted for each: how many teams open, and how many of them form."""

from __future__ import annotations

from typing import NamedTuple

from simulator.calendar import Ints


class Region(NamedTuple):
    """A region; `users` is a weight, `opening` relative to the others, `formation` the planted share of teams that form."""

    code: str
    users: float
    opening: float
    formation: float

    @property
    def is_eager_in_vain(self) -> bool:
        """Whether many teams are opened here and few of them form."""
        return self.opening >= 2 and self.formation <= 0.3


REGIONS = (
    Region("CN-SH", 6.0, 2.8, 0.22),
    Region("CN-ZJ", 8.0, 2.5, 0.25),
    Region("CN-GD", 11.0, 1.6, 0.45),
    Region("CN-JS", 8.0, 1.5, 0.46),
    Region("CN-BJ", 5.0, 2.0, 0.30),
    Region("CN-FJ", 4.0, 1.1, 0.55),
    Region("CN-SD", 6.5, 0.9, 0.58),
    Region("CN-HE", 4.0, 0.7, 0.60),
    Region("CN-HA", 5.0, 0.7, 0.62),
    Region("CN-HB", 4.5, 0.8, 0.60),
    Region("CN-HN", 4.5, 0.8, 0.57),
    Region("CN-SC", 6.0, 0.9, 0.54),
    Region("CN-CQ", 3.0, 0.9, 0.52),
    Region("CN-SN", 3.0, 0.6, 0.61),
    Region("CN-AH", 4.0, 0.8, 0.58),
    Region("CN-JX", 3.0, 0.7, 0.60),
    Region("CN-LN", 4.0, 0.5, 0.72),
    Region("CN-JL", 4.0, 0.5, 0.84),
    Region("CN-HL", 4.0, 0.5, 0.82),
    Region("CN-TJ", 2.0, 1.0, 0.50),
    Region("CN-GX", 2.0, 0.6, 0.63),
    Region("CN-YN", 2.0, 0.6, 0.64),
    Region("CN-GZ", 1.5, 0.6, 0.65),
    Region("CN-SX", 1.5, 0.6, 0.64),
    Region("CN-GS", 1.0, 0.5, 0.68),
    Region("CN-NM", 1.0, 0.5, 0.70),
    Region("CN-XJ", 1.0, 0.4, 0.60),
    Region("CN-HI", 0.8, 0.9, 0.50),
    Region("CN-NX", 0.5, 0.5, 0.65),
    Region("CN-QH", 0.4, 0.4, 0.60),
    Region("CN-XZ", 0.3, 0.4, 0.55),
)
UNKNOWN = Region("unknown", 0.0, 0.8, 0.50)  # people who gave no region; the last of ALL_REGIONS
ALL_REGIONS = (*REGIONS, UNKNOWN)


def region_codes(regions: Ints) -> list[str]:
    return [ALL_REGIONS[region].code for region in regions.tolist()]
