"""How long chat groups live: Kaplan-Meier curves by kind, driver and size."""
