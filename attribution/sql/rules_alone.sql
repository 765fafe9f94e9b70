-- Until commit the only one who changes rules.
select pg_advisory_xact_lock(hashtextextended('attribution: rules', 0))
