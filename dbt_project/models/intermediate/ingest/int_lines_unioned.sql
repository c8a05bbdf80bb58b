{{ config(materialized="view") }}

with lines as (
    select * from {{ ref('stg_shop__lines') }}
    union all by name
    select * from {{ ref('stg_group__lines') }}
    union all by name
    select * from {{ ref('stg_stream__lines') }}
)

select
    source,
    dt,
    file,
    line,
    fate,
    reason,
    rows_read,
    bytes,
    error,
    merchant_id,
    event_source,
    event_id,
    event_type,
    event_time,
    event_date
from lines
