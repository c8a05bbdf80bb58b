-- The Spring Festivals by the latest row of each year that is in force by as_of.
select
    year,
    date as festival_date
from {{ ref('lunar_new_years') }}
where effective_from <= {{ as_of() }}
qualify row_number() over (partition by year order by effective_from desc, version desc) = 1
