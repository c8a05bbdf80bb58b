-- What became of each customer of a representative whose 30 days are over.
with customers as (
    select * from {{ ref('int_rep_customers_met') }}
    where is_matured
),

messages as (
    select * from {{ ref('stg_shop__direct_message') }}
),

contacts as (
    select
        merchant_id,
        user_id,
        event_time,
        event_date,
        script,
        script_step,
        result = 'accepted' as is_accepted
    from {{ ref('stg_shop__outreach_made') }}
    union all by name
    select
        merchant_id,
        user_id,
        event_time,
        event_date,
        script,
        script_step,
        false as is_accepted
    from messages
    where direction = 'out'
),

contacted as (
    select
        customers.merchant_id,
        customers.user_id,
        bool_or(contacts.event_time < customers.met_at + interval '168 hours') as is_covered,
        bool_or(contacts.is_accepted and contacts.event_time < customers.window_ends_at) as has_accepted,
        count(*) filter (where contacts.event_time < customers.first_order_at) as contacts_before_order
    from customers
    inner join contacts
        on
            customers.merchant_id = contacts.merchant_id
            and customers.user_id = contacts.user_id
            and customers.met_at < contacts.event_time
    group by customers.merchant_id, customers.user_id
),

asked as (
    select
        customers.merchant_id,
        customers.user_id,
        min(messages.event_time) as asked_at
    from customers
    inner join messages
        on
            customers.merchant_id = messages.merchant_id
            and customers.user_id = messages.user_id
            and customers.met_at <= messages.event_time
            and customers.window_ends_at > messages.event_time
    where messages.direction = 'in'
    group by customers.merchant_id, customers.user_id
),

answered as (
    select
        asked.merchant_id,
        asked.user_id,
        min(messages.event_time) as answered_at
    from asked
    inner join messages
        on
            asked.merchant_id = messages.merchant_id
            and asked.user_id = messages.user_id
            and asked.asked_at < messages.event_time
    where messages.direction = 'out'
    group by asked.merchant_id, asked.user_id
),

looks as (
    select
        merchant_id,
        user_id,
        event_time
    from {{ ref('stg_shop__page_viewed') }}
    where object_type = 'product'
    union all by name
    select
        lives.merchant_id,
        clicks.user_id,
        clicks.event_time
    from {{ ref('stg_stream__interaction') }} as clicks
    inner join {{ ref('int_lives_bounded') }} as lives
        on clicks.live_id = lives.live_id
    where clicks.kind = 'product_click'
),

interested as (
    select distinct
        customers.merchant_id,
        customers.user_id
    from customers
    inner join looks
        on
            customers.merchant_id = looks.merchant_id
            and customers.user_id = looks.user_id
            and customers.met_at <= looks.event_time
            and customers.window_ends_at > looks.event_time
),

packets as (
    select
        customers.merchant_id,
        customers.user_id,
        sum(claims.amount) as amount
    from customers
    inner join {{ ref('int_red_packet_claims_deduplicated') }} as claims
        on
            customers.merchant_id = claims.merchant_id
            and customers.user_id = claims.user_id
            and customers.met_at <= claims.claimed_at
            and customers.first_order_at > claims.claimed_at
    group by customers.merchant_id, customers.user_id
),

coupons as (
    select
        customers.merchant_id,
        customers.user_id,
        arg_max_null(claims.amount, row(claims.event_time, claims.event_id, claims.event_source)) as amount
    from customers
    inner join {{ ref('stg_shop__coupon_claimed') }} as claims
        on
            customers.merchant_id = claims.merchant_id
            and customers.user_id = claims.user_id
            and customers.first_order_coupon_id = claims.coupon_id
            and customers.first_order_at >= claims.event_time
    group by customers.merchant_id, customers.user_id
),

due as (
    select
        customers.merchant_id,
        customers.user_id,
        customers.met_at,
        customers.met_date,
        steps.script,
        steps.step,
        steps.day,
        count(*) over (partition by customers.merchant_id, customers.user_id, steps.script) as script_steps
    from customers
    inner join {{ ref('script_steps') }} as steps
        on
            customers.met_date >= steps.valid_from
            and (steps.valid_to is null or customers.met_date <= steps.valid_to)
),

scripted as (
    select
        due.merchant_id,
        due.user_id,
        due.script,
        any_value(due.script_steps) as steps_due,
        count(distinct due.step) filter (
            where due.step = contacts.script_step and contacts.event_date = due.met_date + due.day
        ) as steps_on_time
    from due
    inner join contacts
        on
            due.merchant_id = contacts.merchant_id
            and due.user_id = contacts.user_id
            and due.script = contacts.script
            and due.met_at <= contacts.event_time
    group by due.merchant_id, due.user_id, due.script
),

in_script as (
    select
        merchant_id,
        user_id,
        sum(steps_due) as steps_due,
        sum(steps_on_time) as steps_on_time
    from scripted
    group by merchant_id, user_id
)

select
    customers.merchant_id,
    customers.user_id,
    customers.rep_id,
    customers.met_date,
    coalesce(contacted.is_covered, false) as is_covered,
    asked.asked_at is not null as is_asking,
    {{ seconds_between('asked.asked_at', 'answered.answered_at') }} as reply_seconds,
    -- The first impression lasts a day. Whoever had bought by its end, or whose 30 days were over, tells nothing of it.
    coalesce(
        asked.asked_at + interval '24 hours' < customers.window_ends_at
        and coalesce(customers.first_order_at >= asked.asked_at + interval '24 hours', true),
        false
    ) as is_impressed,
    coalesce(reply_seconds <= 600, false) as is_fast,
    interested.user_id is not null or customers.is_purchased as is_interested,
    asked.asked_at is not null or coalesce(contacted.has_accepted, false) or is_interested as is_trusted,
    customers.is_purchased,
    if(
        customers.is_purchased, {{ seconds_between('customers.met_at', 'customers.first_order_at') }} / 86400, null
    ) as days_to_purchase,
    coalesce(contacted.contacts_before_order, 0) as contacts_before_order,
    coalesce(packets.amount, 0) + coalesce(coupons.amount, 0) as incentives,
    in_script.user_id is not null as is_in_script,
    coalesce(in_script.steps_due, 0) as steps_due,
    coalesce(in_script.steps_on_time, 0) as steps_on_time
from customers
left join contacted
    on
        customers.merchant_id = contacted.merchant_id
        and customers.user_id = contacted.user_id
left join asked
    on
        customers.merchant_id = asked.merchant_id
        and customers.user_id = asked.user_id
left join answered
    on
        customers.merchant_id = answered.merchant_id
        and customers.user_id = answered.user_id
left join interested
    on
        customers.merchant_id = interested.merchant_id
        and customers.user_id = interested.user_id
left join packets
    on
        customers.merchant_id = packets.merchant_id
        and customers.user_id = packets.user_id
left join coupons
    on
        customers.merchant_id = coupons.merchant_id
        and customers.user_id = coupons.user_id
left join in_script
    on
        customers.merchant_id = in_script.merchant_id
        and customers.user_id = in_script.user_id
