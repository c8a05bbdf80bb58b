-- A journey begun in the 28 days has all its activities in them, its entrance first.
with activities as (
    select * from {{ ref('int_activities_sequenced') }}
    where active_date > {{ as_of() }} - 28
),

journeys as (
    select
        merchant_id,
        user_id,
        journey_number,
        max(activity_number) as last_activity,
        max(activity_number) filter (where kind = 'order') as last_order
    from activities
    group by merchant_id, user_id, journey_number
    having bool_or(is_entrance)
),

views as (
    select
        activities.*,
        journeys.last_activity,
        journeys.last_order
    from activities
    inner join journeys
        on
            activities.merchant_id = journeys.merchant_id
            and activities.user_id = journeys.user_id
            and activities.journey_number = journeys.journey_number
    where activities.kind = 'view'
),

dwells as (
    select
        merchant_id,
        object_type,
        object_id,
        median(dwell_ms) as median_dwell_ms
    from views
    group by merchant_id, object_type, object_id
),

-- a page in a journey
visits as (
    select
        merchant_id,
        object_type,
        object_id,
        user_id,
        journey_number,
        count(*) as views,
        bool_or(is_entrance) as is_entrance,
        max(activity_number) = any_value(last_activity) as is_exit,
        coalesce(min(activity_number) < any_value(last_order), false) as is_paid
    from views
    group by merchant_id, object_type, object_id, user_id, journey_number
),

pages as (
    select
        merchant_id,
        object_type,
        object_id,
        cast(sum(views) as bigint) as views,
        count(distinct user_id) as viewers,
        count(*) as journeys,
        count(*) filter (where is_entrance) as entrances,
        count(*) filter (where is_exit) as exits,
        count(*) filter (where is_paid) as paid_journeys
    from visits
    group by merchant_id, object_type, object_id
),

expected as (
    select
        *,
        journeys * {{ ratio('sum(paid_journeys) over kindred', 'sum(journeys) over kindred') }} as expected_paid_journeys
    from pages
    window kindred as (partition by merchant_id, object_type)
),

final as (
    select
        expected.merchant_id,
        expected.object_type,
        expected.object_id,
        expected.views,
        expected.viewers,
        expected.journeys,
        expected.entrances,
        expected.exits,
        {{ ratio('expected.exits', 'expected.journeys') }} as exit_rate,
        {{ wilson_lo('expected.exits', 'expected.journeys') }} as exit_rate_lo,
        {{ wilson_hi('expected.exits', 'expected.journeys') }} as exit_rate_hi,
        dwells.median_dwell_ms,
        expected.paid_journeys,
        {{ ratio('expected.paid_journeys', 'expected.journeys') }} as conversion,
        {{ wilson_lo('expected.paid_journeys', 'expected.journeys') }} as conversion_lo,
        {{ wilson_hi('expected.paid_journeys', 'expected.journeys') }} as conversion_hi,
        expected.expected_paid_journeys
    from expected
    inner join dwells
        on
            expected.merchant_id = dwells.merchant_id
            and expected.object_type = dwells.object_type
            and expected.object_id = dwells.object_id
)

select * from final
order by merchant_id, object_type, object_id
