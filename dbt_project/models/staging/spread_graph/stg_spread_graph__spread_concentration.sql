-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'spread_concentration') }}
),

renamed as (
    select
        merchant_id,
        metric,
        users,
        total,
        top_1pct_share,
        top_01pct_share,
        users_for_half,
        gini
    from source
)

select * from renamed
