"""What fans are worth: BG/NBD and Gamma-Gamma fitted to each merchant, who is gone, and what each month's new fans bring."""
