"""Customers over time: who is one since when and thanks to what, what they bought, and whether they stayed."""
