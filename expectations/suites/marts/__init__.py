"""What must hold before marts are published: what their declarations say, and the rules of each area across tables.

A module here is an area of `contract.tables`; its `RULES` are the expectations that no declaration says: what a figure means,
and sums from mart to mart (SPEC.md, section 3). `getvariable('as_of')` is the business date of the warehouse.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from contract.tables import AREA_OF, marts
from expectations.suites import Expectation, Suite
from expectations.suites.declared import declared


def _rules() -> Iterator[tuple[str, tuple[Expectation, ...]]]:
    for module in pkgutil.iter_modules(__path__):
        for table, expectations in import_module(f"{__name__}.{module.name}").RULES.items():
            if AREA_OF.get(table) != module.name:
                raise ValueError(f"{module.name} has rules for {table}, which is no table of this area")
            yield table, expectations


_RULES = dict(_rules())
SUITES: tuple[Suite, ...] = tuple(Suite(table.name, (*declared(table), *_RULES.get(table.name, ()))) for table in marts())
