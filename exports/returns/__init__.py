"""Sheets that come back: what account managers wrote into the list of calls becomes lines of a delivery."""
