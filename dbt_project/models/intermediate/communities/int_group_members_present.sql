-- Who is in each chat group at the end of as_of.
select
    merchant_id,
    group_id,
    user_id
from {{ ref('int_group_presence_spells') }}
where left_at is null
