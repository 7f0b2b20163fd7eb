"""Exchange rates: the world's, so kept once for all clients, in the public schema."""
