"""Who spreads: share trees, influence, circles, connectors and concentration, for a business date.

    python -m spark_jobs.families spread_graph --as-of 2026-03-20

`merchant_events` reads the events from the lake and gathers each merchant's in one partition. There `merchant_pipeline`
computes all tables of its merchants with array kernels: `events` (which events count), `forest` and `cascades` (share trees),
`graph` (the opener graph), `influence`, `circles` with `refine`, `coverage`, `motifs`, `concentration`, and `spreaders`, which
puts the rows together. `platform_graph` computes with GraphFrames what spans merchants. `tables` declares what is written.
"""
