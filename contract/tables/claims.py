"""The tables of the area claims."""

from __future__ import annotations

from contract.columns import AS_OF, choice, count, identifier, nullable, number, text
from contract.table import ANALYSTS, Empty, Question, Table
from contract.values import VERDICTS

TABLES: tuple[Table, ...] = (
    Table(
        "claim_checks",
        "Grain: claim × as_of: the field's rules of thumb against our figures.",
        key="claim_id",
        columns=(
            identifier("claim_id", "Name of the claim."),
            AS_OF,
            text("claim", "The claim in words."),
            number("claimed_value", "as the claim says", "The claimed value."),
            nullable(number("claimed_lo", "as the claim says", "From here our figure agrees with the claim.")),
            nullable(number("claimed_hi", "as the claim says", "Up to here our figure agrees with it; null for no limit.")),
            nullable(number("our_value", "as the claim says", "Our figure; null where there are no such events.")),
            nullable(
                number(
                    "our_value_lo",
                    "as the claim says",
                    "Lower bound of its 95 % interval; null where it is a count of everybody.",
                )
            ),
            nullable(number("our_value_hi", "as the claim says", "Upper bound of its 95 % interval.")),
            text("unit", "What the figures count."),
            count("observations", "merchant days", "What our figure rests on."),
            choice(
                "verdict",
                VERDICTS,
                "consistent: our interval meets the claimed range; inconsistent: it does not; insufficient: the "
                "events cannot tell.",
            ),
            nullable(text("reason", "Why the events cannot tell.")),
            text("formula", "How our figure comes about."),
        ),
        questions=(Question.CLAIMS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
)
