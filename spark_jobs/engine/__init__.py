"""Spark sessions, their JARs and Python workers, and Arrow batches as single values."""
