"""Superset's dashboards as code: datasets from the declared tables and metrics, charts from short entries."""
