"""The lake: its tables, their data files, and the lock of its writers."""
