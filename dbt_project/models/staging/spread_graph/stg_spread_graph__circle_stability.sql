-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'circle_stability') }}
),

renamed as (
    select
        merchant_id,
        users_in_both,
        adjusted_rand,
        renamed_share
    from source
)

select * from renamed
