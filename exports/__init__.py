"""Exports: what people outside the warehouse get, each merchant's figures apart from every other's."""
