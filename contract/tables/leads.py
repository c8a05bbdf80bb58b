"""The tables of the area leads."""

from __future__ import annotations

from contract.columns import (
    MERCHANT,
    USER,
    Column,
    choice,
    count,
    date,
    identifier,
    integer,
    is_total,
    month,
    month_start,
    nullable,
    number,
    rate,
    share,
    text,
    timestamp,
)
from contract.success import RULES
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Question, Table, export
from contract.values import (
    LEAD_ADVICE,
    LEAD_ATTRIBUTES,
    LEAD_BANDS,
    LEAD_SOURCES,
    LEAD_STATES,
    OUTREACH_BANDS,
    OUTREACH_STRATA,
    REP_VERDICTS,
)

_VERSION = nullable(text("ruleset_version", "Version of the rules by which leads are scored; null where none is valid."))
_MERCHANT_OR_ALL = identifier("merchant_id", "The merchant, or all.")


def _points(attribute: str, meaning: str) -> Column:
    return number(f"points_{attribute}", "points", f"Part of the score for {meaning}, of the rule that gives most.")


def _wilson(name: str) -> tuple[Column, Column]:
    return (
        nullable(share(f"{name}_lo", f"Lower bound of the 95 % Wilson interval of {name}.")),
        nullable(share(f"{name}_hi", "Upper bound of it.")),
    )


_LEADS = Table(
    "lead_scores",
    "Grain: merchant × lead: a person who visited its live, interacted in one, reserved one, viewed a page, followed or "
    "accepted an invitation, and had not bought by then. The score is the sum of its parts, by the rules valid on as_of "
    "(seed lead_rules).",
    key="merchant_id, user_id",
    columns=(
        MERCHANT,
        USER,
        timestamp("entered_at", "When the lead first did any of it, UTC; in a live from its start on."),
        choice("entry_source", LEAD_SOURCES, "What that was; of several at one instant the first of this order."),
        choice(
            "state",
            LEAD_STATES,
            "The first that holds: converted (bought), suppressed (in suppressed_fans), new (entered within 7 days), active "
            "(did something within 30 days), dormant.",
        ),
        integer("days_in_pool", "days", "Days from entry to the first paid order, else to as_of."),
        date("last_behaviour_date", "Business date of the last of these things."),
        count("touches", "attempts", "Outreaches from entry on, before the first paid order."),
        count(
            "reactivations",
            "times",
            "How often the lead came back after 30 days or more, not after the day of the first paid order.",
        ),
        nullable(timestamp("converted_at", "First paid order, UTC; null where there is none.")),
        number("score", "points", "Sum of the parts, not rounded."),
        choice("band", LEAD_BANDS, "Band of the score, by the seed lead_bands: hot is called first."),
        choice(
            "advice",
            LEAD_ADVICE,
            "What to do: bought; leave_alone (suppressed); called_enough (touched "
            f"{RULES['lead_touches']} times or more); wait (cold); else call.",
        ),
        number("points_profile", "points", "Part of the score for who the lead is: for gender, age, region and tier together."),
        _points("gender", "gender"),
        _points("age", "age, the year less that of birth"),
        _points("region", "region"),
        _points("city_tier", "tier of the city"),
        _points("watch", "minutes in lives, which fade"),
        _points("depth", "different things viewed in a session, which fade"),
        _points("login", "days with a view or a visit, which fade"),
        integer(
            "unknown_attributes", "attributes", "How many of gender, year of birth, region and tier the registration lacks."
        ),
        _VERSION,
    ),
    questions=(Question.LEADS,),
    consumers=(ANALYSTS, MERCHANT_SUCCESS),
    audience=Audience.MERCHANT,
    # The parts for gender, age, region and tier are attributes of a person.
    export=export(
        "merchant_id user_id entered_at entry_source state days_in_pool last_behaviour_date touches reactivations converted_at "
        "score band advice points_profile points_watch points_depth points_login ruleset_version",
        "A lead that is the merchant's fan: what it did before it bought, and its score.",
        ages={"days_in_pool": 1, "score": None, "points_watch": None, "points_depth": None, "points_login": None},
        file="leads",
    ),
)

