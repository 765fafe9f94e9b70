copy ingest_charge from stdin
