with lines as (
    select * from {{ ref('int_lines_unioned') }}
    where fate = 'unreadable'
),

final as (
    select
        source,
        dt,
        file,
        bytes,
        error
    from lines
)

select * from final
order by source, dt, file
