-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with spread_motifs as (
    select * from {{ ref('stg_spread_graph__spread_motifs') }}
),

final as (
    select
        merchant_id,
        pairs,
        reciprocal_pairs,
        reciprocity,
        triangles,
        transitivity
    from spread_motifs
)

select * from final
order by merchant_id
