-- One row a tip that could be given on as_of or a week before, with its figure, what is to come of it, and what came.
-- `usual` is what comes in the four weeks that a tip looks back on: a quarter of it is a week's, and one more is to come. More
-- than half of the people of a new circle are to share again.
with days as (
    select unnest([{{ as_of() }}, {{ as_of() }} - 7]) as asked_on
),

teams as (
    select
        *,
        {{ business_date('coalesce(formed_at, expires_at)') }} as closed_date
    from {{ ref('int_teams_resolved') }}
    where
        state != 'open'
        and region != 'unknown'
),

-- A region may be a person's, so it is named only where enough people took part by then.
people as (
    select
        days.asked_on,
        teams.merchant_id,
        teams.region
    from days
    cross join {{ ref('int_team_seats_taken') }} as seats
    inner join {{ ref('int_teams_opened') }} as teams
        on seats.team_id = teams.team_id
    where {{ business_date('seats.changed_at') }} <= days.asked_on
    group by all
    having count(distinct seats.user_id) >= {{ var('smallest_cell') }}
),

one_seat as (
    select
        people.asked_on,
        people.merchant_id,
        'one_seat' as tip,
        people.region as subject,
        people.region as subject_name,
        count(*) filter (
            where teams.state = 'failed'
            and teams.members = teams.size_required - 1
            and teams.closed_date between people.asked_on - {{ var('tip_days') }} + 1 and people.asked_on
        ) as figure,
        count(*) filter (
            where teams.state = 'formed_organic'
            and teams.closed_date between people.asked_on - {{ var('tip_days') }} + 1 and people.asked_on
        ) as usual,
        count(*) filter (
            where teams.state = 'formed_organic'
            and teams.closed_date between people.asked_on + 1 and people.asked_on + 7
        ) as came
    from people
    inner join teams
        on
            people.merchant_id = teams.merchant_id
            and people.region = teams.region
    group by people.asked_on, people.merchant_id, people.region
),

asleep as (
    select
        asked_on,
        merchant_id,
        'asleep' as tip,
        count(*) as figure,
        sum(revenue) as amount,
        count(*) // 10 + 1 as aim,
        count(*) filter (where has_woken) as came
    from {{ ref('int_fans_asleep_derived') }}
    group by asked_on, merchant_id
),

spread as (
    select
        days.asked_on,
        spread.merchant_id,
        spread.product_id,
        sum(spread.opens) as figure
    from days
    inner join {{ ref('int_product_spread_counted') }} as spread
        on spread.date between days.asked_on - {{ var('tip_days') }} + 1 and days.asked_on
    group by days.asked_on, spread.merchant_id, spread.product_id
    having sum(spread.pins) = 0
),

sold as (
    select
        days.asked_on,
        orders.merchant_id,
        orders.product_id,
        count(distinct orders.order_id) filter (where orders.paid_date <= days.asked_on) as usual,
        count(distinct orders.order_id) filter (where orders.paid_date > days.asked_on) as came
    from days
    inner join {{ ref('int_product_orders_derived') }} as orders
        on orders.paid_date between days.asked_on - {{ var('tip_days') }} + 1 and days.asked_on + 7
    group by days.asked_on, orders.merchant_id, orders.product_id
),

unpushed as (
    select
        spread.asked_on,
        spread.merchant_id,
        'unpushed' as tip,
        spread.product_id as subject,
        coalesce(nullif(products.title, ''), spread.product_id) as subject_name,
        spread.figure,
        coalesce(sold.usual, 0) as usual,
        coalesce(sold.came, 0) as came
    from spread
    left join sold
        on
            spread.asked_on = sold.asked_on
            and spread.merchant_id = sold.merchant_id
            and spread.product_id = sold.product_id
    left join {{ ref('int_products_latest') }} as products
        on
            spread.merchant_id = products.merchant_id
            and spread.product_id = products.product_id
),

-- The shares of each circle of friends, and whether a share of another circle led to one. Circles are those of as_of.
circles as (
    select
        nodes.merchant_id,
        nodes.root_share_id,
        nodes.user_id,
        makers.circle_id,
        {{ business_date('nodes.shared_at') }} as shared_date,
        coalesce(carriers.circle_id != makers.circle_id, false) as is_carried
    from {{ ref('cascade_nodes') }} as nodes
    inner join {{ ref('spreaders') }} as makers
        on
            nodes.merchant_id = makers.merchant_id
            and nodes.user_id = makers.user_id
    left join {{ ref('cascade_nodes') }} as parents
        on
            nodes.merchant_id = parents.merchant_id
            and nodes.parent_share_id = parents.share_id
    left join {{ ref('spreaders') }} as carriers
        on
            parents.merchant_id = carriers.merchant_id
            and parents.user_id = carriers.user_id
),

new_circle as (
    select
        days.asked_on,
        circles.merchant_id,
        'new_circle' as tip,
        min(circles.root_share_id) filter (
            where circles.is_carried and circles.shared_date <= days.asked_on
        ) as subject,
        count(distinct circles.user_id) filter (where circles.shared_date <= days.asked_on) as figure,
        2 * figure as usual,
        count(distinct circles.user_id) filter (where circles.shared_date > days.asked_on) as came
    from days
    inner join circles
        on circles.shared_date between days.asked_on - {{ var('map_days') }} + 1 and days.asked_on + 7
    group by days.asked_on, circles.merchant_id, circles.circle_id
    having
        min(circles.shared_date) > days.asked_on - 7
        and count(*) filter (where circles.is_carried and circles.shared_date <= days.asked_on) > 0
),

measured as (
    select * from one_seat
    union all by name
    select * from asleep
    union all by name
    select * from unpushed
    union all by name
    select * from new_circle
)

select
    merchant_id,
    asked_on,
    tip,
    subject,
    subject_name,
    figure,
    amount,
    coalesce(aim, usual // 4 + 1) as aim,
    came
from measured
