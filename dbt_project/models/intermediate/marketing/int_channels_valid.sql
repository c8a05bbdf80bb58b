-- What a channel is at as_of, by its latest row of the seed file that is valid by then.
select
    channel,
    domain,
    is_paid
from {{ ref('channels') }}
where valid_from <= {{ as_of() }}
qualify row_number() over (partition by channel order by valid_from desc) = 1
