"""The pages, a module each: queries on the marts, and how their rows are drawn and told."""
