"""The page behind every tile: one KPI of one period, over time, by part, and what is behind it."""
