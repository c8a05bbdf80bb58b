-- How a channel wins fans at as_of, by its latest row of the seed file that is valid by then.
select
    channel,
    method
from {{ ref('acquisition_methods') }}
where effective_from <= {{ as_of() }}
qualify row_number() over (partition by channel order by effective_from desc) = 1
