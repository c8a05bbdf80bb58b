"""Simulates a small, coherent platform of social commerce: its landing files, and the planted truth beside them."""
