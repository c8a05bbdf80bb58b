with lines as (
    select * from {{ ref('int_lines_unioned') }}
    where fate = 'quarantined'
),

final as (
    select
        source,
        dt,
        reason,
        count(*) as rows,
        arg_min(row(event_id), row(file, line))[1] as example_id,
        arg_min(file, row(file, line)) as example_file,
        arg_min(line, row(file, line)) as example_line
    from lines
    group by source, dt, reason
)

select * from final
order by source, dt, reason
