-- A row a packet whose 168 hours are over by as_of, of a year: what came of it in them, both ends included.
with bands as (
    select * from {{ ref('red_packet_bands') }}
),

packets as (
    select
        packets.merchant_id,
        packets.packet_id,
        packets.user_id,
        packets.sent_at,
        packets.sent_at + interval 168 hours as followed_to,
        coalesce(cast(registered.city_tier as varchar), 'unknown') as city_tier,
        bands.band
    from {{ ref('int_red_packets_deduplicated') }} as packets
    inner join bands
        on
            packets.amount >= bands.lo
            and (packets.amount < bands.hi or bands.hi is null)
    left join {{ ref('int_users_registered_periods') }} as registered
        on
            packets.user_id = registered.user_id
            and packets.sent_at >= registered.valid_from
            and {{ is_before_end('packets.sent_at', 'registered.valid_to') }}
    where packets.sent_date between {{ as_of() }} - 364 and {{ as_of() }} - 7
),

shares as (
    select
        merchant_id,
        share_id,
        user_id,
        shared_at,
        object_id as packet_id
    from {{ ref('int_shares_deduplicated') }}
    where object_type = 'red_packet'
),

shared as (
    select distinct
        packets.merchant_id,
        packets.packet_id
    from packets
    inner join shares
        on
            packets.merchant_id = shares.merchant_id
            and packets.packet_id = shares.packet_id
            and packets.user_id = shares.user_id
            and shares.shared_at between packets.sent_at and packets.followed_to
),

claimed as (
    select
        packets.merchant_id,
        packets.packet_id,
        count(*) as claims,
        sum(claims.amount) as cost
    from packets
    inner join {{ ref('int_red_packet_claims_deduplicated') }} as claims
        on
            packets.merchant_id = claims.merchant_id
            and packets.packet_id = claims.packet_id
            and claims.claimed_at between packets.sent_at and packets.followed_to
    group by packets.merchant_id, packets.packet_id
),

sold as (
    select
        packets.merchant_id,
        packets.packet_id,
        count(*) as orders,
        count(*) filter (where orders.is_first_order) as new_buyers,
        sum(orders.net) as revenue
    from packets
    inner join shares
        on
            packets.merchant_id = shares.merchant_id
            and packets.packet_id = shares.packet_id
    inner join {{ ref('int_orders_netted') }} as orders
        on
            shares.merchant_id = orders.merchant_id
            and shares.share_id = orders.via_share_id
            and orders.paid_at between packets.sent_at and packets.followed_to
    group by packets.merchant_id, packets.packet_id
),

final as (
    select
        packets.merchant_id,
        packets.packet_id,
        packets.user_id,
        packets.city_tier,
        packets.band,
        shared.packet_id is not null as is_shared,
        coalesce(claimed.claims, 0) as claims,
        coalesce(claimed.cost, 0) as cost,
        coalesce(sold.orders, 0) as orders,
        coalesce(sold.new_buyers, 0) as new_buyers,
        coalesce(sold.revenue, 0) as revenue
    from packets
    left join shared
        on
            packets.merchant_id = shared.merchant_id
            and packets.packet_id = shared.packet_id
    left join claimed
        on
            packets.merchant_id = claimed.merchant_id
            and packets.packet_id = claimed.packet_id
    left join sold
        on
            packets.merchant_id = sold.merchant_id
            and packets.packet_id = sold.packet_id
)

select * from final
