-- The days on which each person did something at a merchant: bought, shared, opened any share, followed, saw a page, claimed a
-- coupon or red packet, clicked an impression, wrote in its chat group, opened or joined its team, came to its live or spoke
-- there.
with groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

teams as (
    select * from {{ ref('int_teams_opened') }}
),

-- A live is a merchant's by its start; one that is known by its end only is nobody's here.
lives as (
    select
        live_id,
        merchant_id
    from {{ ref('stg_stream__live_started') }}
    qualify row_number() over (partition by live_id order by event_time, event_id, event_source) = 1
),

activities as (
    {%- for model in [
        'shop__share_opened', 'shop__fan_followed', 'shop__page_viewed', 'shop__coupon_claimed', 'shop__red_packet_claimed',
        'shop__impression_clicked'
    ] %}
        select
            merchant_id,
            user_id,
            event_date as active_date
        from {{ ref('stg_' ~ model) }}
        union all by name
    {%- endfor %}
    select
        merchant_id,
        user_id,
        paid_date as active_date
    from {{ ref('int_orders_deduplicated') }}
    union all by name
    select
        merchant_id,
        user_id,
        shared_date as active_date
    from {{ ref('int_shares_deduplicated') }}
    union all by name
    select
        merchant_id,
        leader_id as user_id,
        opened_date as active_date
    from teams
    union all by name
    select
        teams.merchant_id,
        joins.user_id,
        joins.event_date as active_date
    from {{ ref('stg_group__team_joined') }} as joins
    inner join teams
        on joins.team_id = teams.team_id
    union all by name
    select
        groups.merchant_id,
        messages.user_id,
        messages.event_date as active_date
    from {{ ref('stg_group__message_posted') }} as messages
    inner join groups
        on messages.group_id = groups.group_id
    {%- for model in ['stream__viewer_joined', 'stream__interaction'] %}
        union all by name
        select
            lives.merchant_id,
            visits.user_id,
            visits.event_date as active_date
        from {{ ref('stg_' ~ model) }} as visits
        inner join lives
            on visits.live_id = lives.live_id
    {%- endfor %}
)

select
    merchant_id,
    user_id,
    list_sort(list_distinct(list(active_date))) as dates
from activities
where merchant_id is not null
group by merchant_id, user_id
