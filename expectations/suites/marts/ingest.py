"""What must hold of the marts of the area ingest, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Expectation, Rules, agree, mart_holds

RULES: Rules = {
    "ingest_ledger": (
        mart_holds(
            "ingest_ledger",
            "balanced",
            "is_balanced and rows_read = accepted + duplicate + quarantined + erased + withdrawn",
            "rows_read, accepted, duplicate, quarantined, erased, withdrawn",
            breaks="update marts.ingest_ledger set rows_read = 11 where rows_read = 10",
        ),
    ),
    "quarantine_reasons": (
        agree(
            "adds up to ledger",
            "the quarantined rows of a source and dt are those of the ledger",
            "select source, dt, sum(rows) as quarantined from marts.quarantine_reasons group by all",
            "select source, dt, sum(quarantined) as quarantined from marts.ingest_ledger where quarantined > 0 group by all",
            needs=("ingest_ledger",),
            breaks="update marts.quarantine_reasons set rows = 5 where reason = 'not_json'",
        ),
    ),
    "unreadable_files": (
        Expectation(
            "gave no rows",
            "a file that could not be read gave no rows",
            "select file, rows_read from marts.ingest_ledger join marts.unreadable_files using (file) where rows_read > 0",
            needs=("ingest_ledger",),
            breaks="update marts.unreadable_files set file = 'shop/dt=2026-03-01/part-0.jsonl'",
        ),
    ),
    "event_registry": (
        agree(
            "adds up to ledger",
            "the events of all types and days are the accepted rows of the ledger",
            "select coalesce(sum(events), 0) as events from marts.event_registry",
            "select coalesce(sum(accepted), 0) as events from marts.ingest_ledger",
            needs=("ingest_ledger",),
            breaks="delete from marts.event_registry where event_type = 'shop.share_created.v1'",
        ),
    ),
}
