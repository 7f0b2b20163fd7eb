"""What is behind a figure, and what is behind its change."""
