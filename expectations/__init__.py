"""The gates: what must hold of the lake after an ingest and of the marts before a publication, as suites of expectations."""
