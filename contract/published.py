"""The marts that say which publication a reader has before them, and by which gates it came; publication writes them, nothing
else does."""

from __future__ import annotations

from contract.columns import AS_OF, count, flag, identifier, nullable, text
from contract.table import ANALYSTS, OPERATIONS, Question, Table

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

GATE_RESULTS = Table(
    "gate_results",
    "Grain: gate: what the last run of each gate found before this publication: ingest_<source> of what was read, "
    "publication of the marts. The broken rows are in Data Docs.",
    key="gate",
    columns=(
        text("gate", "Name of the gate."),
        flag("is_passed", "Whether no expectation of severity fail was broken."),
        count("expectations", "expectations", "Expectations that were judged."),
        count("failures", "expectations", "Expectations of severity fail that were broken."),
        count("warnings", "expectations", "Expectations of severity warn that were broken; they stop nothing."),
        nullable(text("broken", "Table and name of each that was broken, a semicolon and a blank between; null if none was.")),
    ),
    questions=(Question.LOADING,),
    consumers=(OPERATIONS,),
)

BY_PUBLICATION = (PUBLISHED, GATE_RESULTS)
