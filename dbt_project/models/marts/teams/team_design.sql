with teams as (
    select
        teams.*,
        coalesce(products.category, 'unknown') as category
    from {{ ref('int_teams_resolved') }} as teams
    left join {{ ref('int_products_latest') }} as products
        on
            teams.merchant_id = products.merchant_id
            and teams.product_id = products.product_id
),

revenue as (
    select
        team_id,
        sum(net) as revenue
    from {{ ref('int_orders_netted') }}
    where team_id is not null
    group by team_id
),

designs as (
    select
        teams.size_required,
        teams.benefit_side,
        teams.goal,
        {{ count_team_states() }},
        coalesce(sum(teams.members) filter (where teams.state != 'open'), 0) as members,
        coalesce(sum(teams.new_buyer_members) filter (where teams.state != 'open'), 0) as new_buyer_members,
        coalesce(sum(revenue.revenue) filter (where teams.state != 'open'), 0) as revenue
    from teams
    left join revenue
        on teams.team_id = revenue.team_id
    group by teams.size_required, teams.benefit_side, teams.goal
),

-- direct standardisation: each stratum (region × category) has its weight among the platform's closed teams
strata as (
    select
        region,
        category,
        count(*) as weight
    from teams
    where state != 'open'
    group by region, category
),

cells as (
    select
        size_required,
        benefit_side,
        goal,
        region,
        category,
        count(*) as closed,
        count(*) filter (where state = 'formed_organic') as formed_organic
    from teams
    where state != 'open'
    group by size_required, benefit_side, goal, region, category
),

weighted as (
    select
        cells.*,
        strata.weight
    from cells
    inner join strata
        on
            cells.region = strata.region
            and cells.category = strata.category
),

standardised as (
    select
        size_required,
        benefit_side,
        goal,
        {{ ratio(exact_sum('weight * formed_organic / closed'), 'sum(weight)') }} as formation_rate_standardised,
        {{ ratio('sum(weight)', '(select sum(strata.weight) from strata)') }} as standardised_coverage,
        count(*) filter (where closed < 30) as thin_cells
    from weighted
    group by size_required, benefit_side, goal
),

timed as (
    select * from {{ ref('int_team_designs_timed') }}
),

final as (
    select
        designs.size_required,
        designs.benefit_side,
        designs.goal,
        designs.opened,
        designs.closed,
        designs.formed_organic,
        {{ ratio('designs.formed_organic', 'designs.closed') }} as formation_rate,
        {{ wilson_lo('designs.formed_organic', 'designs.closed') }} as formation_rate_lo,
        {{ wilson_hi('designs.formed_organic', 'designs.closed') }} as formation_rate_hi,
        standardised.formation_rate_standardised,
        standardised.standardised_coverage,
        coalesce(standardised.thin_cells, 0) as thin_cells,
        designs.closed < 30 as is_thin,
        timed.median_seconds_to_form,
        cast(designs.members as bigint) as members,
        cast(designs.new_buyer_members as bigint) as new_buyer_members,
        {{ published_money('designs.revenue') }} as revenue,
        {{ ratio('designs.members', 'designs.closed') }} as members_per_closed_team,
        {{ ratio('designs.new_buyer_members', 'designs.closed') }} as new_buyers_per_closed_team,
        {{ ratio('designs.revenue', 'designs.closed') }} as revenue_per_closed_team
    from designs
    left join standardised
        on
            designs.size_required = standardised.size_required
            and designs.benefit_side = standardised.benefit_side
            and designs.goal = standardised.goal
    left join timed
        on
            designs.size_required = timed.size_required
            and designs.benefit_side = timed.benefit_side
            and designs.goal = timed.goal
)

select * from final
order by size_required, benefit_side, goal
