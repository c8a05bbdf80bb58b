"""The mart that says which publication a reader has before them; publication writes it, nothing else does."""

from __future__ import annotations

from contract.columns import AS_OF, identifier, text
from contract.table import ANALYSTS, Question, Table

PUBLISHED = Table(
    "published",
    "Grain: one row: the publication that these marts are.",
    key="as_of",
    columns=(
        AS_OF,
        text("version", "Version of the day, such as v000001; a higher one replaces a lower."),
        text("currency", "ISO 4217 code of the currency that all money is in."),
        text("timezone", "IANA name of the time zone whose calendar days business dates are."),
        identifier("run_id", "The run that first published these figures."),
    ),
    questions=(Question.BASICS,),
    consumers=(ANALYSTS,),
)
