"""What must hold of the marts of the area leads, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Expectation, Rules, agree, mart_holds

_PARTS = " + ".join(f"points_{attribute}" for attribute in ("gender", "age", "region", "city_tier", "watch", "depth", "login"))
_REACHED = ("trusted", "interested", "purchased")
_ANSWERED = ("asking", "fast", "fast_purchased", "slow", "slow_purchased")
_CUSTOMERS = ("customers", "matured", "covered", *_ANSWERED, *_REACHED, "in_script", "steps_due", "steps_on_time")


def _sums(columns: tuple[str, ...]) -> str:
    return ", ".join(f"sum({column}) as {column}" for column in columns)


def _in_force(table: str, day: str) -> Expectation:
    """Rows are scored by the version that holds on the day, and by none where none does."""
    return Expectation(
        "rules in force",
        f"ruleset_version is the one that lead_rule_versions has for {day}",
        f"""select rows.ruleset_version, max(rules.ruleset_version) as in_force,
            count(distinct rules.ruleset_version) as versions
        from marts.{table} as rows
        left join marts.lead_rule_versions as rules
            on rules.valid_from <= {day} and coalesce(rules.valid_to >= {day}, true)
        group by rows.ruleset_version
        having rows.ruleset_version is distinct from max(rules.ruleset_version) or count(distinct rules.ruleset_version) > 1""",
        needs=("lead_rule_versions",),
        breaks=f"update marts.{table} set ruleset_version = 'v0'",
    )


RULES: Rules = {
    "lead_scores": (
        mart_holds(
            "lead_scores",
            "parts add up",
            f"""abs(score - ({_PARTS})) <= 1e-9 * greatest(1, abs(score))
            and abs(score - (points_profile + points_watch + points_depth + points_login)) <= 1e-9 * greatest(1, abs(score))""",
            f"score, {_PARTS.replace(' +', ',')}",
            breaks="update marts.lead_scores set points_depth = points_depth + 0.001 where user_id = 'u-3'",
        ),
        _in_force("lead_scores", "getvariable('as_of')"),
        mart_holds(
            "lead_scores",
            "no points without rules",
            "ruleset_version is not null or score = 0",
            "ruleset_version, score",
            breaks="update marts.lead_scores set ruleset_version = null",
        ),
        mart_holds(
            "lead_scores",
            "advice",
            """(advice = 'bought') = (state = 'converted') and (advice = 'leave_alone') = (state = 'suppressed')
            and (advice <> 'call' or band <> 'cold')""",
            "state, band, touches, advice",
            breaks="update marts.lead_scores set advice = 'call' where state = 'suppressed'",
        ),
        mart_holds(
            "lead_scores",
            "states",
            """(state = 'converted') = (converted_at is not null) and coalesce(converted_at > entered_at, true)
            and (state <> 'new' or days_in_pool < 7)
            and (state <> 'active' or last_behaviour_date > getvariable('as_of') - 30)
            and (state <> 'dormant' or last_behaviour_date <= getvariable('as_of') - 30)""",
            "state, entered_at, converted_at, days_in_pool, last_behaviour_date",
            breaks="update marts.lead_scores set state = 'active' where state = 'dormant'",
        ),
        agree(
            "the suppressed are not called",
            "a lead that has not bought is suppressed where it is in suppressed_fans, and only there",
            "select merchant_id, user_id from marts.lead_scores where state = 'suppressed'",
            """select distinct merchant_id, user_id from marts.suppressed_fans
            semi join marts.lead_scores as leads using (merchant_id, user_id)
            anti join (select * from marts.lead_scores where state = 'converted') as bought using (merchant_id, user_id)""",
            needs=("suppressed_fans",),
            breaks="update marts.lead_scores set state = 'new', days_in_pool = 0 where state = 'suppressed'",
        ),
        agree(
            "bands do not overlap",
            "of two leads the one in the higher band has the higher score",
            "select true as is_so",
            """select coalesce(max(score) filter (where band = 'cold') < min(score) filter (where band <> 'cold'), true)
                and coalesce(max(score) filter (where band <> 'hot') < min(score) filter (where band = 'hot'), true) as is_so
            from marts.lead_scores""",
            breaks="update marts.lead_scores set band = 'cold' where band = 'hot'",
        ),
    ),
    "lead_score_deciles": (
        _in_force("lead_score_deciles", "getvariable('as_of') - 30"),
        agree(
            "tenths add up",
            "the tenths of a merchant, and of all, have the leads of their tenth 0",
            f"""select merchant_id, {_sums(("leads", "converted"))}, min(score_min) as lowest, max(score_max) as highest
            from marts.lead_score_deciles where decile > 0 group by all""",
            """select merchant_id, leads, converted, score_min as lowest, score_max as highest
            from marts.lead_score_deciles where decile = 0""",
            breaks="update marts.lead_score_deciles set leads = leads + 1 where decile = 1 and merchant_id = 'm-1'",
        ),
        agree(
            "merchants add up",
            "the leads of all merchants are those of all",
            f"select {_sums(('leads', 'converted'))} from marts.lead_score_deciles where merchant_id <> 'all' and decile = 0",
            f"select {_sums(('leads', 'converted'))} from marts.lead_score_deciles where merchant_id = 'all' and decile = 0",
            breaks="delete from marts.lead_score_deciles where merchant_id = 'm-1'",
        ),
        Expectation(
            "scores rise",
            "the lowest score of a tenth is higher than the highest of the tenth before",
            """select merchant_id, decile, score_min, highest_before from (
                select *, lag(score_max) over (partition by merchant_id order by decile) as highest_before
                from marts.lead_score_deciles where decile > 0
            ) where score_min <= highest_before or score_min > score_max""",
            breaks="update marts.lead_score_deciles set score_min = 0 where decile = 6",
        ),
        mart_holds(
            "lead_score_deciles",
            "evidence",
            """(auc is not null) = (decile = 0 and converted between 1 and leads - 1)
            and coalesce(auc between auc_lo and auc_hi, auc is null) and (auc_lo is null) = (auc is null)
            and (auc_suggested is null or merchant_id = 'all' and auc_suggested > auc)""",
            "leads, converted, auc, auc_lo, auc_hi, auc_suggested",
            breaks="update marts.lead_score_deciles set auc_suggested = auc where merchant_id = 'all'",
        ),
    ),
    "lead_rules_review": (
        mart_holds(
            "lead_rules_review",
            "cells",
            """matched <= leads and converted <= leads and converted_matched <= least(matched, converted)
            and converted - converted_matched <= leads - matched
            and log_odds_ratio between log_odds_ratio_lo and log_odds_ratio_hi""",
            "leads, matched, converted, converted_matched, log_odds_ratio",
            breaks="update marts.lead_rules_review set converted_matched = matched + 1",
        ),
        agree(
            "leads are those of the tenths",
            "leads, those that bought, and the version are those of tenth 0",
            "select distinct merchant_id, leads, converted, ruleset_version from marts.lead_rules_review",
            """select merchant_id, leads, converted, ruleset_version from marts.lead_score_deciles
            where decile = 0 and ruleset_version is not null""",
            needs=("lead_score_deciles",),
            breaks="update marts.lead_rules_review set ruleset_version = 'v1' where merchant_id = 'm-1'",
        ),
        agree(
            "merchants add up",
            "the matched leads of all merchants are those of all",
            f"""select rule_id, {_sums(("matched", "converted_matched"))} from marts.lead_rules_review
            where not is_total group by all""",
            "select rule_id, matched, converted_matched from marts.lead_rules_review where is_total",
            breaks="delete from marts.lead_rules_review where merchant_id = 'm-1' and rule_id = 'female'",
        ),
        Expectation(
            "suggested points add up",
            "suggested points are there for all rules of all or for none, as large together as the points that hold, and tell "
            "better who buys",
            """select count(suggested_points) as suggested, sum(abs(suggested_points)) as size, sum(points) as points
            from marts.lead_rules_review
            where is_total
            having count(suggested_points) not in (0, count(*)) or abs(sum(abs(suggested_points)) - abs(sum(points))) > 1e-6
                or (count(suggested_points) > 0) <> (
                    select count(auc_suggested) > 0 from marts.lead_score_deciles where merchant_id = 'all'
                )""",
            needs=("lead_score_deciles",),
            breaks="update marts.lead_rules_review set suggested_points = suggested_points - 1 where rule_id = 'female'",
        ),
    ),
    "outreach_results": (
        mart_holds(
            "outreach_results",
            "people",
            "attempted <= attempts and matured <= attempted and accepted <= matured and opted_out <= matured "
            "and attempts_after_opt_out <= attempts",
            "attempts, attempted, matured, accepted, opted_out, attempts_after_opt_out",
            breaks="update marts.outreach_results set opted_out = matured + 1, opt_out_rate = null where stratum = 'kind'",
        ),
        mart_holds(
            "outreach_results",
            "intervals",
            """coalesce(accepted_rate between accepted_rate_lo and accepted_rate_hi, matured = 0)
            and coalesce(opt_out_rate between opt_out_rate_lo and opt_out_rate_hi, matured = 0)""",
            "accepted_rate, accepted_rate_lo, accepted_rate_hi, opt_out_rate, opt_out_rate_lo, opt_out_rate_hi",
            breaks="update marts.outreach_results set accepted_rate_hi = 0 where accepted > 0",
        ),
        Expectation(
            "band",
            "band says where the interval of accepted_rate lies to the range of the claim outreach_accepted",
            """select merchant_id, month, stratum, value, accepted_rate_lo, accepted_rate_hi, band
            from marts.outreach_results, marts.claim_checks
            where claim_id = 'outreach_accepted' and band is distinct from case
                when matured = 0 then null
                when accepted_rate_hi < claimed_lo then 'below'
                when accepted_rate_lo > claimed_hi then 'above'
                when accepted_rate_lo >= claimed_lo and accepted_rate_hi <= claimed_hi then 'within'
                else 'unclear'
            end""",
            needs=("claim_checks",),
            breaks="update marts.outreach_results set band = 'within' where band = 'unclear'",
        ),
        agree(
            "strata have all attempts",
            "the attempts of each stratum, and those after an opt-out, are those of all",
            f"""select merchant_id, month, {_sums(("attempts", "attempts_after_opt_out"))}
            from marts.outreach_results group by merchant_id, month, stratum""",
            """select merchant_id, month, attempts, attempts_after_opt_out
            from marts.outreach_results, range(4) where stratum = 'all'""",
            breaks="update marts.outreach_results set attempts = attempts + 1 where stratum = 'hour'",
        ),
    ),
    "sales_reps": (
        mart_holds(
            "sales_reps",
            "stages",
            """matured <= customers and covered <= matured and purchased <= interested and interested <= trusted
            and trusted <= matured and asking <= matured and fast + slow <= asking and fast_purchased <= fast
            and slow_purchased <= slow and in_script <= matured and steps_on_time <= steps_due""",
            ", ".join(_CUSTOMERS),
            breaks="update marts.sales_reps set interested = trusted + 1",
        ),
        agree(
            "representatives add up",
            "the customers of all representatives of a month are those of all, and what became of them",
            f"select merchant_id, month, {_sums(_CUSTOMERS)} from marts.sales_reps where not is_total group by all",
            f"select merchant_id, month, {', '.join(_CUSTOMERS)} from marts.sales_reps where is_total",
            breaks="update marts.sales_reps set customers = customers + 1 where rep_id = 'unassigned'",
        ),
        Expectation(
            "drawn to the mean",
            "a shrunk rate lies between the representative's own and that of all representatives together, and is there for "
            "all of a month or none; a verdict says whether the interval leaves that of all out",
            """select merchant_id, month, rep_id, purchase_rate, purchase_rate_shrunk, pooled from (
                select *,
                    sum(purchased) over month / nullif(sum(matured) over month, 0) as pooled,
                    count(between_rep_sd) over whole as spreads
                from marts.sales_reps
                window
                    month as (partition by merchant_id, month, rep_id in ('all', 'unassigned')),
                    whole as (partition by merchant_id, month)
            ) where (purchase_rate_shrunk is not null) <> (spreads > 0 and matured > 0 and rep_id not in ('all', 'unassigned'))
                or purchase_rate_shrunk not between
                    least(purchase_rate, pooled) - 1e-9 and greatest(purchase_rate, pooled) + 1e-9
                or verdict is distinct from case
                    when rep_id in ('all', 'unassigned') or matured = 0 then null
                    when purchase_rate_lo > pooled then 'above'
                    when purchase_rate_hi < pooled then 'below'
                    else 'usual'
                end""",
            breaks="update marts.sales_reps set purchase_rate_shrunk = purchase_rate_shrunk + 0.5 where rep_id = 'r-2'",
        ),
        mart_holds(
            "sales_reps",
            "totals",
            """coalesce(reps, between_rep_sd, rep_score_p10, rep_score_p90, spend_per_purchase) is null or is_total""",
            "reps, between_rep_sd, rep_score_p10, rep_score_p90, spend_per_purchase",
            breaks="update marts.sales_reps set reps = 1",
        ),
    ),
}