_RULE_VERSIONS = Table(
    "lead_rule_versions",
    "Grain: version × rule: by which leads were and are scored, the seed lead_rules. Of the rules of an attribute that match a "
    "lead the one with most points counts alone.",
    key="ruleset_version, rule_id",
    columns=(
        text("ruleset_version", "Version of the rules."),
        identifier("rule_id", "The rule, unique within its version."),
        date("valid_from", "First day whose scores are by the version."),
        nullable(date("valid_to", "Last day; null where the version holds still.")),
        choice("attribute", LEAD_ATTRIBUTES, "What the rule looks at, of a person or of what it does."),
        nullable(text("value", "Whom it matches: who has this value.")),
        nullable(number("lo", "as the attribute", "Or at least this, included.")),
        nullable(number("hi", "as the attribute", "And at most this, included.")),
        number("points", "points", "Points of the rule; of watch, depth and login for each unit."),
        nullable(number("half_life_days", "days", "Days in which what a lead did loses half of its worth.", least=0)),
        nullable(number("cap", "points", "Most points that it may give.")),
    ),
    questions=(Question.LEADS,),
    consumers=(ANALYSTS,),
)

_DECILES = Table(
    "lead_score_deciles",
    "Grain: merchant, or all, × tenth of the leads by their score on as_of − 30 (10 has the highest, 0 is all of them; tenths "
    "that equal scores leave empty have no row): how many bought in the 30 days after. Leads had entered by that day and not "
    "bought; scores are rounded to 9 decimals.",
    key="merchant_id, decile",
    columns=(
        _MERCHANT_OR_ALL,
        integer("decile", "tenth, from 1", "1 + ⌊10 × leads with a lower score / leads⌋; 0 for all."),
        is_total(
            "merchant_id = 'all' or decile = 0",
            "Whether the row repeats others: all tenths, or all merchants. Leave it out, or take one kind alone.",
        ),
        count("leads", "people", "Leads of the tenth.", least=1),
        number("score_min", "points", "Lowest score of them."),
        number("score_max", "points", "Highest score of them."),
        count("converted", "people", "Of leads, those with a paid order in the 30 days after."),
        rate(
            share("conversion_rate", "converted / leads: part of them that bought in the 30 days after."), "converted", "leads"
        ),
        *_wilson("conversion_rate"),
        nullable(number("lift", "1", "conversion_rate / that of all tenths; null where nobody bought.", least=0)),
        nullable(
            share(
                "auc",
                "Probability that a lead that bought had a higher score than one that did not, equal ones a half; in tenth 0, "
                "null without both.",
            )
        ),
        nullable(share("auc_lo", "Lower bound of its 95 % interval (Hanley, McNeil 1982), cut to 0.")),
        nullable(share("auc_hi", "Upper bound of it, cut to 1.")),
        nullable(
            share(
                "auc_suggested",
                "auc of the same leads by the suggested points of lead_rules_review; in tenth 0 of all, null unless it is "
                "higher.",
            )
        ),
        _VERSION,
    ),
    questions=(Question.LEADS,),
    consumers=(ANALYSTS, MERCHANT_SUCCESS),
    audience=Audience.MERCHANT,
    export=export(
        "merchant_id decile leads score_min score_max converted conversion_rate conversion_rate_lo conversion_rate_hi lift auc "
        "auc_lo auc_hi ruleset_version",
        "A tenth of the merchant's leads by their score 30 days ago, 0 for all of them, and how many bought since.",
    ),
)

