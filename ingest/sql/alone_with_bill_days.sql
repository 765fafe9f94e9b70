select pg_advisory_xact_lock(hashtextextended('ingest: bill days', %(source)s))
