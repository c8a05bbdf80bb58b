"""What people read: the workbook, the report and the spread map, and their words."""
