"""What may leave, whom it may name, and under what names."""
