"""Who spreads: share trees, influence, circles, connectors and concentration, for a business date.

    python -m spark_jobs.families spread_graph --as-of 2026-03-20

`facts` reads what counts from the lake, `solve` works out every merchant inside one partition with the array kernels of
`events`, `forest`, `cascades`, `graph`, `influence`, `circles`, `refine`, `coverage`, `motifs`, `concentration` and
`spreaders`, and `platform_graph` works out with GraphFrames what spans the merchants. `tables` declares what is written.
"""
