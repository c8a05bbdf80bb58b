"""What must hold of the marts of the area claims, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Rules, mart_holds

RULES: Rules = {
    "claim_checks": (
        mart_holds(
            "claim_checks",
            "reason",
            "(verdict = 'insufficient') = (reason is not null)",
            "verdict, reason",
            breaks="update marts.claim_checks set verdict = 'consistent'",
        ),
    ),
}
