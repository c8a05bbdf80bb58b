"""What is expected of events, of settings and of tables: the event contract, the settings, the gates."""
