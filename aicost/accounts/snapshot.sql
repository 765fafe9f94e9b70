-- What this question sees of the database: two that see the same transactions see the same rows.
select pg_current_snapshot()::text
