-- The four axes of a chat group's health, each against living groups of its size: the share of them with a lower figure, and
-- half of those with the same, itself too. A size with fewer than 20 is judged among all.
{%- set axes = ["survival", "activity", "conversion", "growth"] %}
{%- set figures = {
    "survival": "survival_30d", "activity": "activity_rate", "conversion": "conversion_rate", "growth": "growth_rate"
} %}
with groups as (
    select * from {{ ref('group_activity') }}
),

members as (
    select * from {{ ref('int_group_members_present') }}
),

talk as (
    select * from {{ ref('int_group_talk_measured') }}
),

landmarks as (
    select * from {{ ref('int_group_survival_landmarked') }}
),

rules as (
    select * from {{ ref('group_health_rules') }}
    where effective_from <= {{ as_of() }}
    qualify row_number() over (partition by axis order by effective_from desc, version desc) = 1
),

buyers as (
    select
        members.group_id,
        count(distinct members.user_id) as buyers_28d
    from {{ ref('int_group_orders_matched') }} as orders
    inner join members
        on
            orders.group_id = members.group_id
            and orders.user_id = members.user_id
    where orders.paid_date > {{ as_of() }} - 28
    group by members.group_id
),

present_before as (
    select
        group_id,
        count(*) as members_28d_ago
    from {{ ref('int_group_presence_spells') }}
    where
        {{ business_date('joined_at') }} <= {{ as_of() }} - 28
        and coalesce({{ business_date('left_at') }} > {{ as_of() }} - 28, true)
    group by group_id
),

measured as (
    select
        groups.group_id,
        groups.state <> 'dead' as is_living,
        {{ size_band('groups.members') }} as size_band,
        coalesce(buyers.buyers_28d, 0) as buyers_28d,
        coalesce(present_before.members_28d_ago, 0) as members_28d_ago,
        {{ ratio('talk.writers_28d', 'groups.members') }} as activity_rate,
        {{ wilson_lo('talk.writers_28d', 'groups.members') }} as activity_rate_lo,
        {{ wilson_hi('talk.writers_28d', 'groups.members') }} as activity_rate_hi,
        {{ ratio('coalesce(buyers.buyers_28d, 0)', 'groups.members') }} as conversion_rate,
        {{ wilson_lo('coalesce(buyers.buyers_28d, 0)', 'groups.members') }} as conversion_rate_lo,
        {{ wilson_hi('coalesce(buyers.buyers_28d, 0)', 'groups.members') }} as conversion_rate_hi,
        {{ ratio('groups.members', 'present_before.members_28d_ago') }} - 1 as growth_rate,
        {{ ratio('landmarks.landmark_survivors', 'landmarks.landmark_groups') }} as survival_30d,
        {{ wilson_lo('landmarks.landmark_survivors', 'landmarks.landmark_groups') }} as survival_30d_lo,
        {{ wilson_hi('landmarks.landmark_survivors', 'landmarks.landmark_groups') }} as survival_30d_hi,
        landmarks.landmark_groups,
        landmarks.landmark_survivors
    from groups
    inner join talk
        on groups.group_id = talk.group_id
    left join buyers
        on groups.group_id = buyers.group_id
    left join present_before
        on groups.group_id = present_before.group_id
    left join landmarks
        on groups.group_id = landmarks.group_id
),

axes as (
    {%- for axis in axes %}
        {%- set value = figures[axis] %}
        select
            group_id,
            size_band,
            '{{ axis }}' as axis,
            {{ loop.index }} as place,
            round({{ value }}, 9) as figure,
            round({{ value }}{{ "_lo" if axis != "growth" }}, 9) as figure_lo,
            round({{ value }}{{ "_hi" if axis != "growth" }}, 9) as figure_hi
        from measured
        where
            is_living
            and {{ value }} is not null
        {%- if not loop.last %}
            union all by name
        {%- endif %}
    {%- endfor %}
),

ranked as (
    select
        *,
        count(*) over (partition by axis, size_band) >= 20 as is_among_band,
        rank() over (partition by axis, size_band order by figure) - 1 as band_lower,
        count(*) over (partition by axis, size_band, figure) as band_equal,
        count(*) over (partition by axis, size_band) as band_groups,
        rank() over (partition by axis order by figure) - 1 as all_lower,
        count(*) over (partition by axis, figure) as all_equal,
        count(*) over (partition by axis) as all_groups
    from axes
),

scored as (
    select
        ranked.group_id,
        ranked.axis,
        ranked.place,
        if(
            ranked.is_among_band,
            100 * (ranked.band_lower + ranked.band_equal / 2) / ranked.band_groups,
            100 * (ranked.all_lower + ranked.all_equal / 2) / ranked.all_groups
        ) as score,
        case
            when ranked.figure_hi < rules.red_below then 'red'
            when ranked.figure_lo >= rules.green_from then 'green'
            else 'yellow'
        end as colour
    from ranked
    inner join rules
        on ranked.axis = rules.axis
),

turned as (
    select
        group_id,
        {%- for axis in axes %}
            max(score) filter (where axis = '{{ axis }}') as {{ axis }}_score,
            max(colour) filter (where axis = '{{ axis }}') as {{ axis }}_colour,
        {%- endfor %}
        {{ exact_sum('score') }} / count(*) as health,
        arg_min(axis, row(round(score, 9), place)) as weakest_axis
    from scored
    group by group_id
)

select
    measured.*,
    {%- for axis in axes %}
        turned.{{ axis }}_score,
        turned.{{ axis }}_colour,
    {%- endfor %}
    turned.health,
    turned.weakest_axis
from measured
left join turned
    on measured.group_id = turned.group_id
