with unioned as (
    select * from {{ ref('stg_shop__lines') }}
    union all by name
    select * from {{ ref('stg_group__lines') }}
    union all by name
    select * from {{ ref('stg_stream__lines') }}
)

select * from unioned
