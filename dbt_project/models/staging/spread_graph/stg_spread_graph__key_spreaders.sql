-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'key_spreaders') }}
),

renamed as (
    select
        merchant_id,
        rank,
        user_id,
        new_openers,
        reach_share,
        revenue_led,
        influence_rank
    from source
)

select * from renamed
