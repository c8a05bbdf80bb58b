"""One file a DAG, wiring only; `assets` holds what they share."""
