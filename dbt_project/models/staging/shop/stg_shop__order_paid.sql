-- Generated from contract/events.py by `python -m contract.generate`; edit the contract.
with source as (
    select *{{ late_fields('shop_events') }} from {{ source('shop', 'shop_events') }}
),

renamed as (
    select
        event_id,
        event_source,
        timezone('UTC', event_time) as event_time,
        event_date,
        merchant_id,
        order_id,
        user_id,
        amount,
        currency,
        lines,
        region,
        via_share_id,
        team_id,
        live_id,
        coupon_id,
        campaign_id,
        recipient_is_self,
        pay_account_id,
        address_id
    from source
    where
        fate = 'accepted'
        and event_type = 'shop.order_paid.v1'
        and event_month <= '{{ var("as_of")[:7] }}'
        and event_date <= date '{{ var("as_of") }}'
)

select * from renamed
