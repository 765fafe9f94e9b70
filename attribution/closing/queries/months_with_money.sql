select min(day), max(day) from ingest_billday
