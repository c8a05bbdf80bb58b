-- One row a product and day on which it was shared, opened by others than the sharer, or pinned in a live stream.
with shares as (
    select * from {{ ref('int_product_shares_derived') }}
),

opens as (
    select
        shares.merchant_id,
        shares.product_id,
        opened.event_date as date
    from {{ ref('stg_shop__share_opened') }} as opened
    inner join shares
        on
            opened.merchant_id = shares.merchant_id
            and opened.share_id = shares.share_id
            and opened.user_id != shares.user_id
),

pins as (
    select
        lives.merchant_id,
        pushed.product_id,
        pushed.event_date as date
    from {{ ref('stg_stream__product_pushed') }} as pushed
    inner join {{ ref('int_lives_bounded') }} as lives
        on pushed.live_id = lives.live_id
    where
        pushed.action = 'pinned'
        and lives.merchant_id is not null
),

moves as (
    select
        merchant_id,
        product_id,
        shared_date as date,
        1 as shares
    from shares
    union all by name
    select
        *,
        1 as opens
    from opens
    union all by name
    select
        *,
        1 as pins
    from pins
)

select
    merchant_id,
    product_id,
    date,
    count(shares) as shares,
    count(opens) as opens,
    count(pins) as pins
from moves
group by all
