"""What must hold of the marts of the area live, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Rules, mart_holds

RULES: Rules = {
    "live_sessions": (
        mart_holds(
            "live_sessions",
            "end",
            "ended_at >= started_at",
            "started_at, ended_at",
            breaks="update marts.live_sessions set ended_at = timestamp '2026-03-01 11:59:59'",
        ),
        mart_holds(
            "live_sessions",
            "viewers",
            "interacting_viewers <= interactions and (average_viewers is null or peak_viewers >= average_viewers)",
            "interacting_viewers, interactions, peak_viewers, average_viewers",
            breaks="update marts.live_sessions set average_viewers = peak_viewers + 1",
        ),
    ),
}
