"""Work that must not be lost: one row per job in Postgres, leases and heartbeats. The broker carries only ids."""
