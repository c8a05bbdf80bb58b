"""Spark jobs: ingest into the lake, the spread graph, the cohort models."""
