"""Measurements of speed, as ratios against something else in the same run; `python -m benchmarks` lists them."""
