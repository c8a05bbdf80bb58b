with groups as (
    select * from {{ ref('group_activity') }}
),

records as (
    select * from {{ ref('int_chat_groups_latest') }}
),

axes as (
    select * from {{ ref('int_group_axes_scored') }}
),

talk as (
    select * from {{ ref('int_group_talk_measured') }}
),

links as (
    select * from {{ ref('int_group_links_measured') }}
),

trust as (
    select * from {{ ref('int_group_trust_measured') }}
),

active as (
    select group_id
    from {{ ref('int_group_active_spells') }}
    where {{ as_of() }} between active_from and active_to - 1
),

shares as (
    select
        group_id,
        count(*) as shares_28d
    from {{ ref('int_group_shares_matched') }}
    where shared_date > {{ as_of() }} - 28
    group by group_id
),

broadcasts as (
    select
        group_id,
        count(*) as broadcasts_28d,
        sum(deliveries) as deliveries,
        sum(openers) as openers,
        sum(leavers) as leavers
    from {{ ref('int_group_broadcasts_followed') }}
    where posted_date > {{ as_of() }} - 28
    group by group_id
),

regions as (
    select
        members.group_id,
        count(*) as members
    from {{ ref('int_group_members_present') }} as members
    inner join {{ ref('int_users_registered_periods') }} as registrations
        on
            members.user_id = registrations.user_id
            and registrations.valid_to is null
    where registrations.region <> 'unknown'
    group by members.group_id, registrations.region
),

top_regions as (
    select
        group_id,
        {{ ratio('max(members)', 'sum(members)') }} as top_region_share
    from regions
    group by group_id
),

final as (
    select
        groups.group_id,
        groups.merchant_id,
        records.owner_id,
        groups.state,
        groups.members,
        active.group_id is not null as is_active,
        talk.writers_28d,
        axes.activity_rate,
        axes.activity_rate_lo,
        axes.activity_rate_hi,
        axes.landmark_groups,
        axes.landmark_survivors,
        axes.survival_30d,
        axes.survival_30d_lo,
        axes.survival_30d_hi,
        coalesce(shares.shares_28d, 0) as shares_28d,
        axes.buyers_28d,
        axes.conversion_rate,
        axes.conversion_rate_lo,
        axes.conversion_rate_hi,
        axes.members_28d_ago,
        axes.growth_rate,
        axes.survival_score,
        axes.survival_colour,
        axes.activity_score,
        axes.activity_colour,
        axes.conversion_score,
        axes.conversion_colour,
        axes.growth_score,
        axes.growth_colour,
        axes.health,
        axes.weakest_axis,
        talk.messages_28d,
        talk.official_messages_28d,
        {{ ratio('talk.official_messages_28d', 'talk.messages_28d') }} as official_share,
        talk.role_entropy,
        talk.messages_28d >= 10 and 5 * talk.official_messages_28d >= 4 * talk.messages_28d as is_one_way,
        groups.state <> 'dead'
        and active.group_id is not null
        and groups.born_date <= {{ as_of() }} - 28
        and coalesce(shares.shares_28d, 0) >= 3
        and axes.buyers_28d = 0 as is_active_not_converting,
        talk.questions_28d,
        talk.answered_28d,
        talk.median_seconds_to_answer,
        coalesce(broadcasts.broadcasts_28d, 0) as broadcasts_28d,
        cast(coalesce(broadcasts.deliveries, 0) as bigint) as broadcast_deliveries,
        cast(coalesce(broadcasts.openers, 0) as bigint) as broadcast_openers,
        cast(coalesce(broadcasts.leavers, 0) as bigint) as broadcast_leavers,
        links.linked_pairs,
        links.mutual_pairs,
        links.density,
        links.transitivity,
        trust.trust_opens,
        trust.trust_buys,
        trust.trust,
        talk.first_48h_share,
        top_regions.top_region_share
    from groups
    inner join records
        on groups.group_id = records.group_id
    {%- for part in ['axes', 'talk', 'trust'] %}
        inner join {{ part }}
            on groups.group_id = {{ part }}.group_id
    {%- endfor %}
    {%- for part in ['links', 'active', 'shares', 'broadcasts', 'top_regions'] %}
        left join {{ part }}
            on groups.group_id = {{ part }}.group_id
    {%- endfor %}
)

select * from final
order by group_id
