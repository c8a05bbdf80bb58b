-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'spread_motifs') }}
),

renamed as (
    select
        merchant_id,
        pairs,
        reciprocal_pairs,
        reciprocity,
        triangles,
        transitivity
    from source
)

select * from renamed
