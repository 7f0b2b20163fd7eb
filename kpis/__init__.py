"""What it means: additive sums by day, and every KPI as a division at read time."""
