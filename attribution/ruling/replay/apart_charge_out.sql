copy (select * from ingest_charge) to stdout
