"""Spark jobs: ingest into the lake, and the model families that read it."""
