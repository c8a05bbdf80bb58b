-- How much a merchant's reach depends on few sharers, over everybody who opened another's share or had theirs opened.
with opens as (
    select distinct
        opens.merchant_id,
        opens.user_id as opener_id,
        shares.user_id as sharer_id
    from {{ ref('stg_shop__share_opened') }} as opens
    inner join {{ ref('stg_spread_graph__cascade_nodes') }} as shares
        on
            opens.merchant_id = shares.merchant_id
            and opens.share_id = shares.share_id
            and opens.user_id != shares.user_id
),

sharers as (
    select
        merchant_id,
        sharer_id,
        count(*) as reach
    from opens
    group by merchant_id, sharer_id
),

ends as (
    select
        merchant_id,
        unnest([opener_id, sharer_id]) as user_id
    from opens
),

people as (
    select
        merchant_id,
        count(distinct user_id) as people
    from ends
    group by merchant_id
),

centralised as (
    select
        sharers.merchant_id,
        -- Freeman 1978: the sum of all differences to the highest reach, divided by that of a star
        {{ ratio('max(people.people) * max(sharers.reach) - sum(sharers.reach)', 'pow(max(people.people) - 1, 2)') }}
            as reach_centralisation,
        {{ ratio('sum(sharers.reach) * sum(sharers.reach)', 'sum(sharers.reach * sharers.reach)') }} as effective_centres
    from sharers
    inner join people
        on sharers.merchant_id = people.merchant_id
    group by sharers.merchant_id
)

select * from centralised
