-- Only receipts of earlier days, so that a day that is run again has the same rows.
with receipts as (
    select cast(content as json) as receipt
    from read_text('{{ var("receipts") }}/*.json')
),

final as (
    select
        receipt ->> 'destination' as destination,
        cast(receipt ->> 'as_of' as date) as delivered_as_of,
        receipt ->> 'warehouse_version' as warehouse_version,
        receipt ->> 'kind' as kind,
        receipt ->> 'changes_since' as changes_since,
        cast(receipt ->> 'packs' as integer) as packs,
        cast(receipt ->> 'files' as integer) as files,
        cast(receipt ->> 'bytes' as bigint) as bytes,
        cast(receipt ->> 'attempts' as integer) as attempts,
        receipt ->> 'manifest_sha256' as manifest_sha256,
        receipt ->> 'run_id' as run_id
    from receipts
    where cast(receipt ->> 'as_of' as date) < {{ as_of() }}
)

select * from final
order by destination, delivered_as_of, warehouse_version
