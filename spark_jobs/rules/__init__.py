"""Which events count: rules that the model families share, pure and tested equal to dbt's."""
