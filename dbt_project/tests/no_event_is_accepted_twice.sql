-- A row is an event that the lake holds as accepted more than once.
select
    source,
    event_source,
    event_id,
    count(*) as rows
from {{ ref('int_lines_unioned') }}
where fate = 'accepted'
group by source, event_source, event_id
having count(*) > 1
