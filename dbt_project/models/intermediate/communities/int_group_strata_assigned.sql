-- The chat groups of the survival curves, born by 14 days before the end of as_of, each once in each of its strata. Sizes are
-- those of then: people who had joined, whether or not they left.
with judged as (
    select
        group_id,
        count(distinct user_id) as members
    from {{ ref('stg_group__member_joined') }}
    where {{ last_date_before('event_time') }} <= {{ as_of() }} - 14
    group by group_id
),

groups as (
    select
        groups.group_id,
        groups.kind,
        groups.driver,
        {{ size_band('coalesce(judged.members, 0)') }} as size_band
    from {{ ref('int_chat_groups_latest') }} as groups
    left join judged
        on groups.group_id = judged.group_id
    where {{ last_date_before('groups.born_at') }} <= {{ as_of() }} - 14
)

select
    group_id,
    'all' as stratum,
    'all' as value
from groups
{%- for stratum in ['kind', 'driver', 'size_band'] %}
    union all by name
    select
        group_id,
        '{{ stratum }}' as stratum,
        {{ stratum }} as value
    from groups
{%- endfor %}
