"""What must hold of the marts of the area people, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Rules, agree, mart_holds

RULES: Rules = {
    "fan_survival": (
        mart_holds(
            "fan_survival",
            "test",
            "lost <= fans and (logrank_chi2 is null) = (logrank_p is null) "
            "and (survival_30d is null or survival_90d is null or survival_90d <= survival_30d)",
            "lost, fans, logrank_chi2, logrank_p, survival_30d, survival_90d",
            breaks="update marts.fan_survival set survival_90d = 0.9 where stratum = 'all'",
        ),
        agree(
            "methods add up",
            "the methods of a merchant have all its fans and losses, with the losses that were expected",
            """select merchant_id, sum(fans) as fans, sum(lost) as lost, round(sum(lost_expected), 6) as lost_expected
            from marts.fan_survival where stratum = 'method' group by all""",
            """select merchant_id, fans, lost, round(lost_expected, 6) as lost_expected
            from marts.fan_survival where stratum = 'all'""",
            breaks="update marts.fan_survival set fans = 4 where value = 'shared'",
        ),
    ),
    "community_people": (
        mart_holds(
            "community_people",
            "parts",
            "invitees_new <= invitees and invitees_adjusted <= invitees and paid_invitees <= invitees "
            "and matured_invitees <= invitees and retained_invitees <= least(matured_invitees, paid_invitees) "
            "and groups_alive <= groups_owned and operator_hours_28d <= sends_28d",
            "invitees, invitees_new, invitees_adjusted, paid_invitees, matured_invitees, retained_invitees",
            breaks="update marts.community_people set invitees = 0",
        ),
        mart_holds(
            "community_people",
            "owners",
            "(mean_health is null or groups_owned > 0) and (owner_effect is null) = (owner_reliability is null) "
            "and (inviter_rank is null) = (invitees = 0)",
            "mean_health, groups_owned, owner_effect, owner_reliability, inviter_rank, invitees",
            breaks="update marts.community_people set inviter_rank = null",
        ),
    ),
    "ladder_transitions": (
        agree(
            "people of a tier",
            "those who leave a tier or stay in it are all who were there",
            """select merchant_id, month, from_tier, sum(people) as people
            from marts.ladder_transitions where from_tier <> 'none' group by all""",
            """select distinct merchant_id, month, from_tier, from_people as people
            from marts.ladder_transitions where from_tier <> 'none'""",
            breaks="update marts.ladder_transitions set people = 2 where to_tier = 'none'",
        ),
        mart_holds(
            "ladder_transitions",
            "none",
            "(from_people is null) = (from_tier = 'none') and not (from_tier = 'none' and to_tier = 'none')",
            "from_people",
            breaks="update marts.ladder_transitions set to_tier = 'none'",
        ),
    ),
    "pond_ranks": (
        agree(
            "participants",
            "a pond has a row for each participant, of whom one is first",
            "select distinct merchant_id, pond_kind, pond_id, participants, 1 as first from marts.pond_ranks",
            """select merchant_id, pond_kind, pond_id, count(*) as participants, min(rank) as first
            from marts.pond_ranks group by all""",
            breaks="delete from marts.pond_ranks where user_id = 'u-3'",
        ),
        agree(
            "overtakes",
            "whoever overtakes somebody is one who overtook that person",
            "select merchant_id, pond_kind, pond_id, sum(overtakes_7d) as people from marts.pond_ranks group by all",
            "select merchant_id, pond_kind, pond_id, sum(overtaken_7d) as people from marts.pond_ranks group by all",
            breaks="update marts.pond_ranks set overtakes_7d = 0",
        ),
    ),
    "ties": (
        agree(
            "reverse",
            "what a friend gives back is the friend's own tie",
            "select merchant_id, user_id, friend_id, reverse_weight from marts.ties where reverse_weight > 0",
            """select merchant_id, friend_id as user_id, user_id as friend_id, weight as reverse_weight from marts.ties
            semi join (select merchant_id, friend_id as user_id, user_id as friend_id from marts.ties)
                using (merchant_id, user_id, friend_id)""",
            breaks="update marts.ties set reverse_weight = 0",
        ),
        mart_holds(
            "ties",
            "somebody else",
            "user_id <> friend_id and weight > 0",
            "weight",
            breaks="update marts.ties set friend_id = user_id",
        ),
    ),
}
