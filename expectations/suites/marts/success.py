"""What must hold of the marts of the area success, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Rules, agree, mart_holds

_STATES = "opened, closed, formed_organic, formed_auto_filled, failed, open_at_as_of"
_BALANCED = "opened = closed + open_at_as_of and closed = formed_organic + formed_auto_filled + failed"

RULES: Rules = {
    "team_leaders": (
        mart_holds("team_leaders", "balanced", _BALANCED, _STATES, breaks="update marts.team_leaders set failed = 0"),
        agree(
            "adds up to team_formation",
            "the teams of a merchant's leaders are all its teams",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.team_leaders group by all",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.team_formation group by all",
            needs=("team_formation",),
            breaks="delete from marts.team_leaders where user_id = 'u-6'",
        ),
    ),
    "merchant_team_regions": (
        mart_holds(
            "merchant_team_regions",
            "balanced",
            _BALANCED,
            _STATES,
            breaks="update marts.merchant_team_regions set closed = 2 where closed = 3",
        ),
        agree(
            "adds up to team_formation",
            "the teams of a merchant's region are those of team_formation",
            "select merchant_id, region, opened, closed, formed_organic from marts.merchant_team_regions",
            """select merchant_id, region, sum(opened) as opened, sum(closed) as closed, sum(formed_organic) as formed_organic
            from marts.team_formation group by all""",
            needs=("team_formation",),
            breaks="update marts.merchant_team_regions set region = 'CN-SH'",
        ),
    ),
}
