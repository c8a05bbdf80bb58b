with tiers as (
    select
        *,
        cast(date_trunc('month', {{ as_of() }}) as date) as this_month
    from {{ ref('int_tiers_dated') }}
),

months as (
    select
        merchant_id,
        count(*) as months
    from {{ ref('int_windows_enumerated') }}
    where kind = 'month'
    group by merchant_id
),

last_tiers as (
    select
        merchant_id,
        user_id,
        max(tier) filter (where month_start = this_month) as tier,
        max(tier) filter (where month_start = this_month - interval 1 month) as previous_tier,
        max(months_in_tier) filter (where month_start = this_month) as months_in_tier,
        date_diff('month', max(month_start), any_value(this_month)) as months_without
    from tiers
    group by merchant_id, user_id
),

invitations as (
    select
        *,
        accepted_date <= {{ as_of() }} - 30 as is_matured
    from {{ ref('int_invitations_accepted') }}
),

invited_orders as (
    select
        invitations.merchant_id,
        invitations.invitee,
        sum(orders.net) as revenue,
        max(orders.paid_date) > {{ as_of() }} - 30 as is_retained
    from invitations
    inner join {{ ref('int_orders_netted') }} as orders
        on
            invitations.merchant_id = orders.merchant_id
            and invitations.invitee = orders.user_id
            and invitations.accepted_at <= orders.paid_at
    group by invitations.merchant_id, invitations.invitee
),

inviters as (
    select
        invitations.merchant_id,
        invitations.inviter as user_id,
        count(*) as invitees,
        count(*) filter (where invitations.is_new) as invitees_new,
        count(*) filter (where users.device_id is null)
        + count(distinct users.device_id) filter (where users.device_id is distinct from own.device_id) as invitees_adjusted,
        count(invited_orders.invitee) as paid_invitees,
        coalesce(sum(invited_orders.revenue), 0) as invitee_revenue,
        count(*) filter (where invitations.is_matured) as matured_invitees,
        count(*) filter (where invitations.is_matured and invited_orders.is_retained) as retained_invitees
    from invitations
    left join {{ ref('users') }} as users
        on invitations.invitee = users.user_id
    left join {{ ref('users') }} as own
        on invitations.inviter = own.user_id
    left join invited_orders
        on
            invitations.merchant_id = invited_orders.merchant_id
            and invitations.invitee = invited_orders.invitee
    group by invitations.merchant_id, invitations.inviter
),

ranked as (
    select
        *,
        row_number() over (
            partition by merchant_id
            order by paid_invitees desc, invitee_revenue desc, user_id asc
        ) as inviter_rank
    from inviters
),

owners as (
    select
        merchant_id,
        owner_id as user_id,
        count(*) as groups_owned,
        count(*) filter (where state != 'dead') as groups_alive,
        count(health) as measured,
        {{ exact_sum('health') }} / count(health) as mean_health,
        var_pop(health order by group_id) * count(health) as squares_within
    from {{ ref('group_health') }}
    where merchant_id is not null
    group by merchant_id, owner_id
),

-- the variance of a one-way random effects model by its mean squares (Henderson I): between owners, and within
overall as (
    select
        count(*) as k,
        sum(measured) as n,
        sum(measured * measured) as squared,
        {{ exact_sum('measured * mean_health') }} / sum(measured) as mean_of_all,
        {{ exact_sum('squares_within') }} as squares_within
    from owners
    where measured > 0
),

between_owners as (
    select
        {{ exact_sum('owners.measured * pow(owners.mean_health - overall.mean_of_all, 2)') }} as squares_between
    from owners
    cross join overall
    where owners.measured > 0
),

components as (
    select
        overall.mean_of_all,
        {{ ratio('overall.squares_within', '(overall.n - overall.k)') }} as mean_square_within,
        {{ ratio('between_owners.squares_between', '(overall.k - 1)') }} as mean_square_between,
        {{ ratio('overall.n - overall.squared / overall.n', '(overall.k - 1)') }} as groups_each,
        case
            when mean_square_within is not null
                then greatest(0, {{ ratio('mean_square_between - mean_square_within', 'groups_each') }})
        end as variance
    from overall
    cross join between_owners
),