_RULES = Table(
    "lead_rules_review",
    "Grain: merchant, or all, × rule valid on as_of − 30: whether leads that it gave points to bought more often in the 30 "
    "days after than the others. Leads are those of lead_score_deciles.",
    key="merchant_id, rule_id",
    columns=(
        _MERCHANT_OR_ALL,
        identifier("rule_id", "The rule, of the seed lead_rules."),
        is_total("merchant_id = 'all'", "Whether the row is of all merchants."),
        text("ruleset_version", "Version of the rules by which leads are scored."),
        number("points", "points", "Points of the rule; of watch, depth and login for each unit."),
        count("leads", "people", "Leads that were scored.", least=1),
        count("matched", "people", "Leads that the rule gave points to."),
        count("converted", "people", "Leads with a paid order in the 30 days after."),
        count("converted_matched", "people", "Those of them that the rule gave points to."),
        number(
            "log_odds_ratio",
            "natural logarithm",
            "Logarithm of the odds of buying with the rule's points / without, half a lead added to each of the four cells.",
        ),
        number("log_odds_ratio_lo", "natural logarithm", "Lower bound of its 95 % interval (Woolf 1955)."),
        number("log_odds_ratio_hi", "natural logarithm", "Upper bound of it."),
        nullable(
            number(
                "suggested_points",
                "points",
                "Points that would tell better who buys, in all: of a penalised logistic regression on the leads 30 days "
                "before, scaled so that without their signs they add up to the points of all rules. Null unless "
                "auc_suggested is there.",
            )
        ),
    ),
    questions=(Question.LEADS,),
    consumers=(ANALYSTS, MERCHANT_SUCCESS),
    audience=Audience.MERCHANT,
    export=export(
        "merchant_id rule_id ruleset_version points leads matched converted converted_matched log_odds_ratio log_odds_ratio_lo "
        "log_odds_ratio_hi",
        f"A rule by which the merchant's leads were scored 30 days ago, and who bought since; from {RULES['smallest_cell']} "
        "leads on either side of it.",
    ),
)

_OUTREACH = Table(
    "outreach_results",
    "Grain: merchant × month × stratum × value: how people took outreach. A person counts once a row, by their first "
    "outreach in it; what follows within 7 days of that counts, of any outreach of the merchant.",
    key="merchant_id, month, stratum, value",
    columns=(
        MERCHANT,
        month("month", "Month of the outreach, such as 2026-03."),
        month_start(),
        choice("stratum", OUTREACH_STRATA, "What outreach is split by: all, kind, script or hour."),
        is_total("stratum = 'all'", "Whether the row is of all outreach; each other stratum has all of it once more."),
        text("value", "The value of it, unknown where it is missing; of hour the local one, 00 to 23."),
        count("attempts", "attempts", "Calls, messages and requests, of all kinds together.", least=1),
        count("attempted", "people", "People whom they reached out to.", least=1),
        count("matured", "people", "Of these, people whose 7 days are over by the end of as_of."),
        count("accepted", "people", "Of the matured, those who accepted an outreach within the 7 days."),
        rate(share("accepted_rate", "accepted / matured: part of those reached that accepted."), "accepted", "matured"),
        *_wilson("accepted_rate"),
        nullable(
            choice(
                "band",
                OUTREACH_BANDS,
                "Where the interval of accepted_rate lies to the claim outreach_accepted: below, above or within it, else "
                "unclear; null without matured people.",
            )
        ),
        count("opted_out", "people", "Of the matured, those who opted out or blocked the merchant within the 7 days."),
        rate(
            share("opt_out_rate", "opted_out / matured: part of those reached that wants no more of it."),
            "opted_out",
            "matured",
        ),
        *_wilson("opt_out_rate"),
        count(
            "attempts_after_opt_out",
            "attempts",
            "Outreaches to people who had opted out before and neither followed nor bought since.",
        ),
    ),
    questions=(Question.LEADS,),
    consumers=(ANALYSTS, MERCHANT_SUCCESS),
    audience=Audience.MERCHANT,
    export=export(
        "merchant_id month stratum value attempts attempted matured accepted accepted_rate accepted_rate_lo "
        "accepted_rate_hi band opted_out opt_out_rate opt_out_rate_lo opt_out_rate_hi attempts_after_opt_out",
        "Outreach of a month, in all, of one kind, script or local hour, and how people took it.",
    ),
    time="month_start",
)

