-- Whether people leave a merchant together: one row a merchant × month, about those who were active in the month before.
-- Friends are two of them with an open of one's share by the other in the 90 days to the end of the month before; exposed is
-- who has a friend that is not active any more. The risk ratio of Mantel and Haenszel (1959) compares people with as many
-- friends, as many active days and the same answer to whether they bought; matched_error is the standard error of its
-- logarithm (Greenland, Robins 1985).
with people as (
    select
        merchant_id,
        user_id,
        month_start as active_month,
        cast(month_start + interval 1 month as date) as month_start,
        active_days,
        is_lost
    from {{ ref('int_active_months_counted') }}
),

-- An open holds at the ends of the months from its own to the last one that ends up to 89 days later.
ends as (
    select distinct
        merchant_id,
        least(sharer_id, opener_id) as one_id,
        greatest(sharer_id, opener_id) as other_id,
        cast(
            unnest(range(date_trunc('month', opened_date), date_trunc('month', opened_date + 90), interval 1 month)) as date
        ) as active_month
    from {{ ref('int_share_opens_matched') }}
),

friends as (
    select
        merchant_id,
        active_month,
        one_id as user_id,
        other_id as friend_id
    from ends
    union all by name
    select
        merchant_id,
        active_month,
        other_id as user_id,
        one_id as friend_id
    from ends
),

befriended as (
    select
        friends.merchant_id,
        friends.active_month,
        friends.user_id,
        count(*) as friends,
        bool_or(people.is_lost) as is_exposed
    from friends
    inner join people
        on
            friends.merchant_id = people.merchant_id
            and friends.friend_id = people.user_id
            and friends.active_month = people.active_month
    group by all
),

buyers as (
    select distinct
        merchant_id,
        user_id,
        cast(date_trunc('month', paid_date) as date) as active_month
    from {{ ref('int_orders_deduplicated') }}
),

strata as (
    select
        people.merchant_id,
        people.month_start,
        case when befriended.friends <= 2 then 1 when befriended.friends <= 5 then 2 else 3 end as friends_band,
        case when people.active_days = 1 then 1 when people.active_days <= 3 then 2 else 3 end as days_band,
        buyers.user_id is not null as has_bought,
        count(*) filter (where befriended.is_exposed) as exposed,
        count(*) filter (where befriended.is_exposed and people.is_lost) as exposed_lost,
        count(*) filter (where not befriended.is_exposed) as unexposed,
        count(*) filter (where not befriended.is_exposed and people.is_lost) as unexposed_lost,
        count(*) as everybody
    from people
    inner join befriended
        on
            people.merchant_id = befriended.merchant_id
            and people.user_id = befriended.user_id
            and people.active_month = befriended.active_month
    left join buyers
        on
            people.merchant_id = buyers.merchant_id
            and people.user_id = buyers.user_id
            and people.active_month = buyers.active_month
    group by all
),

summed as (
    select
        merchant_id,
        month_start,
        sum(exposed) as exposed,
        sum(exposed_lost) as exposed_lost,
        sum(unexposed) as unexposed,
        sum(unexposed_lost) as unexposed_lost,
        {{ exact_sum('exposed_lost * unexposed / everybody') }} as exposed_risk,
        {{ exact_sum('unexposed_lost * exposed / everybody') }} as unexposed_risk,
        {{ exact_sum(
            '(exposed * unexposed * (exposed_lost + unexposed_lost) / everybody - exposed_lost * unexposed_lost) / everybody'
        ) }} as variance
    from strata
    group by merchant_id, month_start
)

select
    merchant_id,
    month_start,
    cast(exposed as bigint) as exposed,
    cast(exposed_lost as bigint) as exposed_lost,
    cast(unexposed as bigint) as unexposed,
    cast(unexposed_lost as bigint) as unexposed_lost,
    if(exposed_risk > 0 and unexposed_risk > 0, exposed_risk / unexposed_risk, null) as matched,
    if(exposed_risk > 0 and unexposed_risk > 0, sqrt(variance / (exposed_risk * unexposed_risk)), null) as matched_error
from summed