rated as (
    select
        owners.*,
        owners.measured * components.variance + components.mean_square_within as spread,
        -- groups all of the same health differ by what rounding left of them, which says nothing about owners
        if(round(spread, 9) > 0, owners.measured * components.variance / spread, null) as owner_reliability,
        owner_reliability * (owners.mean_health - components.mean_of_all) as owner_effect
    from owners
    left join components
        on owners.measured > 0
),

sends as (
    select
        groups.merchant_id,
        messages.user_id,
        count(*) as sends_28d,
        count(distinct date_trunc('hour', {{ local_time('messages.event_time') }})) as operator_hours_28d
    from {{ ref('stg_group__message_posted') }} as messages
    inner join {{ ref('int_chat_groups_latest') }} as groups
        on
            messages.group_id = groups.group_id
            and messages.user_id = groups.owner_id
    where
        messages.is_broadcast
        and messages.event_date > {{ as_of() }} - 28
    group by groups.merchant_id, messages.user_id
),

shares_by_group as (
    select
        merchant_id,
        user_id,
        group_id,
        count(*) as shares
    from {{ ref('int_group_shares_matched') }}
    where shared_date > {{ as_of() }} - 30
    group by merchant_id, user_id, group_id
),

group_sharers as (
    select
        merchant_id,
        user_id,
        max(shares) as busiest_group_shares_30d
    from shares_by_group
    group by merchant_id, user_id
),

caps as (
    select
        merchant_id,
        max(advised_cap) as advised_cap
    from {{ ref('share_fatigue') }}
    group by merchant_id
),

people as (
    select
        merchant_id,
        user_id
    from last_tiers
    where tier is not null or previous_tier is not null
    {%- for model in ['inviters', 'owners', 'group_sharers'] %}
        union distinct
        select
            merchant_id,
            user_id
        from {{ model }}
    {%- endfor %}
),

final as (
    select
        people.merchant_id,
        people.user_id,
        coalesce(last_tiers.tier, 'none') as tier,
        coalesce(last_tiers.previous_tier, 'none') as previous_tier,
        coalesce(last_tiers.months_in_tier, last_tiers.months_without, months.months) as months_in_tier,
        coalesce(ranked.invitees, 0) as invitees,
        coalesce(ranked.invitees_new, 0) as invitees_new,
        coalesce(ranked.invitees_adjusted, 0) as invitees_adjusted,
        coalesce(ranked.paid_invitees, 0) as paid_invitees,
        {{ published_money('coalesce(ranked.invitee_revenue, 0)') }} as invitee_revenue,
        coalesce(ranked.matured_invitees, 0) as matured_invitees,
        coalesce(ranked.retained_invitees, 0) as retained_invitees,
        ranked.inviter_rank,
        coalesce(rated.groups_owned, 0) as groups_owned,
        coalesce(rated.groups_alive, 0) as groups_alive,
        rated.mean_health,
        rated.owner_reliability,
        rated.owner_effect,
        coalesce(sends.sends_28d, 0) as sends_28d,
        coalesce(sends.operator_hours_28d, 0) as operator_hours_28d,
        coalesce(group_sharers.busiest_group_shares_30d, 0) as busiest_group_shares_30d,
        coalesce(group_sharers.busiest_group_shares_30d, 0) > caps.advised_cap as is_over_cap
    from people
    inner join months
        on people.merchant_id = months.merchant_id
    {%- for model in ['last_tiers', 'ranked', 'rated', 'sends', 'group_sharers'] %}
        left join {{ model }}
            on
                people.merchant_id = {{ model }}.merchant_id
                and people.user_id = {{ model }}.user_id
    {%- endfor %}
    left join caps
        on people.merchant_id = caps.merchant_id
)

select * from final
order by merchant_id, user_id