_REPS = Table(
    "sales_reps",
    "Grain: merchant × month × representative, and all: what became of the customers that were met in the month. A customer "
    "is of the representative of the first follow that names one, accepted outreach or message, if no paid order came "
    "before or with it. Everything but customers is of those whose 30 days from then are over.",
    key="merchant_id, month, rep_id",
    columns=(
        MERCHANT,
        month("month", "Month in which customers were met, such as 2026-03."),
        month_start(),
        identifier("rep_id", "The representative; unassigned where the event names none; all for everybody's."),
        is_total("rep_id = 'all'", "Whether the row is of everybody's customers."),
        count("customers", "people", "People who were met.", least=1),
        count("matured", "people", "Customers whose 30 days are over by the end of as_of."),
        count("covered", "people", "Of the matured, those who were contacted again within 7 days."),
        rate(
            share("coverage_rate", "covered / matured: part of the customers contacted again within 7 days."),
            "covered",
            "matured",
        ),
        *_wilson("coverage_rate"),
        count("asking", "people", "Of the matured, those who wrote within the 30 days."),
        nullable(
            number("reply_seconds_p50", "seconds", "Median time from their first message to the next one to them.", least=0)
        ),
        count(
            "fast",
            "people",
            "Of the asking, those answered within 600 s; left out are those who had bought a day after they wrote, or whose 30 "
            "days ended by then.",
        ),
        count("fast_purchased", "people", "Of these, those who bought."),
        count("slow", "people", "Those answered later or not at all, with the same left out."),
        count("slow_purchased", "people", "Of these, those who bought."),
        count("trusted", "people", "Of the matured, those who wrote, accepted a later outreach, or were interested."),
        count("interested", "people", "Those who viewed a product, clicked on one in a live, or bought."),
        count("purchased", "people", "Those who bought, all of it within the 30 days."),
        rate(share("purchase_rate", "purchased / matured: part of the customers who bought."), "purchased", "matured"),
        *_wilson("purchase_rate"),
        nullable(number("median_days_to_purchase", "days", "Median time to the first paid order, in 86,400 s.", least=0)),
        nullable(
            number(
                "contacts_per_purchase",
                "contacts per person",
                "Outreaches and messages to those who bought, before they did, / purchased.",
                least=0,
            )
        ),
        nullable(
            number(
                "incentives_per_purchase",
                "reporting currency per person",
                "Red packets that those who bought claimed before, and the coupon of their first order, / purchased.",
                least=0,
            )
        ),
        nullable(
            number(
                "spend_per_purchase",
                "reporting currency per person",
                "Marketing money of the merchant in the month / purchased; in all alone.",
                least=0,
            )
        ),
        count("in_script", "people", "Of the matured, those with a contact of a script of the seed script_steps."),
        count("steps_due", "steps", "Steps of the scripts in which they are."),
        count("steps_on_time", "steps", "Of these, steps that were done on their day."),
        rate(
            number("script_score", "percent", "100 × steps_on_time / steps_due.", least=0, most=100),
            "100 * steps_on_time",
            "steps_due",
        ),
        nullable(count("reps", "representatives", "Representatives with matured customers; in all alone.")),
        nullable(
            share(
                "between_rep_sd",
                "How much their purchase rates differ beyond chance, as a standard deviation (DerSimonian, Laird 1986); in all "
                "alone, null with fewer than two or without a difference to see.",
            )
        ),
        nullable(number("rep_score_p10", "percent", "10th percentile of their script_score; in all alone.", least=0, most=100)),
        nullable(number("rep_score_p90", "percent", "90th percentile of their script_score; in all alone.", least=0, most=100)),
        nullable(
            share(
                "purchase_rate_shrunk",
                "purchase_rate drawn to that of all representatives, the more the fewer customers there are and the less they "
                "differ; null in all and unassigned, and where between_rep_sd is.",
            )
        ),
        nullable(
            choice(
                "verdict",
                REP_VERDICTS,
                "Whether the interval of purchase_rate lies above or below the rate of all representatives together, else "
                "usual; null in all and unassigned, and without matured customers.",
            )
        ),
    ),
    questions=(Question.LEADS,),
    consumers=(ANALYSTS, MERCHANT_SUCCESS),
    audience=Audience.MERCHANT,
    export=export(
        "merchant_id month customers matured covered coverage_rate coverage_rate_lo coverage_rate_hi asking "
        "reply_seconds_p50 fast fast_purchased slow slow_purchased trusted interested purchased purchase_rate "
        "purchase_rate_lo purchase_rate_hi median_days_to_purchase contacts_per_purchase incentives_per_purchase "
        "spend_per_purchase in_script steps_due steps_on_time script_score reps between_rep_sd rep_score_p10 rep_score_p90",
        "All representatives of the merchant together in a month: what became of the customers whom they met in it.",
    ),
    time="month_start",
)

TABLES: tuple[Table, ...] = (_LEADS, _RULE_VERSIONS, _DECILES, _RULES, _OUTREACH, _REPS)
