-- A row is a merchant whose fan rows do not add up to its figures: fans, net revenue, each scheme of credit. Money of merchants
-- whose figures need not fit the marts is left out.
with fans as (
    select
        merchant_id,
        sum(direct_revenue) as direct_revenue,
        sum(assisted_revenue_last_touch) as last_touch,
        sum(assisted_revenue_first_touch) as first_touch,
        sum(assisted_revenue_linear) as linear,
        count(*) filter (where is_window_fan) as window_fans,
        count(*) filter (where is_fan_at_end) as fans_end,
        count(*) filter (where is_window_fan and orders > 0) as buying_fans
    from {{ ref('fan_revenue') }}
    group by merchant_id
),

merchants as (
    select * from {{ ref('per_fan_revenue') }}
),

complete as (
    select merchant_id
    from {{ ref('merchants') }}
    where is_money_complete
)

select
    merchant_id,
    merchants.direct_revenue,
    fans.direct_revenue as of_fans
from merchants
full outer join fans using (merchant_id)
left join complete using (merchant_id)
where
    (
        merchants.direct_revenue is distinct from coalesce(fans.direct_revenue, 0)
        or merchants.assisted_revenue is distinct from coalesce(fans.last_touch, 0)
        or merchants.assisted_revenue is distinct from coalesce(fans.first_touch, 0)
        or merchants.assisted_revenue is distinct from coalesce(fans.linear, 0)
    )
    and complete.merchant_id is not null
    or merchants.window_fans is distinct from coalesce(fans.window_fans, 0)
    or merchants.fans_end is distinct from coalesce(fans.fans_end, 0)
    or merchants.buying_fans is distinct from coalesce(fans.buying_fans, 0)
