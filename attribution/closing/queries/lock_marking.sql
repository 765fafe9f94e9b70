-- The lock of attribution/sql/alone.sql: nobody marks days, spreads or closes meanwhile.
select pg_advisory_xact_lock(hashtextextended('attribution: mark days', 0))
