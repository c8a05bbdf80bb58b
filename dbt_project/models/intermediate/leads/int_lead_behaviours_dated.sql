-- The days on which a person did something at a merchant that makes a lead, with the first thing of each. Of several at one
-- instant the first of this order is named: a live, an interaction, a reservation, a page, a follow, an invitation.
{%- set sources = ["live", "interaction", "reservation", "page", "follow", "invite"] %}
with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

behaviours as (
    select
        lives.merchant_id,
        visits.user_id,
        visits.joined_at as behaved_at,
        1 as place
    from {{ ref('int_live_visits_derived') }} as visits
    inner join lives
        on visits.live_id = lives.live_id
    union all by name
    select
        lives.merchant_id,
        interactions.user_id,
        interactions.event_time as behaved_at,
        2 as place
    from {{ ref('stg_stream__interaction') }} as interactions
    inner join lives
        on interactions.live_id = lives.live_id
    union all by name
    select
        lives.merchant_id,
        reservations.user_id,
        reservations.event_time as behaved_at,
        3 as place
    from {{ ref('stg_stream__live_reserved') }} as reservations
    inner join lives
        on reservations.live_id = lives.live_id
    union all by name
    select
        merchant_id,
        user_id,
        event_time as behaved_at,
        4 as place
    from {{ ref('stg_shop__page_viewed') }}
    union all by name
    select
        merchant_id,
        user_id,
        event_time as behaved_at,
        5 as place
    from {{ ref('stg_shop__fan_followed') }}
    union all by name
    select
        merchant_id,
        user_id,
        event_time as behaved_at,
        6 as place
    from {{ ref('stg_shop__invite_accepted') }}
)

select
    merchant_id,
    user_id,
    {{ business_date('behaved_at') }} as behaved_date,
    min(behaved_at) as behaved_at,
    {{ sources }}[arg_min(place, row(behaved_at, place))] as source
from behaviours
group by merchant_id, user_id, behaved_date
