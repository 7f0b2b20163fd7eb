"""Pages of those who look after the reports of a client: what became of them, when they are due, and who reads them."""
