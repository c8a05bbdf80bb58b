"""What leaves on which paths: destinations, a module for each kind, and receipts of what was delivered."""
