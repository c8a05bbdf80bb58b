"""What each command reads and writes, as OpenLineage events: one name for each dataset, from landing to export."""
