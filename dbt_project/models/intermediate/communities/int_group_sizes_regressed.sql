-- How the messages a member change with the size of a chat group, by stratum: least squares within each group of ln(messages
-- / members) on ln(members at its end) over the 12 blocks of seven days to as_of, in groups of which two blocks differ in
-- size. Errors are clustered by group (Liang, Zeger 1986), without a correction for few of them.
{%- set same_group = "partition by group_id order by block rows between unbounded preceding and unbounded following" %}
with groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

message_blocks as (
    select
        messages.group_id,
        ({{ as_of() }} - messages.posted_date) // 7 as block,
        count(*) as messages
    from {{ ref('int_group_messages_classified') }} as messages
    where messages.posted_date > {{ as_of() }} - 84
    group by all
),

blocks as (
    select
        message_blocks.group_id,
        message_blocks.block,
        message_blocks.messages,
        count(*) as members
    from message_blocks
    inner join groups
        on
            message_blocks.group_id = groups.group_id
            and groups.born_date < {{ as_of() }} - 6 - cast(7 * message_blocks.block as integer)
    inner join {{ ref('int_group_presence_spells') }} as spells
        on
            message_blocks.group_id = spells.group_id
            and {{ business_date('spells.joined_at') }} <= {{ as_of() }} - cast(7 * message_blocks.block as integer)
            and coalesce(
                {{ business_date('spells.left_at') }} > {{ as_of() }} - cast(7 * message_blocks.block as integer), true
            )
    group by all
),

centred as (
    select
        group_id,
        block,
        ln(members) - avg(ln(members)) over ({{ same_group }}) as x,
        ln(messages / members) - avg(ln(messages / members)) over ({{ same_group }}) as y
    from blocks
    qualify min(members) over (partition by group_id) < max(members) over (partition by group_id)
),

group_sums as (
    select
        group_id,
        fsum(x * x order by block) as xx,
        fsum(x * y order by block) as xy
    from centred
    group by group_id
),

by_stratum as (
    select
        strata.stratum,
        strata.value,
        group_sums.group_id,
        group_sums.xx,
        group_sums.xy,
        fsum(group_sums.xy) over same_stratum / fsum(group_sums.xx) over same_stratum as slope
    from group_sums
    inner join {{ ref('int_group_strata_assigned') }} as strata
        on group_sums.group_id = strata.group_id
    window same_stratum as (
        partition by strata.stratum, strata.value order by group_sums.group_id
        rows between unbounded preceding and unbounded following
    )
)

select
    stratum,
    value,
    count(*) as elasticity_groups,
    if(count(*) >= 2, any_value(slope), null) as size_elasticity,
    if(
        count(*) >= 2,
        sqrt(fsum(pow(xy - slope * xx, 2) order by group_id)) / fsum(xx order by group_id),
        null
    ) as size_elasticity_error
from by_stratum
group by stratum, value
