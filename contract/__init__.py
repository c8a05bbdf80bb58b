"""What things are: events, tables, settings, business days. Imports no other room."""
