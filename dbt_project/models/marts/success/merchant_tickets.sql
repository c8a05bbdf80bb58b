with final as (
    select
        merchant_id,
        count(*) as tickets,
        max(event_date) as last_ticket_date
    from {{ ref('stg_shop__merchant_active') }}
    where
        action = 'support_ticket'
        and event_date > {{ as_of() }} - {{ var('ticket_days') }}
    group by merchant_id
)

select * from final
order by merchant_id
