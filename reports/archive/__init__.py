"""What was sent, kept as sent, in the client's own schema."""
