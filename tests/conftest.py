"""Shared fixtures. The database is a real Postgres: DATABASE_URL, or an embedded one started for
the run in a folder of its own."""
