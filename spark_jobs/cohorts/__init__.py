"""Cohort models: how long chat groups live, what a fan is worth, which merchants are about to leave."""
