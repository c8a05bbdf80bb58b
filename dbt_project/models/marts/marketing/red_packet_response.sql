{%- set cell = ["merchant_id", "city_tier"] -%}
with bands as (
    select * from {{ ref('red_packet_bands') }}
),

counted as (
    select
        {{- cell_of(cell) }}
        band,
        count(*) as packets,
        count(distinct user_id) as receivers,
        count(*) filter (where is_shared) as shared,
        cast(sum(claims) as bigint) as claims,
        sum(cost) as cost,
        cast(sum(orders) as bigint) as orders,
        cast(sum(new_buyers) as bigint) as new_buyers,
        sum(revenue) as revenue
    from {{ ref('int_red_packets_followed') }}
    group by cube(merchant_id, city_tier), band
),

summed as (
    select
        counted.*,
        bands.lo,
        bands.margin,
        sum(counted.packets) over rising as packets_so_far,
        sum(counted.shared) over rising as shared_so_far,
        {{ ratio('sum(counted.revenue) over cell', 'sum(counted.shared) over cell') }} as revenue_per_share
    from counted
    inner join bands
        on counted.band = bands.band
    window
        rising as (partition by counted.merchant_id, counted.city_tier order by bands.lo),
        cell as (partition by counted.merchant_id, counted.city_tier)
),

-- The rising rate of a band is the largest, over bands from which it may be pooled upwards, of the least mean from there to the
-- band or beyond (max-min formula of isotonic regression: Barlow, Bartholomew, Bremner, Brunk 1972). There are 36 such means.
means as (
    select
        firsts.merchant_id,
        firsts.city_tier,
        lasts.band,
        min(
            {{ ratio(
                '(lasts.shared_so_far - firsts.shared_so_far + firsts.shared)',
                '(lasts.packets_so_far - firsts.packets_so_far + firsts.packets)'
            ) }}
        ) over (
            partition by firsts.merchant_id, firsts.city_tier, firsts.band
            order by lasts.lo
            rows between current row and unbounded following
        ) as least_mean
    from summed as firsts
    inner join summed as lasts
        on
            firsts.merchant_id = lasts.merchant_id
            and firsts.city_tier = lasts.city_tier
            and firsts.lo <= lasts.lo
),

isotonic as (
    select
        merchant_id,
        city_tier,
        band,
        max(least_mean) as share_rate_isotonic
    from means
    group by merchant_id, city_tier, band
),

-- A block is what was pooled: all bands of one rate. Rates are quotients of whole numbers, so equal ones are equal doubles.
blocks as (
    select
        summed.*,
        isotonic.share_rate_isotonic,
        sum(summed.packets) over block as block_packets,
        sum(summed.shared) over block as block_shared
    from summed
    inner join isotonic
        on
            summed.merchant_id = isotonic.merchant_id
            and summed.city_tier = isotonic.city_tier
            and summed.band = isotonic.band
    window block as (partition by summed.merchant_id, summed.city_tier, isotonic.share_rate_isotonic)
),

-- Null where nothing was shared, since revenue_per_share is.
valued as (
    select
        *,
        if(packets >= 10, margin * revenue_per_share, null) as value_of_share,
        {{ ratio('cost', 'packets') }} as cost_per_packet,
        {{ wilson_lo('block_shared', 'block_packets') }} as block_lo,
        {{ wilson_hi('block_shared', 'block_packets') }} as block_hi
    from blocks
),

gains as (
    select
        *,
        share_rate_isotonic * value_of_share - cost_per_packet as gain_per_packet,
        block_lo * value_of_share - cost_per_packet as gain_lo,
        block_hi * value_of_share - cost_per_packet as gain_hi
    from valued
),

ranked as (
    select
        *,
        row_number() over best as gain_rank,
        first_value(gain_lo) over best as optimum_lo
    from gains
    window
        best as (
            partition by merchant_id, city_tier, gain_per_packet is null
            order by round(gain_per_packet, 9) desc, lo
        )
),

final as (
    select
        merchant_id,
        city_tier,
        band,
        'all' in (merchant_id, city_tier) as is_total,
        packets,
        receivers,
        shared,
        {{ ratio('shared', 'packets') }} as share_rate,
        {{ wilson_lo('shared', 'packets') }} as share_rate_lo,
        {{ wilson_hi('shared', 'packets') }} as share_rate_hi,
        share_rate_isotonic,
        claims,
        {{ published_money('cost') }} as cost,
        orders,
        new_buyers,
        {{ published_money('revenue') }} as revenue,
        gain_per_packet,
        if(gain_per_packet is null, null, gain_rank = 1) as is_optimum,
        if(gain_per_packet is null, null, gain_hi >= optimum_lo) as is_in_interval
    from ranked
)

select * from final
order by merchant_id, city_tier, band
