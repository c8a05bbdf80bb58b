"""Measurements of speed, as ratios to something else in the same run; `python -m benchmarks` runs them."""
