-- A row says that the accepted lines are not the registered events, or the quarantined ones not those that have a reason.
with ledger as (
    select
        sum(accepted) as accepted,
        sum(quarantined) as quarantined
    from {{ ref('ingest_ledger') }}
),

registry as (
    select sum(events) as events
    from {{ ref('event_registry') }}
),

reasons as (
    select sum(rows) as rows
    from {{ ref('quarantine_reasons') }}
)

select
    ledger.accepted,
    registry.events,
    ledger.quarantined,
    reasons.rows
from ledger
cross join registry
cross join reasons
where
    ledger.accepted is distinct from registry.events
    or coalesce(ledger.quarantined, 0) is distinct from coalesce(reasons.rows, 0)
