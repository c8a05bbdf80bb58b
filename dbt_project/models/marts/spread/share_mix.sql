-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with share_mix as (
    select * from {{ ref('stg_spread_graph__share_mix') }}
),

final as (
    select
        merchant_id,
        channel,
        month,
        cast(try_strptime(month || '-01', '%Y-%m-%d') as date) as month_start,
        shares,
        share_of_shares,
        opens,
        orders,
        revenue
    from share_mix
)

select * from final
order by merchant_id, channel, month
