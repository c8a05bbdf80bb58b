"""Running the platform: set-up, preflight, starting and stopping Airflow, following one day through the DAGs."""
