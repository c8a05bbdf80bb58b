with final as (
    select
        candidates.region,
        candidates.candidate_rank,
        candidates.user_id,
        candidates.influence_rank,
        candidates.openers
    from {{ ref('int_leader_candidates_ranked') }} as candidates
    semi join {{ ref('leader_growth') }} as regions
        on candidates.region = regions.region
)

select * from final
order by region, candidate_rank
