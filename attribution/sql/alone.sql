-- Until commit the only one who marks days: marking locks many rows of day states at once.
select pg_advisory_xact_lock(hashtextextended('attribution: mark days', 0))
