"""What must hold of the marts of the area teams, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Rules, agree, mart_holds

_REGION = "region, month"
_STATES = "opened, closed, formed_organic, formed_auto_filled, failed, open_at_as_of"

RULES: Rules = {
    "team_formation": (
        mart_holds(
            "team_formation",
            "balanced",
            "opened = closed + open_at_as_of and closed = formed_organic + formed_auto_filled + failed",
            _STATES,
            breaks="update marts.team_formation set failed = 0 where failed = 1",
        ),
        mart_holds(
            "team_formation",
            "buyers",
            "new_buyer_members <= members",
            "new_buyer_members, members",
            breaks="update marts.team_formation set new_buyer_members = 4",
        ),
        mart_holds(
            "team_formation",
            "days",
            "opened_date <= getvariable('as_of')",
            breaks="update marts.team_formation set opened_date = date '2026-03-21' where open_at_as_of = 1",
        ),
    ),
    "team_formation_by_region": (
        agree(
            "adds up to team_formation",
            "a region's teams of a month, and of all months, are those of team_formation",
            f"select {_REGION}, {_STATES} from marts.team_formation_by_region where opened > 0",
            f"""select region, month, {", ".join(f"sum({state}) as {state}" for state in _STATES.split(", "))} from (
                select *, unnest([strftime(opened_date, '%Y-%m'), 'all']) as month from marts.team_formation
            ) group by all""",
            needs=("team_formation",),
            breaks="delete from marts.team_formation_by_region where opened = 1",
        ),
        mart_holds(
            "team_formation_by_region",
            "rate",
            """formed_organic <= closed and closed <= opened and case when closed = 0 then formation_rate is null
            else abs(formation_rate - formed_organic / closed) < 1e-9
                and formation_rate_lo <= formation_rate + 1e-12 and formation_rate <= formation_rate_hi + 1e-12
                and formation_rate <= formation_rate_incl_auto_filled + 1e-12 end""",
            "opened, closed, formed_organic, formation_rate, formation_rate_lo, formation_rate_hi",
            breaks="update marts.team_formation_by_region set formation_rate = 0.6 where closed = 2",
        ),
    ),
    "team_design": (
        mart_holds(
            "team_design",
            "formed",
            "formed_organic <= closed and closed <= opened",
            "opened, closed, formed_organic",
            breaks="update marts.team_design set formed_organic = 3 where closed = 2",
        ),
        agree(
            "adds up to team_formation",
            "the teams of a design are those of team_formation",
            "select size_required, benefit_side, goal, opened, closed, formed_organic from marts.team_design",
            """select size_required, benefit_side, goal, sum(opened) as opened, sum(closed) as closed,
                sum(formed_organic) as formed_organic
            from marts.team_formation group by all""",
            needs=("team_formation",),
            breaks="delete from marts.team_design where size_required = 3",
        ),
    ),
}
