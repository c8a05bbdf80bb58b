with windows as (
    select * from {{ ref('int_live_push_windows_measured') }}
),

placebos as (
    select * from {{ ref('int_live_placebos_summarised') }}
),

compared as (
    select
        windows.*,
        placebos.placebos,
        placebos.tested,
        placebos.covered,
        placebos.mean,
        placebos.lo,
        placebos.hi,
        coalesce(windows.obstacle, if(placebos.placebos < 20, 'too_few_placebos', 'estimated')) as status
    from windows
    inner join placebos
        on
            windows.target = placebos.target
            and windows.response = placebos.response
),

-- placebos that moved as far from their mean as the push did
extremes as (
    select
        compared.live_id,
        compared.push_number,
        compared.response,
        sum(measured.placebos) as placebos
    from compared
    inner join {{ ref('int_live_placebos_measured') }} as measured
        on
            compared.target = measured.target
            and compared.response = measured.response
    where
        compared.status = 'estimated'
        and abs(measured.beyond - compared.mean) >= abs(compared.beyond - compared.mean) - 1e-9
    group by compared.live_id, compared.push_number, compared.response
),

estimated as (
    select
        compared.*,
        case when compared.status = 'estimated' then compared.beyond - compared.mean end as lift,
        case when compared.status = 'estimated' then compared.beyond - compared.hi end as lift_lo,
        case when compared.status = 'estimated' then compared.beyond - compared.lo end as lift_hi,
        case
            when compared.status = 'estimated'
                then {{ ratio('1 + coalesce(extremes.placebos, 0)', '1 + compared.placebos') }}
        end as p_value
    from compared
    left join extremes
        on
            compared.live_id = extremes.live_id
            and compared.push_number = extremes.push_number
            and compared.response = extremes.response
),

final as (
    select
        clicks.live_id,
        clicks.push_number,
        clicks.merchant_id,
        clicks.product_id,
        clicks.action,
        clicks.pushed_at,
        clicks.status,
        clicks.watched_before / 1e6 as viewer_seconds_before,
        clicks.watched_after / 1e6 as viewer_seconds_after,
        {%- for response in ['clicks', 'orders'] %}
            {{ response }}.before as {{ response }}_before,
            {{ response }}.after as {{ response }}_after,
            {{ response }}.lift as {{ response }}_lift,
            {{ response }}.lift_lo as {{ response }}_lift_lo,
            {{ response }}.lift_hi as {{ response }}_lift_hi,
            {{ response }}.p_value as {{ response }}_p_value,
            {{ response }}.covered as {{ response }}_placebos_covered,
        {%- endfor %}
        clicks.placebos,
        clicks.tested as placebos_tested
    from estimated as clicks
    inner join estimated as orders
        on
            clicks.live_id = orders.live_id
            and clicks.push_number = orders.push_number
            and orders.response = 'orders'
    where clicks.response = 'clicks'
)

select * from final
order by live_id, push_number
