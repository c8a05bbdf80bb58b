with lines as (
    select * from {{ ref('int_lines_unioned') }}
),

files as (
    select
        source,
        dt,
        file,
        coalesce(max(rows_read) filter (where fate = 'read'), 0) as rows_read,
        count(*) filter (where fate = 'accepted') as accepted,
        count(*) filter (where fate = 'duplicate') as duplicate,
        count(*) filter (where fate = 'quarantined') as quarantined,
        count(*) filter (where fate = 'erased') as erased,
        count(*) filter (where fate = 'withdrawn') as withdrawn
    from lines
    where fate != 'unreadable'
    group by source, dt, file
),

final as (
    select
        *,
        rows_read = accepted + duplicate + quarantined + erased + withdrawn as is_balanced
    from files
)

select * from final
order by source, dt, file
