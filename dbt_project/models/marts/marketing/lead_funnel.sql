with leads as (
    select
        {{ no_total('channel') }} as channel,
        cast(date_trunc('week', first_event_date) as date) as week,
        1 as leads,
        is_contacted,
        is_called,
        is_contracted,
        is_live,
        is_activated,
        days_to_live
    from {{ ref('int_leads_followed') }}
),

spend as (
    select
        {{ no_total('channel') }} as channel,
        cast(date_trunc('week', event_date) as date) as week,
        amount
    from {{ ref('stg_shop__spend_recorded') }}
    where merchant_id is null
),

unioned as (
    select * from leads
    union all by name
    select * from spend
),

counted as (
    select
        {{- cell_of(["channel"]) }}
        week,
        count(leads) as leads,
        count(*) filter (where is_contacted) as contacted,
        count(*) filter (where is_called) as called,
        count(*) filter (where is_contracted) as contracted,
        count(*) filter (where is_live) as live,
        count(*) filter (where is_activated) as activated,
        median(days_to_live) as median_days_to_live,
        coalesce(sum(amount), 0) as spend
    from unioned
    group by cube(channel), week
),

final as (
    select
        channel,
        week,
        channel = 'all' as is_total,
        leads,
        contacted,
        called,
        contracted,
        live,
        activated,
        {%- set steps = ["leads", "contacted", "called", "contracted", "live", "activated"] %}
        {%- for step in steps[1:] %}
            {{ ratio(step, steps[loop.index0]) }} as {{ step }}_rate,
            {{ wilson_lo(step, steps[loop.index0]) }} as {{ step }}_rate_lo,
            {{ wilson_hi(step, steps[loop.index0]) }} as {{ step }}_rate_hi,
        {%- endfor %}
        median_days_to_live,
        {{ published_money('spend') }} as spend,
        {{ ratio('spend', 'live') }} as cost_per_live
    from counted
)

select * from final
order by channel, week
